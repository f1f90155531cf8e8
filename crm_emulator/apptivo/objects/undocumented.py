"""The objects that no source describes beyond their names: they take any attribute (reference section 3).

All but employees are frozen: no recipe needs them, and nothing is added until a recording of a real account is there.
"""

from __future__ import annotations

from crm_emulator.apptivo.objects.declaration import AppObject

EMPLOYEES = AppObject("employees", ("employeeData",), "employeeId", 8, "fullName", open=True, first_id=18_001)

UNDOCUMENTED: tuple[AppObject, ...] = (
    EMPLOYEES,
    AppObject("estimates", ("estimateData",), "estimateId", 155, "estimateNumber", open=True, first_id=61_110_001),
    AppObject("invoice", ("invoiceData",), "invoiceId", 33, "invoiceNumber", open=True, first_id=62_220_001),
    AppObject(
        "items",
        ("itemData",),
        "itemId",
        13,
        "itemName",
        wrapper="data",
        open=True,
        singular_list=True,
        first_id=63_330_001,
    ),
    AppObject("orders", ("orderData",), "orderId", 12, "orderNumber", wrapper="data", open=True, first_id=64_440_001),
    AppObject(
        # One source says projectInformation, another projectData.
        "projects",
        ("projectInformation", "projectData"),
        "projectId",
        88,
        "projectName",
        wrapper="responseObject",
        open=True,
        first_id=65_550_001,
    ),
    AppObject("properties", ("propertyData",), "propertyId", 160, "propertyName", open=True, first_id=66_660_001),
    AppObject("suppliers", ("supplierData",), "supplierId", 37, "supplierName", open=True, first_id=67_770_001),
    AppObject("targets", ("targetIdx", "targetData"), "id", 19, "targetName", open=True, first_id=68_880_001),
    AppObject(
        "testimonials",
        ("testimonialData",),
        "siteTestimonialId",
        0,
        "testimonial",
        open=True,
        singular_list=True,
        first_id=69_990_001,
        says_success=True,
    ),
    AppObject(
        "customapp", ("customAppData",), "customAppId", 0, "name", wrapper="data", open=True, first_id=70_010_001
    ),
)
