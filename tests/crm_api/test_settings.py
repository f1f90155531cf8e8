import jsonschema
import pytest

from crm_api.copper.session import CopperSettings
from crm_api.copper.settings import COPPER_SETTINGS, copper_settings
from crm_api.errors import SettingError
from crm_api.settings import NETWORK_SETTINGS, check_settings, network
from crm_api.transport.network import Network

SCHEMA = {
    "properties": {
        **NETWORK_SETTINGS,
        **COPPER_SETTINGS,
        "streams": {
            "oneOf": [
                {"type": "object", "additionalProperties": {"type": "object", "properties": {"object": {}}}},
                {"type": "array", "items": {"type": "object", "properties": {"object": {}, "name": {}}}},
            ]
        },
        "search_filters": {"type": "object", "additionalProperties": {"type": "object"}},
    }
}


def test_a_setting_that_is_left_out_keeps_the_published_rates_and_defaults() -> None:
    assert copper_settings({"api_key": "k", "user_email": "e"}) == CopperSettings(api_key="k", user_email="e")
    assert copper_settings({"requests_per_minute": None}).requests_per_minute == 180


def test_zero_requests_per_minute_stays_zero() -> None:
    assert copper_settings({"requests_per_minute": 0}).requests_per_minute == 0


def test_every_network_setting_reaches_the_network() -> None:
    made = copper_settings(
        {
            "request_timeout_seconds": 3,
            "request_total_seconds": 20,
            "max_answer_bytes": 1_000_000,
            "max_concurrency": 2,
            "headers": {"X-Team": "crm"},
            "user_agent": "us",
            "proxy": "http://proxy:1",
            "ca_bundle": "ca.pem",
        }
    ).network
    assert made == Network(3, 20, 1_000_000, 2, {"X-Team": "crm"}, "us", "http://proxy:1", "ca.pem")


@pytest.mark.parametrize(
    "config",
    [
        {"request_timeout_seconds": 1e10},
        {"request_total_seconds": float("inf")},
        {"max_wait_seconds": float("inf")},
        {"max_concurrency": 10**9},
        {"requests_per_minute": 10**30},
        {"requests_per_hour": 10**30},
        {"bulk_requests_per_second": 10**30},
    ],
)
def test_a_number_that_no_socket_or_store_takes_is_refused(config):
    with pytest.raises(jsonschema.ValidationError, match="greater than the maximum"):
        jsonschema.validate(config, SCHEMA)


@pytest.mark.parametrize("name", ["request_timeout_seconds", "request_total_seconds", "max_wait_seconds"])
def test_what_is_no_number_of_seconds_is_refused(name):
    with pytest.raises(SettingError, match=f"{name} must be a number of seconds"):
        network({name: float("nan")})


def test_settings_that_the_schema_knows_pass_at_any_depth() -> None:
    check_settings(
        {
            "headers": {"X-Any": "1"},
            "streams": {"people": {"object": "people"}},
            "search_filters": {"people": {"tags": ["x"]}},
        },
        SCHEMA,
    )


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"api_kee": "k"}, "There is no setting 'api_kee': the nearest one is 'api_key'."),
        ({"streams": {"x": {"objekt": 1}}}, "There is no setting 'streams.x.objekt': the nearest one is 'object'."),
        ({"streams": [{"nam": 1}]}, "There is no setting 'streams.0.nam': the nearest one is 'name'."),
        ({"zzzz": 1}, "There is no setting 'zzzz'."),
    ],
)
def test_a_name_nobody_knows_is_refused_with_the_nearest_known_one(config: dict[str, object], sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        check_settings(config, SCHEMA)
    assert str(caught.value) == sentence


def test_a_schema_that_is_no_object_allows_nothing_more_and_breaks_nothing():
    schema = {"properties": {"maps": {"anyOf": ["null", True, {"properties": {"known": {}}}]}}}
    check_settings({"maps": {"known": 1}}, schema)
    with pytest.raises(SettingError, match="known"):
        check_settings({"maps": {"knwon": 1}}, schema)
