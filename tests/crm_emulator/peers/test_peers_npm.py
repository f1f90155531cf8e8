"""Clients of npm work in the emulated accounts, over TLS and under the vendors' own names: n8n's nodes."""

from __future__ import annotations

import pytest

from crm_emulator import Emulator

pytestmark = pytest.mark.peer

REFUSED = "Your request is invalid or could not be processed by the service | Invalid input: Validation errors: "


def copper(tmp_path, node_session, **switches):
    with Emulator(empty=True, sizes={"copper": {"companies": 30}}, tls=tmp_path) as emulator:
        emulator.copper.switches.https_only = False  # the trigger listens on this machine
        for name, value in switches.items():
            setattr(emulator.copper.switches, name, value)
        return node_session(emulator, "copper_session.cjs", emulator.copper.user_email, emulator.copper.api_key)


def test_n8ns_copper_node_does_each_of_its_operations_and_its_trigger_hears_of_a_person(tmp_path, node_session):
    seen = copper(tmp_path, node_session, query_paging=True)  # it sends filters and page_size in the query
    objects = ("company", "lead", "opportunity", "person", "project", "task")
    assert {name: seen.pop(name) for name in objects} == {
        name: [f"a {name}", [True], f"the {name}", True] for name in objects
    }
    assert seen.pop("ids typed as text")[0] == "422"
    assert seen == {
        "settings": ["Email", "number"],
        "companies": [30, 30],
        "email_domain of a person": ["422", f"{REFUSED}Base: Unrecognized attributes specified: email_domain"],
        "a missing one": ["404", "The resource you are requesting could not be found | Resource not found"],
        "stranger": ["401", "Authorization failed - please check your credentials | Authentication failed"],
        "the trigger": [[False, True, True, True, False], "person", "new", True],
    }


def test_n8ns_copper_node_reads_the_first_page_again_as_its_users_report(tmp_path, node_session):
    assert copper(tmp_path, node_session)["companies"] == [40, 20]  # n8n issue 26201
