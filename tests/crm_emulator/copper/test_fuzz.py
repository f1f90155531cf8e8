"""Random JSON sent to every endpoint: it answers in its vendor's dialect and never fails itself."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm_emulator import Emulator
from crm_emulator.copper.objects.catalog import OBJECTS
from crm_emulator.messages import Request, decode, encode

EMULATOR = Emulator(seed=3, people=20, companies=10, leads=20, opportunities=10, projects=5, tasks=10, activities=30)
EMULATOR.fill()
COPPER = EMULATOR.copper
COPPER.ensure_ready()
LEADS = next(route for route in COPPER.routes if (route.method, route.path) == ("POST", "/leads/search"))
IDS = [COPPER.records(declared.name)[0]["id"] for declared in OBJECTS]
IDS += [
    COPPER.records(name)[-1]["id"] for name in ("users", "pipelines", "pipeline_stages", "custom_field_definitions")
]
WORDS = sorted({word for declared in OBJECTS for word in (*declared.attributes, *declared.filters)})
WORDS += ["page_size", "page_number", "sort_by", "sort_direction", "id", "type", "category", "value", "email", "number"]
WORDS += [
    "people",
    "leads",
    "companies",
    "opportunities",
    "activities",
    "properties",
    "match",
    "field_name",
    "resource",
]
WORDS += [
    "field_value",
    "details",
    "person",
    "company",
    "opportunity",
    "custom_field_definition_id",
    "source",
    "target",
]
WORDS += [
    "option",
    "allow_empty",
    "minimum_value",
    "entity_type",
    "data_type",
    "available_on",
    "options",
    "event",
    "url",
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(IDS),
    st.sampled_from(["person", "lead", "user", "asc", "name", "custom", "email", "String", "1/23/2017", "5", "ANY"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(WORDS), values, max_size=4) | values
places = st.sampled_from([*map(str, IDS), "1", "x", "0", "9" * 30])
queries = st.dictionaries(
    st.sampled_from(
        ["page_size", "page_number", "sort_by", "pipeline_id", "source_id", "source_type", "custom_field_definition_id"]
    ),
    st.sampled_from(["1", "x", "", "people", str(IDS[0]), "-1", "9" * 30]),
)


@settings(max_examples=600)
@given(st.sampled_from(COPPER.routes), bodies, places, queries, st.booleans())
@example(route=LEADS, body={"include_converted_leads": []}, place="1", query={}, named=False)
@example(route=LEADS, body={"sort_by": [], "sort_direction": []}, place="1", query={}, named=False)
def test_no_json_makes_an_endpoint_fail(route, body, place, query, named):
    if named and isinstance(body, dict):
        body = {"name": "Ann", **body}
    sent = b"" if route.method == "GET" else encode(body)
    request = Request(
        method=route.method,
        path="/",
        query={**query, "custom_field_computed_values": "true"},
        headers={"authorization": f"Bearer {COPPER.access_token}"},
        body=sent,
        route=route.path,
        parameters=dict.fromkeys(("id", "other", "entity", "file_id"), place),
    )
    EMULATOR.application.bugs.clear()
    answer = EMULATOR.application._answer(COPPER, request, route)
    bugs = EMULATOR.application.bugs
    assert not bugs, (route.method, route.path, body, query, place)
    if route.path.startswith("/oauth/"):
        assert answer.status in {200, 400, 401}
        return
    assert answer.status in {200, 403, 404, 422, 500}
    decode(answer.body)
