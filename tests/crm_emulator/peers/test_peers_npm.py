"""Clients of npm (n8n's nodes, Pipedream's, freshsales) work here, over TLS and under the vendors' own names."""

from __future__ import annotations

import pytest

from crm_emulator import Emulator

pytestmark = pytest.mark.peer

REFUSED = "Your request is invalid or could not be processed by the service | Invalid input: Validation errors: "
NOT_FOUND = "The resource you are requesting could not be found"


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
        "a missing one": ["404", f"{NOT_FOUND} | Resource not found"],
        "stranger": ["401", "Authorization failed - please check your credentials | Authentication failed"],
        "the trigger": [[False, True, True, True, False], "person", "new", True],
    }


def test_n8ns_copper_node_reads_the_first_page_again_as_its_users_report(tmp_path, node_session):
    assert copper(tmp_path, node_session)["companies"] == [40, 20]  # n8n issue 26201


def test_n8ns_freshworks_crm_node_does_each_of_its_operations_and_fills_its_menus(tmp_path, node_session):
    sizes = {"contacts": 60, "sales_accounts": 30, "deals": 30, "tasks": 8, "appointments": 6, "sales_activities": 5}
    with Emulator(empty=True, sizes={"freshsales": sizes}, tls=tmp_path) as emulator:
        seen = node_session(emulator, "freshworks_session.cjs", "acme", emulator.freshsales.api_key)
        menus = seen.pop("menus")
        assert len(menus) == 20
        assert all(menus.values())
        assert set(seen.pop("beside")) > {"display_name", "email"}
        changed = {"account": "Gadgets", "contact": "Adeyemi", "deal": "Gold", "task": "Call again"}
        changed |= {"appointment": "Meet again", "salesActivity": "Chat again"}
        assert {name: seen.pop(name) for name in changed} == {
            name: [True, True, word] for name, word in changed.items()
        }
        assert set(seen.pop("filters")) == {"due_today", "due_tomorrow", "overdue", "completed"}
        assert seen == {
            "made": [
                "Widgets",
                "ada@b.example",
                "5600.0",
                "hi",
                "2099-06-21T09:00:00+00:00",  # it writes Vienna's offset
                "2016-06-20T08:30:00+00:00",
            ],
            "note": ["ho"],
            "pages": [61, 61],
            "searched": [True, True],
            "gone": [True] * 7,
            "refused": [
                [
                    "404",
                    f"{NOT_FOUND} | The record you are looking for does not exist",
                ],
                ["400", "Bad request - please check your parameters | Emails can't be blank"],
            ],
            "stranger": [
                "401",
                "Authorization failed - please check your credentials | Invalid credentials. Check your API key.",
            ],
        }


def test_pipedreams_actions_and_npms_freshsales_work_in_a_suite_and_a_classic_account(tmp_path, node_session):
    sizes = {"freshsales": {"contacts": 60, "deals": 30, "sales_accounts": 20}, "freshsales_classic": {"leads": 40}}
    with Emulator(empty=True, sizes=sizes, tls=tmp_path) as emulator:
        keys = (emulator.freshsales.api_key, emulator.freshsales_classic.api_key)
        assert node_session(emulator, "freshsales_session.cjs", "acme", *keys) == {
            "pipedream": {
                "in the forms": [True, True, True],
                "contact": ["ada@b.example", True],
                "deal": ["Gold", "5600.0", True],
                "listed": [61, 31],
                "found": [True, True],
            },
            "npm": [40, 40, "Adeyemi", 401],
        }
