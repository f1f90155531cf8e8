"""The page of a plan in a real headless Chromium."""

from __future__ import annotations

import random
import stat
from hashlib import sha256

import pytest
from selenium.common.exceptions import JavascriptException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from target_crm.pages.document import write_page
from target_crm.pages.plan_page import plan_page
from target_crm.plans.plan_file import PlanLine, read_plan
from tests.browser import complaints, narrowed, scrolls_sideways, text, texts
from tests.commands import run_command
from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.pages.example_plan import AFTER, BEFORE, LINES, NASTY, page_of

pytestmark = pytest.mark.browser
MANY = 50_000
INTRUDER = """
<script>window.ran = 1</script><img src="data:," onerror="window.ran = 1"><img src="https://elsewhere.invalid/seen.png">
"""
COUNTS = """
const number = (cell) => (cell.querySelector(".plain, .count")?.firstChild ?? cell).textContent;
return [...document.querySelectorAll("#counts tbody tr")].map((row) => [...row.children].map(number));
"""
PAIRS = """
const kept = (cell) => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("ins, del").forEach((each) => each.remove());
  return copy.textContent;
};
const both = (row) => [...row.querySelectorAll("td > div")].map((cell) => [cell.textContent, kept(cell)]);
return [...document.querySelectorAll(".values tbody tr")].map(both);
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("plan"))


@pytest.fixture
def page(browser, example):
    """The example's page, fresh."""
    browser.get("about:blank")
    browser.get(example[1])
    return browser


def count(browser) -> str:
    return text(browser, "#count")


def search(browser, words: str, found: str) -> None:
    """Type into the search, and wait until it has found so much."""
    field = browser.find_element(By.ID, "search")
    field.clear()
    field.send_keys(words)
    WebDriverWait(browser, 120, poll_frequency=0.02).until(
        lambda _: count(browser) == found, f"{words}: {count(browser)}"
    )


def choose(browser, field: str, value: str) -> None:
    Select(browser.find_element(By.ID, field)).select_by_value(value)


def opened(browser, number: int):
    """Open the record of this number, and return its element."""
    row = browser.find_element(By.ID, f"row-{number}")
    if row.get_attribute("aria-expanded") == "false":
        row.click()
    return browser.find_element(By.ID, f"opened-{number}")


def test_the_head_tells_account_source_requests_counts_and_the_files_digest(page, example):
    assert text(page, "h1") == "Blue Whale (Sandbox)"
    told = text(page, "#facts")
    for fact in ("Copper", "id:481516", "erp", "30 November 2026 at 17:00 UTC", "37, at least 13 seconds"):
        assert fact in told
    assert text(page, "#lead") == "Records if this plan is applied: 1 created, 2 updated and 1 deleted."
    assert "1 record would be deleted" in text(page, "#alarms")
    assert text(page, "#sha256") == example[0].sha256
    assert page.execute_script(COUNTS) == [
        ["companies", "1", "0", "0", "40", "0", "0", "0"],
        ["people", "0", "2", "1", "40", "1", "1", "1"],
        ["All streams", "1", "2", "1", "80", "1", "1", "1"],
    ]
    for given, said in ((example[0].sha256.upper(), "The same"), ("0" * 64, "Not the same")):
        field = page.find_element(By.ID, "expected")
        field.clear()
        field.send_keys(given)
        assert said in text(page, "#verdict")


def test_records_are_searched_and_filtered_by_stream_action_and_field(page):
    assert count(page) == "8 records"
    search(page, "muller", "1 of 8 records")
    search(page, "koln", "1 of 8 records")
    search(page, "12345678901234567890", "1 of 8 records")
    search(page, "country", "0 of 8 records")  # the name of a part is not a value
    search(page, "FOURTEEN vip", "1 of 8 records")
    search(page, "not an address", "1 of 8 records")
    search(page, "nowhere to be found", "0 of 8 records")
    assert "No record of this plan is like that" in text(page, "#nothing:not([hidden])")
    page.find_element(By.ID, "reset").click()
    assert count(page) == "8 records"
    choose(page, "stream", "people")
    assert count(page) == "7 of 8 records"
    choose(page, "action", "update")
    assert count(page) == "2 of 8 records"
    choose(page, "field", "changed:title")
    assert count(page) == "1 of 8 records"
    page.refresh()
    assert count(page) == "1 of 8 records"  # the address remembers what was chosen
    page.find_element(By.ID, "reset").click()
    for field in ("conflict:assignee_id", "left:internal_note"):
        choose(page, "field", field)
        assert texts(page, ".ids b") == ["people 7"]
    page.find_element(By.CSS_SELECTOR, "#alarms button").click()
    assert texts(page, ".ids b") == ["people 8"]
    page.find_element(By.CSS_SELECTOR, "#counts tbody tr:first-child button.create").click()
    assert texts(page, ".ids b") == ["companies 4"]


def test_a_record_opens_with_its_values_what_differs_in_them_and_what_is_not_sent(page):
    record = opened(page, 2)
    said = record.get_property("textContent")
    for part in ("matched by emails", "by run a1b2, 18 November 2026", "internal_note", "Changed on both sides"):
        assert part in said
    assert "12345678901234567890" in said
    assert texts(page, "#opened-2 del")[:3] == ["CEO", "twelve", "October"]
    assert texts(page, "#opened-2 ins")[:4] == ["CTO", "fourteen", "November", "Call back."]
    assert texts(page, "#opened-2 ins")[4:6] == ["Bonn", "newsletter"]
    page.execute_script("document.querySelectorAll('.more').forEach((each) => each.click())")
    cells = texts(page, "#opened-2 > .values tr:nth-child(2) td > div")
    assert cells == [BEFORE, AFTER, "not kept"]
    conflict = texts(page, "#opened-2 .conflicts tbody tr:first-child td > div")
    assert conflict == ["101", "102", "100"]
    record.find_element(By.CSS_SELECTOR, "button.as-link").click()
    assert page.switch_to.active_element.get_attribute("id") == "row-1"
    assert "Hauptstr. 5" in text(page, "#opened-1")
    for number, reason in (
        (3, "gone at the source"),
        (4, "email: not an address"),
        (5, "not found"),
        (6, "companies 99"),
    ):
        assert reason in opened(page, number).text


def test_what_a_record_holds_is_shown_as_text_and_runs_nothing(page):
    shown = NASTY.replace("\u2028", "U+2028").replace("\0", "U+0000").replace("\u202e", "U+202E")
    opened(page, 7)
    assert text(page, "#opened-7 .facts").count(shown) == 3
    assert texts(page, "#opened-7 > .values tbody th") == [shown, "zip"]
    assert texts(page, "#opened-7 .chips li") == [shown]
    assert texts(page, "#opened-7 > .values tr:nth-child(2) td > div") == ["12 (number)", "12 (text)"]
    search(page, "<script>window.ran", "1 of 8 records")
    assert page.execute_script("return [window.ran ?? null, document.images.length, document.scripts.length]") == [
        None,
        0,
        2,
    ]
    assert page.execute_script("return performance.getEntriesByType('resource').map((each) => each.name)") == []
    assert complaints(page) == []


def test_the_policy_of_a_page_lets_nothing_run_that_got_in_by_mistake(browser, tmp_path):
    page_of(tmp_path)
    page = tmp_path / "plan.html"
    page.write_text(page.read_text().replace("<main>", f"<main>{INTRUDER}"))
    browser.get(page.as_uri())
    assert count(browser) == "8 records"
    assert browser.execute_script("return window.ran ?? null") is None
    with pytest.raises(JavascriptException, match="TrustedHTML"):
        browser.execute_script("document.body.innerHTML = ''")
    assert sum("Content Security Policy" in each for each in complaints(browser)) >= 3


def test_the_keyboard_alone_searches_moves_opens_and_closes(page):
    def press(*keys) -> None:
        for each in keys:
            ActionChains(page).send_keys(each).perform()

    def focused() -> str:
        return str(page.switch_to.active_element.get_attribute("id"))

    press(Keys.TAB)
    assert page.switch_to.active_element.text == "Skip to the records"
    press("/")
    assert focused() == "search"
    press("people/", Keys.ESCAPE)
    assert page.find_element(By.ID, "search").get_property("value") == ""
    assert count(page) == "8 records"
    press(Keys.ARROW_DOWN)
    assert focused() == "row-1"
    press(Keys.ARROW_DOWN, Keys.ENTER)
    assert focused() == "row-2"
    outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press(Keys.TAB)
    assert page.switch_to.active_element.text == "companies 4"
    press(Keys.ESCAPE)
    assert focused() == "row-2"
    assert page.find_element(By.ID, "row-2").get_attribute("aria-expanded") == "false"
    press(Keys.END)
    assert focused() == "row-8"
    press(Keys.HOME)
    assert focused() == "row-1"


def test_it_does_not_scroll_sideways_and_paper_gets_every_record_open(page):
    page.find_element(By.ID, "open-all").click()
    for width in (1280, 980, 768, 420, 320):
        narrowed(page, width)
        assert not scrolls_sideways(page)
    page.find_element(By.ID, "open-all").click()
    assert texts(page, ".opened") == []
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(texts(page, ".opened")) == len(LINES)
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    assert texts(page, ".opened") == []
    assert complaints(page) == []


def test_the_page_tells_of_an_undo_of_lines_taken_out_and_of_a_plan_without_any(browser, tmp_path):
    plan, address = page_of(tmp_path, kind="undo", undo_of="c0ffee")
    first, *middle, end = plan.path.read_text().removesuffix("\n").split("\n")
    plan.path.write_text("\n".join([first, *middle[1:], end, ""]))
    write_page(tmp_path / "plan.html", plan_page(read_plan(plan.path)))
    browser.get(address)
    assert text(browser, "#kind") == "Plan to take a run back"
    assert "run c0ffee" in text(browser, "#facts")
    assert "1 record was taken out of this plan since it was made" in text(browser, "#alarms")
    assert count(browser) == "7 records"
    browser.get(page_of(tmp_path, [])[1])
    assert text(browser, "#lead") == "Nothing would be written."
    assert count(browser) == "0 records"
    assert complaints(browser) == []


def edited(dice: random.Random, words: list[str]) -> str:
    """Some words with others in between, changed or missing."""
    changed = [dice.choice(["", "new", word, word, word]) for word in words]
    return dice.choice([" ", " ", "\n", ", "]).join(changed)


def test_texts_are_shown_whole_and_what_is_not_marked_is_on_both_sides(browser, tmp_path):
    dice = random.Random(15)
    words = ["a", "bank", "deal", "ends", "for", "good", "here", "is", "just", "kept", "lest", "men", "note", "one"]
    pairs = [
        (" ".join(chosen), edited(dice, chosen))
        for chosen in ([dice.choice(words) for _ in range(dice.randrange(1, 60))] for _ in range(40))
    ]
    fields = [{"name": f"f{place}", "current": before, "new": after} for place, (before, after) in enumerate(pairs)]
    browser.get(page_of(tmp_path, [PlanLine(stream="s", source_id="1", object="s", action="update", fields=fields)])[1])
    opened(browser, 1)
    browser.execute_script("document.querySelectorAll('.more').forEach((each) => each.click())")
    shown = browser.execute_script(PAIRS)
    assert [(before, after) for (before, _), (after, _) in shown] == [
        (before or "empty text", after or "empty text") for before, after in pairs
    ]
    assert all(before == after for (_, before), (_, after) in shown)


def test_the_command_makes_the_page_of_a_dry_runs_plan(browser, run, settings, tmp_path):
    people = schema_of("people", "name", "email", "title", "_sdc_deleted_at", "assignee_id")
    known = [record_of("people", id=each, name=f"P{each}", email=f"p{each}@x.org", title="CEO") for each in range(4)]
    run([people, *known])
    changes = [
        record_of("people", id=1, name="P1", email="p1@x.org", title="CTO"),
        record_of("people", id=2, name="P2", email="p2@x.org", _sdc_deleted_at="2026-01-01"),
        record_of("people", id=3, name="P3", email="p3@x.org", assignee_id="Nobody"),
        record_of("people", id=7, name="<script>", email="p7@x.org"),
    ]
    plan, page = tmp_path / "plan.jsonl", tmp_path / "plan.html"
    run([people, *changes], dry_run=True, plan_path=str(plan), streams={"people": {"hard_delete": True}})
    done = run_command("singer-crm", "plan", "show", plan, "--html", page)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"Open it in a browser: {page.as_uri()}" in done.stderr
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert settings["api_key"] not in page.read_text()
    browser.get(page.as_uri())
    assert text(browser, "#sha256") == sha256(plan.read_bytes()).hexdigest()
    assert sorted(texts(browser, ".badge")) == ["! reject", "+ create", "± update", "− delete"]  # noqa: RUF001 - its sign
    search(browser, "cto", "1 of 4 records")
    before = plan.read_bytes()
    refused = run_command("singer-crm", "plan", "show", plan, "--html", plan)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "is no page, and would be lost" in refused.stderr
    assert plan.read_bytes() == before
    assert complaints(browser) == []


@pytest.mark.long
def test_fifty_thousand_records_are_paged_searched_and_filtered(browser, tmp_path):
    lines = (
        PlanLine(
            stream="people",
            source_id=str(number),
            object="people",
            action="delete" if number % 1000 == 0 else "update",
            crm_id=number + 10**8,
            fields=[
                {"name": "title", "current": "Sales", "new": f"Sales {number}"},
                {"name": "tags", "current": ["a"], "new": ["a", "b"]},
            ],
        )
        for number in range(MANY)
    )
    browser.get(page_of(tmp_path, lines)[1])
    assert count(browser) == "50,000 records"
    assert len(texts(browser, ".row")) == 50
    search(browser, "sales 49999", "1 of 50,000 records")
    search(browser, "100004321", "1 of 50,000 records")
    browser.find_element(By.ID, "reset").click()
    choose(browser, "action", "delete")
    assert count(browser) == "50 of 50,000 records"
    browser.find_element(By.ID, "reset").click()
    browser.find_element(By.XPATH, "//nav[@id='pager']/button[.='Last']").click()
    assert browser.switch_to.active_element.text == "First"  # for Last leads nowhere any more
    assert texts(browser, ".ids b")[-1] == "people 49999"
    browser.find_element(By.ID, "row-50000").send_keys(Keys.HOME, Keys.ARROW_UP)
    assert browser.switch_to.active_element.get_attribute("id") == "row-49950"
    assert complaints(browser) == []
