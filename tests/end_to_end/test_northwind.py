"""The Northwind sample company, made by others, goes into Copper through somebody else's tap and comes out again."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from crm_emulator import Emulator

NORTHWIND = Path(__file__).parents[3] / "shared" / "data" / "northwind"
CONFIG = Path(__file__).parent / "northwind" / "target-crm.json"

pytestmark = pytest.mark.skipif(
    not NORTHWIND.is_dir(), reason="the Northwind files, which are not part of the project, do not lie beside it"
)


@pytest.fixture(scope="module")
def northwind():
    def read(name):
        with (NORTHWIND / f"{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    return {name: read(name) for name in ("customers", "orders", "employees")}


@pytest.fixture(scope="module")
def round_trip(tmp_path_factory, run_pipe, copper_account, northwind):
    """Return the words of the first write, the second write and the tap, and the records of the tap."""
    folder = tmp_path_factory.mktemp("northwind")
    files = [
        {"path": str(NORTHWIND / f"{name}.csv"), "format": "csv", "table_name": name, "primary_keys": [key]}
        for name, key in (("customers", "CustomerID"), ("orders", "OrderID"))
    ]
    (folder / "tap.json").write_text(json.dumps({"files": files}))
    with Emulator(empty=True) as emulator:
        account = copper_account(emulator)
        for employee in northwind["employees"]:
            name = f"{employee['FirstName']} {employee['LastName']}"
            emulator.copper.insert("users", {"name": name, "email": f"{employee['FirstName']}@northwind.example"})
        config = json.loads(CONFIG.read_text()) | account
        config["ledger_url"] = f"sqlite:///{folder / 'ledger.sqlite'}"
        config["requests_per_minute"] = config["bulk_requests_per_second"] = 0
        config["stream_map_config"] = {
            "employees": {
                employee["EmployeeID"]: f"{employee['FirstName']} {employee['LastName']}"
                for employee in northwind["employees"]
            }
        }
        reports = []
        for run in ("first", "second"):
            config["report_path"] = str(folder / f"{run}.json")
            (folder / "target.json").write_text(json.dumps(config))
            run_pipe(
                ["tap-spreadsheets", "--config", folder / "tap.json"],
                ["target-crm", "--config", folder / "target.json"],
            )
            reports.append(json.loads((folder / f"{run}.json").read_text()))
        (folder / "copper.json").write_text(json.dumps(account | {"requests_per_minute": 0}))
        output = run_pipe(["tap-copper", "--config", folder / "copper.json"])
    streams = {}
    for line in output.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            streams.setdefault(message["stream"], []).append(message["record"])
    return reports, streams


def test_every_row_is_accounted_for_and_none_is_rejected(round_trip, northwind):
    (first, _), _ = round_trip
    customers, orders = len(northwind["customers"]), len(northwind["orders"])
    names = {customer["CompanyName"] for customer in northwind["customers"]}
    assert len(names) < customers  # two customers of one name become one company
    outcomes = {
        stream: {outcome: count for outcome, count in counts.items() if count}
        for stream, counts in first["streams"].items()
    }
    assert outcomes == {
        "companies": {"input": customers, "created": len(names), "unchanged": customers - len(names)},
        "people": {"input": customers, "created": customers},
        "opportunities": {"input": orders, "created": orders},
    }


def test_the_second_run_creates_nothing(round_trip, northwind):
    (_, second), _ = round_trip
    assert sum(outcomes["created"] for outcomes in second["streams"].values()) == 0
    expected = 2 * len(northwind["customers"]) + len(northwind["orders"])
    assert sum(outcomes["unchanged"] for outcomes in second["streams"].values()) == expected


def test_the_names_that_went_in_come_out(round_trip, northwind):
    _, streams = round_trip
    names = {customer["CompanyName"] for customer in northwind["customers"]}
    assert sorted(company["name"] for company in streams["companies"]) == sorted(names)
    contacts = Counter(customer["ContactName"] for customer in northwind["customers"])
    assert Counter(person["name"] for person in streams["people"]) == contacts


def test_every_person_belongs_to_the_company_of_the_same_customer(round_trip, northwind):
    _, streams = round_trip
    companies = {company["id"]: company["name"] for company in streams["companies"]}
    belongs = {person["name"]: companies[person["company_id"]] for person in streams["people"]}
    assert belongs == {customer["ContactName"]: customer["CompanyName"] for customer in northwind["customers"]}


def test_every_order_has_its_amount_its_company_its_contact_and_its_owner(round_trip, northwind):
    _, streams = round_trip
    companies = {company["id"]: company["name"] for company in streams["companies"]}
    people = {person["id"]: person["name"] for person in streams["people"]}
    users = {user["id"]: user["name"] for user in streams["users"]}
    customers = {customer["CustomerID"]: customer for customer in northwind["customers"]}
    employees = {
        employee["EmployeeID"]: f"{employee['FirstName']} {employee['LastName']}" for employee in northwind["employees"]
    }
    came_out = {
        opportunity["name"]: (
            Decimal(str(opportunity["monetary_value"])),
            companies[opportunity["company_id"]],
            people[opportunity["primary_contact_id"]],
            users[opportunity["assignee_id"]],
            opportunity["status"],
        )
        for opportunity in streams["opportunities"]
    }
    assert came_out == {
        f"Order {order['OrderID']}": (
            Decimal(order["Amount"]),
            customers[order["CustomerID"]]["CompanyName"],
            customers[order["CustomerID"]]["ContactName"],
            employees[order["EmployeeID"]],
            "Won" if order["ShippedDate"] else "Open",
        )
        for order in northwind["orders"]
    }
