"""The page of the runs in a real headless Chromium."""

from __future__ import annotations

import json
import random
import stat

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import complaints, narrowed, scrolls_sideways, text, texts
from tests.commands import run_command
from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.pages.example_plan import NASTY
from tests.target_crm.pages.example_runs import RUNS, counted, page_of, reported

pytestmark = pytest.mark.browser
BARS = """
const kinds = (bar) => [...bar.querySelectorAll("rect:not(.whole)")].map((rect) => rect.getAttribute("class"));
return [...document.querySelectorAll(`#${arguments[0]} .bar`)].map(kinds);
"""
NEWEST = """
const [row] = document.querySelectorAll("#outcomes-table tbody tr");
return [...row.children].map((cell) => cell.lastChild.textContent);
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def page(browser, address):
    """The example's page, fresh."""
    browser.get("about:blank")
    browser.get(address)
    return browser


def test_outcomes_over_time_are_drawn_and_stand_in_a_table(page):
    assert text(page, "#lead").startswith("4 runs of 2 sources, 21 October")
    assert page.execute_script(BARS, "outcomes") == [[], [], ["created"], ["created", "updated", "deleted", "rejected"]]
    assert texts(page, "#legend li") == [" 12 created", " 5 updated", " 2 deleted", " 4 rejected"]
    page.find_element(By.ID, "with-unchanged").click()
    assert [bar[-1:] for bar in page.execute_script(BARS, "outcomes")] == [
        ["unchanged"],
        [],
        ["created"],
        ["unchanged"],
    ]
    picture = page.find_element(By.CSS_SELECTOR, "#outcomes svg[role=img]")
    assert "12 created · 5 updated · 2 deleted · 4 rejected · 82 unchanged" in picture.get_attribute("aria-label")
    assert page.execute_script(NEWEST) == ["30 Nov, 02:00", "3", "5", "2", "4", "70"]


def test_rejects_by_kind_and_the_quota_are_shown(page):
    assert [each.split()[:2] for each in texts(page, "#kinds .kind-of")] == [["3", "refused"], ["1", "unknown_name"]]
    assert "The CRM's own rules refuse it" in text(page, "#kinds")
    assert page.execute_script(BARS, "quota") == [["used"], ["refused"]]
    assert "95 % of a minute" in texts(page, "#quota title")[-1]
    assert text(page, "#quota-said") == "240 requests, 6 of them refused as too many (429)."
    assert "95 %" in text(page, "#quota-table tbody tr")


def test_runs_are_chosen_by_source_period_end_and_words_and_the_charts_follow(page):
    def count() -> str:
        return text(page, "#count")

    assert count() == "4 runs"
    assert texts(page, ".rows .badge") == ["brake on deletes", "well", "killed, or running", "stopped"]
    Select(page.find_element(By.ID, "end")).select_by_value("well")
    assert count() == "1 of 4 runs"
    assert page.execute_script(BARS, "outcomes") == [["created"]]
    assert not page.find_element(By.ID, "kinds-part").is_displayed()
    page.find_element(By.ID, "reset").click()
    Select(page.find_element(By.ID, "period")).select_by_value("30")
    assert count() == "3 of 4 runs"
    Select(page.find_element(By.ID, "place")).select_by_index(2)
    assert count() == "1 of 4 runs"
    page.find_element(By.ID, "reset").click()
    page.find_element(By.ID, "search").send_keys("unknown_name")
    WebDriverWait(page, 120, poll_frequency=0.02).until(lambda _: count() == "1 of 4 runs")


def test_a_run_opens_with_its_streams_and_how_it_ended(page):
    assert "The last run of erp → Blue Whale: A brake held deletes back (exit code 3)" in text(page, "#alarms")
    page.find_element(By.CSS_SELECTOR, "#alarms button").click()
    assert page.switch_to.active_element.get_attribute("id") == "row-0"
    said = text(page, "#opened-0")
    for part in (
        RUNS[0]["run_id"],
        "171 of 180 in its fullest minute",
        "6 refused as too many",
        "people.internal_note (7)",
    ):
        assert part in said
    assert [each.split()[0] for each in texts(page, "#opened-0 .counts tbody th")] == ["people", "companies"]
    ActionChains(page).send_keys(Keys.ESCAPE, Keys.END, Keys.ARROW_UP, Keys.ENTER).perform()
    assert "It was killed, or still runs" in text(page, "#opened-2")
    assert texts(page, "#opened-0") == []


def test_it_does_not_scroll_sideways_runs_nothing_and_complains_of_nothing(browser, tmp_path):
    nasty = reported(
        5,
        days=0,
        exit_code=1,
        source_name=NASTY,
        account=NASTY,
        account_name=NASTY,
        streams={NASTY: counted(created=1)},
    )
    nasty |= {"outcomes": counted(created=1), "rejected_kinds": {NASTY: 1}, "left_out": {NASTY: {NASTY: 1}}}
    browser.get(page_of(tmp_path, [nasty, *RUNS]))
    for row in browser.find_elements(By.CSS_SELECTOR, ".row"):
        row.click()
    browser.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    for width in (1280, 980, 768, 420, 320):
        narrowed(browser, width)
        assert not scrolls_sideways(browser)
    assert "<script>window.ran = 1</script>" in text(browser, "#opened-0 .counts")
    assert browser.execute_script("return [window.ran ?? null, document.images.length]") == [None, 0]
    assert complaints(browser) == []


def test_a_ledger_without_runs_says_so(browser, tmp_path):
    browser.get(page_of(tmp_path, []))
    assert text(browser, "#lead") == "The ledger knows of no run."
    assert complaints(browser) == []


def test_the_command_draws_the_runs_of_a_ledger_and_tells_no_secret(browser, run, settings, tmp_path):
    people = schema_of("people", "name", "email", "assignee_id")
    run([people, *(record_of("people", id=each, name=f"P{each}", email=f"p{each}@x.org") for each in range(3))])
    bad = record_of("people", id=9, name="P9", email="p9@x.org", assignee_id="Nobody")
    run([people, record_of("people", id=1, name="Q", email="p1@x.org"), bad])
    config, drawn = tmp_path / "config.json", tmp_path / "runs.html"
    config.write_text(json.dumps(settings))
    done = run_command("singer-crm", "runs", "--config", config, "--html", drawn)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"Open it in a browser: {drawn.as_uri()}" in done.stderr
    assert stat.S_IMODE(drawn.stat().st_mode) == 0o600
    assert settings["api_key"] not in drawn.read_text()
    browser.get(drawn.as_uri())
    assert texts(browser, ".rows .badge") == ["rejected or broken", "well"]
    assert texts(browser, "#legend li") == [" 3 created", " 1 updated", " 1 rejected"]
    assert texts(browser, ".rows .place") == ["default → Emulated Copper"] * 2
    assert texts(browser, "#kinds .kind-of") == ["1 unknown_name"]
    refused = run_command("singer-crm", "runs", "--config", config, "--html", tmp_path / "nowhere" / "runs.html")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "--html cannot be written: No such file or directory" in refused.stderr
    assert complaints(browser) == []


@pytest.mark.long
def test_years_of_runs_are_drawn_by_the_month_and_paged(browser, tmp_path):
    dice = random.Random(3)
    runs = [
        reported(number, days=number // 10, outcomes=counted(created=dice.randrange(9))) for number in range(10_000)
    ]
    browser.get(page_of(tmp_path, runs))
    assert text(browser, "#outcomes-title") == "Outcomes by month"
    assert len(browser.execute_script(BARS, "outcomes")) in {33, 34}
    assert text(browser, "#pager .page") == "Page 1 of 200"
    total = sum(run["outcomes"]["created"] for run in runs)
    assert texts(browser, "#legend li") == [f" {total:,} created"]
    assert complaints(browser) == []
