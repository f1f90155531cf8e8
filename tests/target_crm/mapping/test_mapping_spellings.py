"""Spellings of names, custom fields under all their names, and whole names where there are only first and last ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from crm_api.apptivo.objects import OBJECTS as APPTIVO
from crm_api.copper.objects import PEOPLE
from crm_api.crm import Crm, CustomField
from crm_api.crm_objects import CrmObject, Kind
from crm_api.errors import ForbiddenError
from crm_api.freshsales.objects import SUITE
from crm_api.naming.spelling import canonical, is_sdk_column, spelled_as, title_of
from target_crm.mapping.fields import Fields
from target_crm.mapping.values import Mapped
from target_crm.mapping.whole_names import WholeName

Map = Callable[..., Mapped]
ALL = frozenset({"people"})


class WithFields:
    """A CRM that has these custom fields, or tells none; it counts how often it is asked."""

    def __init__(self, *fields: CustomField, forbidden: bool = False, labels: dict[str, str] | None = None) -> None:
        self._fields = fields
        self._labels = labels or {}
        self._forbidden = forbidden
        self.objects = {"people": PEOPLE}
        self.asked = 0

    def labels(self, crm_object: CrmObject) -> dict[str, str]:  # noqa: ARG002 - the port's
        return self._labels

    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:  # noqa: ARG002 - the port's
        self.asked += 1
        if self._forbidden:
            raise ForbiddenError("GET /custom_field_definitions")
        return self._fields


def fields_with(*titles: str, **more: Any) -> Fields:
    customs = [CustomField(number, title, Kind.TEXT, ALL) for number, title in enumerate(titles, start=100)]
    return Fields(cast("Crm", WithFields(*customs, **more)), PEOPLE)


def named(fields: Fields, name: str) -> str | None:
    found = fields.assignment(name)
    return None if found is None else found.attribute.name


@pytest.mark.parametrize(
    "spelling",
    ["LAST_NAME", "Last name", "lastName", "last-name", "last.name", "LastName", " Last  Name ", "Last\u2010Name"],
)
def test_case_blanks_hyphens_dots_and_camel_case_do_not_count(spelling: str) -> None:
    assert canonical(spelling) == "lastname"


def test_letters_count_however_they_are_composed() -> None:
    assert canonical("GRÖSSE") == canonical("größe") == canonical(unicodedata.normalize("NFD", "Größe"))
    assert canonical("Größe") != canonical("Grosse")
    assert canonical("\uff30\uff28\uff2f\uff2e\uff25") == "phone"
    assert canonical("Umsatz (€)") != canonical("Umsatz (%)") != canonical("Umsatz")
    assert canonical("电话 号码") == "电话号码"
    assert canonical(" --- ") == "---"


def test_a_name_is_found_as_it_is_spelt_else_if_one_alone_is_a_spelling_of_it() -> None:
    assert spelled_as("a_b", ["A B", "a_b"]) == "a_b"
    assert spelled_as("a_b", ["A B", "c"]) == "A B"
    assert spelled_as("a_b", ["A B", "aB"]) is None
    assert spelled_as("a_b", []) is None


def test_screens_show_words_without_the_id_at_their_end() -> None:
    assert [title_of(name) for name in ("pipeline_stage_id", "linkedInURL", "id", "name")] == [
        "Pipeline Stage",
        "Linked In URL",
        "Id",
        "Name",
    ]


def test_columns_of_singer_are_known_in_any_case() -> None:
    assert is_sdk_column("_sdc_batched_at")
    assert is_sdk_column("_SDC_FILENAME")
    assert not is_sdk_column("sdc_x")


@pytest.mark.parametrize("name", ["Größe", "GRÖSSE", "größe", "cf_100", "cf_groe"])
def test_a_custom_field_is_called_by_label_slug_or_id(name: str) -> None:
    assert named(fields_with("Größe"), name) == "cf_groe"


@pytest.mark.parametrize(
    "name", ["Lead Score", "lead_score", "LEAD-SCORE", "leadScore", "cf_lead_score", "CF_Lead_Score"]
)
def test_a_custom_field_is_understood_in_every_spelling(name: str) -> None:
    assert named(fields_with("Lead Score"), name) == "cf_lead_score"


def test_the_exact_spelling_wins_and_then_the_crms_own_field() -> None:
    fields = fields_with("Job Title", "Phone", "region", "Region")
    assert named(fields, "job_title") == "title"
    assert named(fields, "Job Title") == "cf_job_title"
    assert named(fields, "JOB_TITLE") == "title"
    assert named(fields, "phone") == "phone_numbers"
    assert named(fields, "Region") == "cf_region_103"
    assert named(fields, "REGION") == "address"


def test_a_spelling_that_several_custom_fields_have_is_not_guessed() -> None:
    fields = fields_with("Shoe Size", "shoe-size")
    assert named(fields, "SHOE_SIZE") is None
    assert (
        "2 custom fields of that name. Call it cf_shoe_size or cf_shoe_size_101" in fields.why_not("SHOE_SIZE").reason
    )


def test_hints_prefer_the_accounts_custom_fields_unless_another_name_is_clearly_nearer() -> None:
    fields = fields_with("Titel der Stelle", "Shoe Size")
    assert fields.nearest("shoe_sizes") == "cf_shoe_size"
    assert fields.nearest("titel") == "title"
    assert fields.nearest("zzzz") == ""


def test_a_key_that_may_not_read_custom_fields_costs_nothing_but_them() -> None:
    fields = fields_with(forbidden=True)
    assert named(fields, "Last Name") == "name"
    assert named(fields, "mystery") is None
    assert fields.why_not("mystery").sentence == "people have no such attribute"


def test_the_account_is_not_asked_for_names_that_are_spelt_as_the_crm_spells_them() -> None:
    crm = WithFields()
    fields = Fields(cast("Crm", crm), PEOPLE)
    assert named(fields, "email") == "emails"
    assert fields.declared_assignment("E-Mail") is not None
    assert fields.declared_assignment("mystery") is None
    assert crm.asked == 0
    assert named(fields, "mystery") is None
    assert named(fields, "E-Mail") == "emails"
    assert crm.asked == 1


@pytest.mark.parametrize(
    ("record", "first", "last"),
    [
        ({"name": "Ann Bee"}, None, "Ann Bee"),
        ({"name": "Ann Bee", "first": "Ann"}, "Ann", "Bee"),
        ({"name": "ann  Bee", "first": "Ann"}, "Ann", "Bee"),
        ({"name": "Dr. Ann Bee", "first": "Ann"}, None, "Dr. Ann Bee"),
        ({"name": "Beatrice", "first": "Ann"}, "Ann", "Beatrice"),
        ({"name": "Anna Bee", "first": "Ann"}, "Ann", "Anna Bee"),
        ({"name": "Ann Bee", "first": "Ann", "last": "Bee"}, "Ann", "Bee"),
        ({"name": "Ann Bee", "last": "Bee"}, None, "Bee"),
        ({"name": None, "first": "Ann"}, "Ann", None),
    ],
)
def test_a_whole_name_is_never_taken_apart_by_guessing(
    record: dict[str, Any], first: str | None, last: str | None
) -> None:
    given = {"name": None, "first": None, "last": None, **record}
    parts = [WholeName(("name",), ("first",), ("last",), gives_last=gives_last) for gives_last in (False, True)]
    assert [each.part(given) for each in parts] == [first, last]


@pytest.mark.parametrize("crm_object", [SUITE["contacts"], APPTIVO["contacts"], APPTIVO["leads"]])
def test_where_a_whole_name_goes_is_told_before_any_record_comes(crm_object: CrmObject) -> None:
    fields = Fields(cast("Crm", WithFields()), crm_object)
    found = fields.assignment("Full Name")
    assert found is not None
    assert canonical(found.attribute.name) == "lastname"


def test_words_beside_a_whole_name_are_left_out_only_where_it_is_given(mapped: Map) -> None:
    record = {"Name": "Ann Bee", "First Name": "Ann", "Last Name": "Bee"}
    found = mapped("people", record)
    assert found.payload == {"name": "Ann Bee"}
    assert found.left_out == {}
    found = mapped("people", {**record, "First Name": "Anna"})
    assert set(found.left_out) == {"First Name"}
    found = mapped("people", {**record, "Name": None, "Salutation": "Dr.", "middleName": "M."})
    assert found.payload == {"name": "Dr. Ann M. Bee"}
    assert found.left_out == {}


def test_parts_of_an_address_are_taken_from_the_best_name(mapped: Map) -> None:
    record = {
        "City": "Bonn",
        "MailingCity": "Ulm",
        "address__street": "Long 1",
        "Zip/Postal Code": "1",
        "Province": "X",
    }
    found = mapped("people", record)
    address = {"street": "Long 1", "city": "Bonn", "postal_code": "1", "state": "X"}
    assert found.payload == {"address": address}
    assert set(found.left_out) == {"MailingCity"}


def test_an_attribute_that_the_account_renamed_is_understood_by_its_label_too() -> None:
    labels = {"title": "Role at Client", "details": "Region", "tags": "Twin", "emails": "twin", "id": "Number"}
    fields = fields_with("Region", labels=labels)
    assert named(fields, "ROLE_AT_CLIENT") == "title"
    assert named(fields, "title") == "title"
    assert named(fields, "Region") == "cf_region"  # a custom field comes first, as it is spelt
    assert named(fields, "Twin") is None
    assert named(fields, "Number") is None
