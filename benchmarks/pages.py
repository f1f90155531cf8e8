"""Speed of a large plan's page in a headless Chromium: how soon it opens, and how soon it answers.

Prints sizes, the seconds until the page shows its records, and those that a search and a filter take, the least and the
most of several times. It needs chromium and chromedriver (``make system``)::

    python benchmarks/pages.py [--records 50000] [--runs 5]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from target_crm.pages.document import write_page
from target_crm.pages.plan_page import plan_page
from target_crm.plans.plan_file import PlanHeader, PlanLine, made_now, read_plan, write_plan

ACTIONS = ("update",) * 6 + ("create", "create", "delete", "reject")
CITIES = ("Köln", "Malmö", "Springfield", "Kraków", "Porto")
OPENED = """
const done = arguments[0];
const told = () => done(performance.now() / 1000);
const asked = () => ("ready" in document.documentElement.dataset ? requestAnimationFrame(told) : setTimeout(asked, 1));
asked();
"""
CHOSEN = """
const [name, value, event, done] = arguments;
const count = document.getElementById("count");
const [field, before, start] = [document.getElementById(name), count.textContent, performance.now()];
field.value = value;
field.dispatchEvent(new Event(event, { bubbles: true }));
const told = () => done((performance.now() - start) / 1000);
const asked = () => (count.textContent === before ? setTimeout(asked, 1) : requestAnimationFrame(told));
asked();
"""
FROZEN = """
const done = arguments[0];
const told = (found) => done(Math.max(0, ...found.getEntries().map((task) => task.duration)) / 1000);
new PerformanceObserver(told).observe({ type: "longtask", buffered: true });
setTimeout(() => done(0), 200);
"""


def lines(records: int) -> Iterator[PlanLine]:
    """Yield the records of a plan, with four fields each, as an update of people has them."""
    dice = Random(15)  # noqa: S311 - an example, not a secret
    for number in range(records):
        action = dice.choice(ACTIONS)
        fields = [
            {"name": "name", "current": f"Person {number}", "new": f"Person {number} Okafor"},
            {"name": "title", "current": "Sales", "new": dice.choice(("Head of sales", "Buyer"))},
            {"name": "emails", "current": None, "new": [{"email": f"person{number}@example.com", "category": "work"}]},
            {"name": "address", "current": {"city": "Bonn"}, "new": {"city": dice.choice(CITIES), "country": "DE"}},
        ]
        yield PlanLine(
            stream=dice.choice(("people", "people", "companies")),
            source_id=str(number),
            object="people",
            action=action,
            crm_id=10**8 + number,
            reason="email: not an address" if action == "reject" else "matched by emails",
            fields=[] if action in {"delete", "reject"} else fields,
            left_out=["internal_note"],
        )


def planned(path: Path, records: int) -> None:
    """Write a plan of this many records."""
    found = list(lines(records))
    counts = {stream: {} for stream in ("people", "companies")}
    header = PlanHeader(plan_id="0" * 32, made_at=made_now(), program="0", crm="copper", account="id:1", counts=counts)
    write_plan(path, header, found)


def chromium() -> webdriver.Chrome:
    """Start a browser that has seen no page yet."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    found = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    found.set_script_timeout(120)
    return found


def measured(address: str) -> dict[str, float]:
    """Open the page in a new browser and use it; returns the seconds that each step took."""
    browser = chromium()
    try:
        browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        browser.get(address)
        opened = browser.execute_async_script(OPENED)
        working = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return {
            "opened": opened,
            "processor time of that": next(each["value"] for each in working if each["name"] == "TaskDuration"),
            "longest freeze meanwhile": browser.execute_async_script(FROZEN),
            "filter": browser.execute_async_script(CHOSEN, "action", "update", "change"),
            "first search, with 0.15 s of waiting for more letters": browser.execute_async_script(
                CHOSEN, "search", "okafor malmo 499", "input"
            ),
            "second search, with the same": browser.execute_async_script(CHOSEN, "search", "buyer köln", "input"),
        }
    finally:
        browser.quit()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plan, page = Path(folder) / "plan.jsonl", Path(folder) / "plan.html"
        planned(plan, given.records)
        began = time.perf_counter()
        write_page(page, plan_page(read_plan(plan)))
        seconds = time.perf_counter() - began
        print(f"{given.records:,} records: a plan of {plan.stat().st_size / 1e6:.1f} MB, a page of", end=" ")
        print(f"{page.stat().st_size / 1e6:.1f} MB, made in {seconds:.1f} s")
        found = [measured(page.as_uri()) for _ in range(given.runs)]
    for step in found[0]:
        seen = sorted(each[step] for each in found)
        print(f"{step}: {seen[0]:.2f} to {seen[-1]:.2f} s")


if __name__ == "__main__":
    main()
