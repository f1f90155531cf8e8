"""The pages before a judge that nobody here wrote: axe-core, by the rules of WCAG, contrast of colours included."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import narrowed
from tests.machine import find_file
from tests.target_crm.pages import example_plan, example_runs

pytestmark = [pytest.mark.peer, pytest.mark.browser]
AXE = Path(__file__).parents[3] / ".venvs" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
OPEN_ALL = """
document.querySelectorAll(".row").forEach((each) => each.click());
document.querySelectorAll("details").forEach((each) => { each.open = true; });
"""
JUDGE = """
const done = arguments[0];
const told = ({ id, nodes }) => [id, nodes.map((node) => node.html)];
axe.run(document).then(({ violations }) => done(violations.map(told)));
"""


@pytest.mark.parametrize("name", ["plan", "runs"])
def test_no_rule_of_accessibility_is_broken_in_any_width_or_colour(browser, tmp_path, name):
    axe = find_file(str(AXE), called="axe-core (make .venvs/npm/ready)").read_text()
    address = example_plan.page_of(tmp_path)[1] if name == "plan" else example_runs.page_of(tmp_path)
    browser.set_script_timeout(120)
    for width in (1280, 420):
        for scheme in ("light", "dark"):
            narrowed(browser, width, scheme)
            browser.get(address)
            browser.execute_script(OPEN_ALL)
            browser.execute_script(axe)
            assert browser.execute_async_script(JUDGE) == []
