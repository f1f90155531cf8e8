"""Several accounts at each CRM: the key says whose a request is for."""

import pytest
import requests

from crm_emulator import Emulator, Rate


@pytest.fixture(scope="module")
def emulator():
    with Emulator(people=4, accounts=3) as emulator:
        yield emulator


def copper(account, method, path, body=None):
    headers = {"X-PW-AccessToken": account.copper.api_key, "X-PW-Application": "developer_api"}
    headers["X-PW-UserEmail"] = account.copper.user_email
    return requests.request(method, account.copper.base_url + path, json=body, headers=headers, timeout=120)


def test_each_has_one_address_a_key_and_an_id_of_its_own(emulator):
    accounts = emulator.accounts
    assert len({each.copper.base_url for each in accounts}) == 1
    for name in ("api_key", "access_token"):
        assert len({getattr(each.copper, name) for each in accounts}) == 3
    assert {len(each.copper.api_key) for each in accounts} == {32}
    told = [copper(each, "GET", "/account").json() for each in accounts]
    assert [each["id"] for each in told] == [each.copper.account_id for each in accounts]
    assert len({each["id"] for each in told}) == len({each["name"] for each in told}) == 3
    assert emulator.copper is accounts[0].copper


def test_a_write_changes_the_account_of_its_key_alone(emulator):
    first, second, _ = emulator.accounts
    assert copper(second, "POST", "/people", {"name": "Only Here"}).status_code == 200
    names = [{each["name"] for each in account.copper.records("people")} for account in emulator.accounts]
    assert ["Only Here" in each for each in names] == [False, True, False]
    assert names[0].isdisjoint(names[2]), "each customer has records of other people"
    assert emulator.requests[-1].vendor == "copper_2"
    wrong = requests.get(first.copper.base_url + "/account", timeout=120)
    assert (wrong.status_code, emulator.requests[-1].vendor) == (401, "copper")


def test_trouble_is_of_one_account_where_it_says_so(emulator):
    control = f"{emulator.url}/_emulator"
    script = {"route": "GET /account", "steps": ["error:status=503"], "vendor": "copper_2"}
    assert requests.post(f"{control}/scripts", json=script, timeout=120).status_code == 200
    requests.post(f"{control}/faults", json="error:status=502,vendor=copper_3", timeout=120)
    told = [copper(each, "GET", "/account").status_code for each in emulator.accounts]
    emulator.no_trouble()
    assert told == [200, 503, 502]


def test_a_webhook_and_a_token_are_of_one_account(emulator):
    first, second, third = (each.copper for each in emulator.accounts)
    second.switches.https_only = False
    nowhere = {"target": "http://127.0.0.1:9/", "type": "person", "event": "new"}
    made = copper(emulator.accounts[1], "POST", "/webhooks", nowhere).json()
    for each in emulator.accounts:
        assert copper(each, "POST", "/people", {"name": "Told Once"}).status_code == 200
    assert [len(each.fire_webhooks()) for each in (first, second, third)] == [0, 1, 0]
    second.delete("webhooks", made["id"])
    tokens = [each.access_token for each in (first, second, third)]
    third.revoke()
    url = f"{first.base_url}/account"
    asked = [requests.get(url, headers={"Authorization": f"Bearer {each}"}, timeout=120) for each in tokens]
    assert [each.status_code for each in asked] == [200, 200, 401]


def test_no_id_of_one_account_is_one_of_another(emulator):
    # As at the vendors, whose ids are their own from account to account: who mixes up two accounts finds nothing.
    alike = {"system_activity_types", "lists", "picklists"}
    for crm in ("copper", "freshsales", "freshsales_classic", "apptivo"):
        first, second, third = (getattr(each, crm) for each in emulator.accounts)
        for name in set(first.tables) - alike:
            ids = [{each["id"] for each in vendor.records(name)} - {0} for vendor in (first, second, third)]
            assert ids[0].isdisjoint(ids[1]), (crm, name)
            assert ids[1].isdisjoint(ids[2]), (crm, name)
            assert [bool(each) for each in ids] == [bool(ids[0])] * 3, (crm, name)
    first, second, _ = emulator.accounts
    other = first.copper.records("people")[0]["id"]
    assert copper(second, "GET", f"/people/{other}").status_code == 404
    user, stage = first.copper.records("users")[0]["id"], first.copper.records("pipeline_stages")[0]["id"]
    assert copper(second, "POST", "/people", {"name": "Bo", "assignee_id": user}).status_code == 422
    assert copper(second, "POST", "/opportunities", {"name": "Bo", "pipeline_stage_id": stage}).status_code == 422
    for account in (first, second):  # and within an account all ids lead somewhere
        people = {each["id"] for each in account.copper.records("people")}
        parents = [each["parent"] for each in account.copper.records("activities")]
        assert {each["id"] for each in parents if each["type"] == "person"} <= people
        types = {each["id"] for name in ("user", "system") for each in account.copper.records(f"{name}_activity_types")}
        assert {each["type"]["id"] for each in account.copper.records("activities")} <= types
        stages = {each["id"] for each in account.freshsales.records("lifecycle_stages")}
        assert {each["lifecycle_stage_id"] for each in account.freshsales.records("contact_statuses")} <= stages
        assert account.apptivo.records("cases")[0]["caseNumber"].endswith("000001")


def test_every_crm_tells_its_accounts_apart(emulator):
    for each in emulator.accounts:
        token = {"Authorization": f"Token token={each.freshsales.api_key}"}
        assert (
            requests.get(each.freshsales.base_url + "/selector/owners", headers=token, timeout=120).status_code == 200
        )
        keys = {"a": "getConfigData", "apiKey": each.apptivo.api_key, "accessKey": each.apptivo.access_key}
        assert requests.get(each.apptivo.base_url + "/customers", params=keys, timeout=120).status_code == 200
    asked = [each.vendor for each in emulator.requests][-6:]
    assert asked == ["freshsales", "apptivo", "freshsales_2", "apptivo_2", "freshsales_3", "apptivo_3"]


def test_quota_switches_and_records_are_each_accounts_own(emulator):
    second = emulator.accounts[1]
    second.copper.use_quota((Rate(1, 60.0),))
    assert [copper(second, "GET", "/account").status_code for _ in range(2)] == [200, 429]
    assert [copper(emulator, "GET", "/account").status_code for _ in range(2)] == [200, 200]
    second.copper.use_quota(())
    control = f"{emulator.url}/_emulator"
    requests.put(f"{control}/copper_3/switches", json={"leads_enabled": False}, timeout=120)
    assert [each.copper.switches.leads_enabled for each in emulator.accounts] == [True, True, False]
    listed = requests.get(f"{control}/copper_2/records/people", timeout=120).json()
    assert listed == second.copper.records("people")
    page = requests.get(f"{emulator.url}/crm/copper_2", timeout=120).text
    assert "<h1>Copper 2</h1>" in page
    assert all(f'href="/crm/{vendor.account_name}"' in page for vendor in second.vendors)
    assert 'href="/crm/copper_2" aria-current="page"' in page
    menu = page.partition('aria-label="Accounts"')[2].partition("</nav>")[0]
    assert [f'<a href="/crm/copper{each}"' in menu for each in ("", "_2", "_3")] == [True] * 3
    assert 'aria-current="true">2</a>' in menu
    assert "freshsales_2" in requests.get(f"{emulator.url}/crm/freshsales_3", timeout=120).text
    assert 'href="/crm/copper_3"' in requests.get(f"{emulator.url}/", timeout=120).text
    told = requests.get(f"{emulator.url}/elsewhere", timeout=120).json()["base_urls"]
    assert len(told) == len(set(told))  # all accounts have the same addresses


def test_each_accounts_state_is_dumped_and_loaded(emulator):
    control = f"{emulator.url}/_emulator"
    state = requests.get(f"{control}/dump?account=3", timeout=120).content
    before = emulator.accounts[2].copper.records("people")
    emulator.reset(sizes={"copper": {"people": 1}})
    assert [each.copper.count("people") for each in emulator.accounts] == [1, 1, 1]
    assert requests.post(f"{control}/load?account=3", data=state, timeout=120).status_code == 200
    assert emulator.accounts[2].copper.records("people") == before
    assert emulator.copper.count("people") == 1
    assert requests.get(f"{control}/dump?account=4", timeout=120).json() == {
        "error": "there is no account 4; there are 1 to 3"
    }


def test_a_file_for_each_account_keeps_its_records(tmp_path):
    path = tmp_path / "state.sqlite"
    for names in ([], ["Ann"]):
        with Emulator(empty=True, accounts=2, database=str(path)) as emulator:
            assert [each["name"] for each in emulator.accounts[1].copper.records("people")] == names
            if not names:
                emulator.accounts[1].copper.insert("people", {"name": "Ann"})
    assert {each.name for each in tmp_path.glob("*.sqlite")} == {"state.sqlite", "state-2.sqlite"}
