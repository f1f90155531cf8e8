"""The pages as any program sees them: what they show, what their forms do, whom they answer."""

from __future__ import annotations

from copy import copy
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests

import crm_emulator.pages
from crm_emulator import Emulator, Fault, Rate

NASTY = "<script>alert('x')</script>&\"'"


class Reader(HTMLParser):
    """Parser of the parts of a page that these tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.headings: list[int] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.links.append(found.get("href") or "")
        if tag == "label":
            self.labelled.add(found["for"] or "")
        if tag in {"input", "select", "textarea", "meter"}:
            self.controls.append(found)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def emulator():
    with Emulator(people=120, quota=True) as running:
        yield running


def page(emulator, path: str) -> Reader:
    answer = requests.get(emulator.url + path, timeout=120)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return Reader(answer.text)


def shown(emulator, path: str) -> str:
    return " ".join(" ".join(page(emulator, path).text).split())


def post(emulator, path: str, data: dict[str, str], **headers: str) -> requests.Response:
    return requests.post(emulator.url + path, data=data, headers=headers, timeout=120, allow_redirects=False)


EVERY_PAGE = ("/", "/requests", "/trouble", "/crm/copper", "/crm/freshsales", "/crm/copper/people", "/crm/anything")


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_control_has_a_label_and_headings_follow_one_another(emulator, path):
    found = page(emulator, path)
    assert [each for each in found.controls if each.get("id") not in found.labelled] == []
    assert found.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(found.headings, found.headings[1:], strict=False))


def test_every_link_leads_somewhere(emulator):
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("#"):
            continue
        seen.add(path)
        links = [link for link in page(emulator, path.partition("#")[0]).links if link]
        # Of the many records one page each is enough.
        waiting += [link for link in links if link.startswith("/") and link.count("/") < 4]
    assert len(seen) > 40


def test_the_overview_shows_each_crm_with_its_address_and_its_quota(emulator):
    requests.post(f"{emulator.copper.base_url}/people/search", json={}, headers=headers_of(emulator), timeout=120)
    text = shown(emulator, "/")
    for vendor in emulator.vendors:
        assert vendor.base_url in text
    assert "1 of 180 a minute" in text
    assert "0 of 1000 an hour" in text


def headers_of(emulator) -> dict[str, str]:
    copper = emulator.copper
    return {
        "X-PW-AccessToken": copper.api_key,
        "X-PW-Application": "developer_api",
        "X-PW-UserEmail": copper.user_email,
    }


def test_records_are_paged_and_searched(emulator):
    first = page(emulator, "/crm/copper/people")
    assert sum(link.startswith("/crm/copper/people/") for link in first.links) == 50
    assert "?page=2" in first.links
    last = page(emulator, "/crm/copper/people?page=3")
    assert sum(link.startswith("/crm/copper/people/") for link in last.links) == 20
    person = emulator.copper.insert("people", {"name": "Zaphod 50% Beeblebrox", "date_modified": 1_700_000_000})
    for text in ("zaphod", "50%25 bee", str(person["id"])):
        found = page(emulator, f"/crm/copper/people?q={text}")
        assert [link for link in found.links if link.startswith("/crm/copper/people/")] == [
            f"/crm/copper/people/{person['id']}"
        ]
    assert "2023-11-14 22:13:20" in shown(emulator, "/crm/copper/people?q=zaphod")
    assert "Nothing here." in shown(emulator, "/crm/copper/people?q=date_modified")


def test_a_record_is_shown_as_json_also_when_it_is_deleted(emulator):
    contact = emulator.freshsales.records("contacts")[0]
    emulator.freshsales.delete("contacts", contact["id"])
    path = f"/crm/freshsales/contacts/{contact['id']}"
    assert f'"id": {contact["id"]}' in shown(emulator, path)
    assert path not in page(emulator, "/crm/freshsales/contacts").links
    assert path in page(emulator, "/crm/freshsales/contacts?deleted=yes").links


def test_everything_that_records_and_requests_hold_is_escaped(emulator):
    person = emulator.copper.insert("people", {"name": NASTY})
    url = f"{emulator.copper.base_url}/{requests.utils.quote(NASTY, safe='')}?q={NASTY}"
    requests.post(url, json={"name": NASTY}, headers=headers_of(emulator), timeout=120)
    emulator.trouble(Fault("latency", seconds=0, route=NASTY))
    search = f"/crm/copper/people?q={requests.utils.quote(NASTY)}"
    for path in ("/", "/requests", "/requests/1", "/trouble", search, f"/crm/copper/people/{person['id']}"):
        text = requests.get(emulator.url + path, timeout=120).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_pages_may_load_and_send_nothing_elsewhere(emulator):
    policy = requests.get(emulator.url, timeout=120).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    text = requests.get(emulator.url, timeout=120).text
    assert "style=" not in text
    assert "onclick" not in text


def test_the_log_is_shown_newest_first_and_filtered(emulator):
    for path in ("/people/search", "/leads/search", "/nothing"):
        requests.post(emulator.copper.base_url + path, json={}, headers=headers_of(emulator), timeout=120)
    text = shown(emulator, "/requests")
    assert text.index("/nothing") < text.index("/leads/search") < text.index("/people/search")
    only = shown(emulator, "/requests?crm=copper&method=POST&status=4")
    assert "/nothing" in only
    assert "/leads/search" not in only
    rows = requests.get(f"{emulator.url}/requests/rows?last=1", timeout=120).text
    assert rows.count("<tr") == 1
    assert "No request yet." in shown(emulator, "/requests?crm=apptivo")


def test_one_request_is_shown_with_what_was_sent(emulator):
    requests.post(
        f"{emulator.copper.base_url}/people/search", json={"name": "Ann"}, headers=headers_of(emulator), timeout=120
    )
    text = shown(emulator, "/requests/1")
    assert '"name": "Ann"' in text
    assert "/people/search" in text
    assert requests.get(f"{emulator.url}/requests/77", timeout=120).status_code == 404


def test_forgetting_the_log_empties_it(emulator):
    requests.post(f"{emulator.copper.base_url}/people/search", json={}, headers=headers_of(emulator), timeout=120)
    answer = post(emulator, "/requests/clear", {})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/requests")
    assert emulator.journal.total == 0


def test_the_trouble_form_makes_the_fault_that_the_fixture_would(emulator):
    sent = {"kind": "error", "vendor": "copper", "route": "POST /people", "status": "500", "every": "2", "times": ""}
    answer = post(emulator, "/trouble", {**sent, "retry_after": "", "rate": "1", "seconds": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/trouble")
    assert emulator.faults.faults == (Fault("error", vendor="copper", route="POST /people", status=500, every=2),)
    assert "Copper, POST /people , status 500, one in 2" in shown(emulator, "/trouble")
    assert post(emulator, "/trouble/clear", {}).status_code == 303
    assert emulator.faults.faults == ()
    assert "None: all goes well." in shown(emulator, "/trouble")


def test_the_overview_says_that_requests_fail_on_purpose(emulator):
    assert "on purpose" not in shown(emulator, "/")
    emulator.trouble("error:status=500,rate=0.05")
    assert "on purpose" in shown(emulator, "/")
    assert "all CRMs, all requests, status 500, 5 % of requests" in shown(emulator, "/trouble")


def test_who_asks_beside_every_crm_is_told_where_they_are(emulator):
    answer = requests.get(f"{emulator.url}/developer_api/v1/account", timeout=120)
    assert answer.status_code == 404
    assert emulator.copper.base_url in answer.json()["base_urls"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"kind": "error", "rate": "2"}, "rate must be between 0 and 1"),
        ({"kind": "error", "every": "x"}, "every must be a number"),
        ({"kind": "mischief"}, "mischief"),
    ],
)
def test_a_form_that_makes_no_sense_is_shown_again_with_the_reason(emulator, sent, said):
    answer = post(emulator, "/trouble", {**sent, "route": "POST /people"})
    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="POST /people"' in answer.text
    assert emulator.faults.faults == ()


def test_switches_are_set_by_a_form(emulator):
    switches = emulator.freshsales.switches
    sent = {"create_status": "200", "flat_bodies": "on", "unknown_attributes": "ignore", "job_seconds": "2.5"}
    assert post(emulator, "/crm/freshsales/switches", sent).status_code == 303
    assert (switches.create_status, switches.unknown_attributes, switches.job_seconds) == (200, "ignore", 2.5)
    assert switches.flat_bodies
    assert not switches.retry_after  # its box was not ticked
    wrong = post(emulator, "/crm/freshsales/switches", {"create_status": "many"})
    assert wrong.status_code == 400
    assert "create_status must be a number" in wrong.text


def test_the_quota_is_kept_or_not_by_a_form(emulator):
    assert post(emulator, "/crm/copper/quota", {"rates": "none"}).status_code == 303
    assert emulator.copper.quota.rates == ()
    assert "no limit in force" in shown(emulator, "/crm/copper")
    post(emulator, "/crm/copper/quota", {"rates": "vendor"})
    assert emulator.copper.quota.rates[0] == Rate(180, 60.0)


@pytest.mark.parametrize("path", ["/trouble", "/crm/copper/switches", "/crm/copper/strictness", "/crm/copper/quota"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"\0" * 100, "application/x-www-form-urlencoded"),
        (b"kind=reset&strictness=strict&rates=none", "application/x-www-form-urlencoded"),
        (b"strictness=odd", "application/x-www-form-urlencoded"),
        (b"rates=odd", "application/x-www-form-urlencoded"),
        (b"kind=reset", "text/plain"),
        (b'{"kind": "reset"}', "application/json"),
    ],
)
def test_what_is_no_form_of_the_page_changes_nothing(emulator, path, body, kind):
    copper = emulator.copper
    before = (copy(copper.switches), copper.quota.rates, emulator.faults.faults)
    answer = requests.post(
        emulator.url + path, data=body, headers={"Content-Type": kind}, timeout=120, allow_redirects=False
    )
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert (copper.switches, copper.quota.rates, emulator.faults.faults) == before


@pytest.mark.parametrize(
    "path", ["/crm/zoho", "/crm/copper/boats", "/crm/copper/people/1", "/static/secret", "/crm/zoho/x"]
)
def test_a_page_that_is_not_there_says_so(emulator, path):
    answer = requests.get(emulator.url + path, timeout=120)
    assert answer.status_code == 404
    assert 'role="alert"' in answer.text


def test_pages_answer_to_this_machine_only_and_take_forms_from_themselves_only(emulator):
    answer = requests.get(emulator.url, headers={"Host": "evil.example"}, timeout=120)
    assert answer.status_code == 403
    assert post(emulator, "/trouble", {"kind": "reset"}, Origin="http://evil.example").status_code == 403
    assert emulator.faults.faults == ()
    assert post(emulator, "/trouble", {"kind": "reset"}, Origin=emulator.url).status_code == 303


def test_pages_are_neither_logged_nor_counted_nor_troubled(emulator):
    emulator.trouble("error:status=500")
    shown(emulator, "/")
    assert emulator.journal.total == 0


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_text_has_the_contrast_that_readers_need():
    sheet = (Path(crm_emulator.pages.__file__).parent / "static" / "style.css").read_text()
    schemes = [part.partition("}")[0] for part in sheet.split(":root {")[1:]]
    assert len(schemes) == 2
    for scheme in schemes:
        lines = scheme.replace(";", "\n").splitlines()
        colours = dict(line.strip().removeprefix("--").split(": ") for line in lines if line.strip().startswith("--"))
        full = {
            name: "#" + "".join(2 * digit for digit in value[1:]) if len(value) == 4 else value
            for name, value in colours.items()
        }
        for ground in ("paper", "band"):
            for ink in ("ink", "quiet", "link", "well", "ill"):
                light, dark = sorted((luminance(full[ink]), luminance(full[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def asked(emulator, method: str, path: str, body: object) -> None:
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    requests.request(method, emulator.copper.base_url + path, json=body, headers=headers, timeout=120)


def test_the_overview_begins_with_the_newest_requests(emulator):
    asked(emulator, "POST", "/people", {"nme": "Ann"})
    text = shown(emulator, "/")
    places = [text.rindex(each) for each in ("Newest requests", "422", "CRMs", "Quota used")]
    assert places == sorted(places)


def test_a_request_is_shown_with_what_was_answered(emulator):
    asked(emulator, "POST", "/people", {"nme": "Ann"})
    assert "Unrecognized attributes specified: nme" in shown(emulator, "/requests/1")
    asked(emulator, "POST", "/people/search", {"page_size": 100})
    assert f"The first 2048 of {emulator.requests[1].answer_bytes} bytes." in shown(emulator, "/requests/2")


def test_the_webhooks_that_fired_are_shown_and_those_that_are_due_sent(emulator):
    emulator.copper.switches.https_only = False
    target = emulator.anything.base_url + "/hook"
    asked(emulator, "POST", "/webhooks", {"target": target, "type": "person", "event": "new"})
    emulator.copper.switches.webhook_delay_seconds = 900
    emulator.copper.insert("people", {"name": "Ann"})
    assert "waiting person new" in shown(emulator, "/crm/copper")
    emulator.clock.advance(900)
    requests.post(f"{emulator.url}/crm/copper/webhooks", timeout=120)
    emulator.copper.fire_webhooks()
    assert "sent (201) person new" in shown(emulator, "/crm/copper")
    assert "Webhooks" not in shown(emulator, "/crm/apptivo")


def test_a_switch_of_words_offers_them(emulator):
    text = requests.get(f"{emulator.url}/crm/copper", timeout=120).text
    assert '<datalist id="words-tie_order"><option>shuffled</option><option>id</option><option>random</option>' in text
