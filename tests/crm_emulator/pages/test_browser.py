"""The pages in a real headless Chromium."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
import requests
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from crm_emulator import Emulator
from tests.browser import chromium, complaints

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def emulator():
    with Emulator(people=120, quota=True) as running:
        yield running


@pytest.fixture(autouse=True)
def calm(emulator):
    yield
    emulator.no_trouble()
    emulator.journal.clear()


@pytest.fixture(scope="module")
def browser():
    found = chromium()
    yield found
    found.quit()


def search_people(emulator) -> int:
    copper = emulator.copper
    headers = {
        "X-PW-AccessToken": copper.api_key,
        "X-PW-Application": "developer_api",
        "X-PW-UserEmail": copper.user_email,
    }
    return requests.post(f"{copper.base_url}/people/search", json={}, headers=headers, timeout=120).status_code


def body(browser) -> str:
    return str(browser.find_element(By.TAG_NAME, "main").text)


def soon(browser, claim) -> None:
    """Wait until a claim holds: pages load, and the live parts ask once a second."""
    passing = (WebDriverException,)  # of many kinds, where the page is replaced while it is read
    WebDriverWait(browser, 120, poll_frequency=0.05, ignored_exceptions=passing).until(lambda _: claim())


def test_who_allows_access_is_sent_back_with_the_code_by_post(emulator, browser):
    emulator.copper.switches.https_only = False
    back = f"{emulator.anything.base_url}/back"
    query = {"response_type": "code", "client_id": emulator.copper.client_id, "redirect_uri": back}
    query |= {"scope": "developer/v1/all", "state": "s7"}
    browser.get(f"{emulator.copper.oauth_url}/authorize?{urlencode(query)}")
    assert "Emulated Copper" in body(browser)
    browser.find_element(By.XPATH, "//button[.='Allow']").click()
    soon(browser, lambda: emulator.anything.received("POST", "/back"))
    (received,) = emulator.anything.received("POST", "/back")
    assert set(received["body"]) == {"code", "state"}
    assert received["body"]["state"] == "s7"


def test_a_visitor_finds_a_record_by_searching(emulator, browser):
    person = emulator.copper.insert("people", {"name": "Zaphod <b>Beeblebrox</b>"})
    browser.get(emulator.url)
    browser.find_element(By.LINK_TEXT, "people").click()
    browser.find_element(By.ID, "q").send_keys("zaphod", Keys.ENTER)
    browser.find_element(By.LINK_TEXT, str(person["id"])).click()
    soon(browser, lambda: '"name": "Zaphod <b>Beeblebrox</b>"' in body(browser))
    assert browser.find_element(By.TAG_NAME, "h1").text == f"people {person['id']}"


def test_a_visitor_pages_through_the_records(emulator, browser):
    browser.get(f"{emulator.url}/crm/copper/people")
    browser.find_element(By.LINK_TEXT, "Next page").click()
    soon(browser, lambda: "51 to 100 of" in body(browser))
    browser.find_element(By.LINK_TEXT, "Previous page").click()
    soon(browser, lambda: "1 to 50 of" in body(browser))


def test_the_log_shows_a_request_without_reloading(emulator, browser):
    browser.get(f"{emulator.url}/requests")
    assert "No request yet." in body(browser)
    assert search_people(emulator) == 200
    soon(browser, lambda: "/people/search" in body(browser))
    assert "No request yet." not in body(browser)
    assert browser.find_element(By.ID, "state").text == "Live"


def test_a_paused_log_stays_as_it_is(emulator, browser):
    browser.get(f"{emulator.url}/requests")
    browser.find_element(By.ID, "pause").click()
    soon(browser, lambda: browser.find_element(By.ID, "state").text == "Paused")
    search_people(emulator)
    browser.find_element(By.ID, "pause").click()
    soon(browser, lambda: "/people/search" in body(browser))


def test_the_quota_meter_moves_without_reloading(emulator, browser):
    emulator.copper.use_quota()
    browser.get(emulator.url)

    def used() -> int:
        """Read in one script, since the meter is replaced once a second."""
        return int(browser.execute_script("return document.getElementById('meter-copper-1').value"))

    before = used()
    search_people(emulator)
    soon(browser, lambda: used() == before + 1)


def test_trouble_is_made_and_ended_by_the_form(emulator, browser):
    browser.get(f"{emulator.url}/trouble")
    Select(browser.find_element(By.ID, "kind")).select_by_value("error")
    Select(browser.find_element(By.ID, "vendor")).select_by_visible_text("Copper")
    status = browser.find_element(By.ID, "status")
    status.clear()
    status.send_keys("502")
    browser.find_element(By.XPATH, "//form[@action='/trouble']//button").click()
    soon(browser, lambda: "status 502" in body(browser))
    assert search_people(emulator) == 502
    browser.find_element(By.XPATH, "//button[text()='End all trouble']").click()
    soon(browser, lambda: "None: all goes well." in body(browser))
    assert search_people(emulator) == 200


def test_a_switch_is_set_by_its_label(emulator, browser):
    browser.get(f"{emulator.url}/crm/copper")
    browser.find_element(By.XPATH, "//label[.='leads_enabled']").click()
    browser.find_element(By.XPATH, "//button[text()='Set the switches']").click()
    soon(browser, lambda: not emulator.copper.switches.leads_enabled)
    browser.get(f"{emulator.url}/crm/copper")
    assert not browser.find_element(By.ID, "switch-leads_enabled").is_selected()
    emulator.copper.switches.leads_enabled = True


def test_the_keyboard_reaches_the_content_first(emulator, browser):
    browser.get(emulator.url)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the content"


@pytest.mark.parametrize("path", ["/", "/requests", "/trouble", "/crm/freshsales", "/crm/apptivo/leads"])
def test_no_page_complains_or_scrolls_sideways(emulator, browser, path):
    for width in (1280, 420):
        browser.set_window_size(width, 900)
        browser.get(emulator.url + path)
        inner = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert inner[0] <= inner[1]
    browser.set_window_size(1280, 1000)
    assert complaints(browser) == []


def test_everything_but_the_live_parts_works_without_javascript(emulator):
    plain = chromium(javascript=False)
    try:
        plain.get(f"{emulator.url}/requests")
        assert not plain.find_element(By.ID, "pause").is_displayed()
        search_people(emulator)
        plain.find_element(By.LINK_TEXT, "Refresh").click()
        soon(plain, lambda: "/people/search" in body(plain))
        plain.get(f"{emulator.url}/trouble")
        plain.find_element(By.XPATH, "//form[@action='/trouble']//button").click()
        soon(plain, lambda: "Latency" in plain.find_element(By.ID, "faults").text)
    finally:
        plain.quit()
