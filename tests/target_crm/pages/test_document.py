"""A page is one file that nothing in it breaks out of, that only its owner reads, and that is never half written."""

from __future__ import annotations

import json
import re
import stat
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_api.errors import SettingError, StopError
from target_crm.pages.document import document, embedded, write_page
from target_crm.pages.plan_page import plan_page
from tests.target_crm.pages.example_plan import NASTY, planned

ROOT = Path(__file__).parents[3]


class Reader(HTMLParser):
    """The scripts of a page, as HTML divides them, and the addresses that it names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.addresses: list[str] = []
        self.policy = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.addresses += [found[name] for name in ("src", "href", "action") if name in found]
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        if tag == "script":
            self._inside = True
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "script"

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data


@settings(max_examples=30)
@given(
    st.recursive(
        st.text() | st.integers(-(2**60), 2**60) | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_embedded_comes_out_as_it_was_and_holds_no_letter_of_html(value):
    text = embedded(value)
    assert json.loads(text) == value
    assert re.search("[<>&\0\r\n\u2028\u2029\x7f-\x9f\ufeff]", text) is None


def test_half_a_surrogate_pair_does_not_keep_a_page_from_being_written():
    assert "d800" in embedded({"text": "\ud800"}).lower()


def test_a_page_holds_two_scripts_the_data_and_its_own_and_names_no_address(tmp_path):
    page = plan_page(planned(tmp_path / "plan.jsonl")).decode()
    found = Reader(page)
    data, script = found.scripts
    assert NASTY in json.loads(data)["words"]
    assert script.startswith('"use strict"')
    assert set(found.addresses) == {"#list", "data:,"}
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", script)
    assert "default-src 'none'" in found.policy
    assert "unsafe" not in found.policy


def test_a_page_is_for_its_owner_and_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "plan.html"
    path.write_text("<!DOCTYPE html>old")
    path.chmod(0o644)
    write_page(path, b"new")
    assert path.read_bytes() == b"new"
    with pytest.raises(SettingError, match="is no page, and would be lost"):
        write_page(path, b"newer")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["plan.html"]


def test_a_page_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    with pytest.raises(StopError, match="--html cannot be written: No such file or directory"):
        write_page(tmp_path / "nowhere" / "plan.html", b"")


def test_a_title_cannot_break_out_of_the_head():
    page = document("runs", "</title><script>", {}, ()).decode()
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in page


@pytest.mark.long
def test_the_wheel_holds_what_pages_are_made_of(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, "."]
    run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    folder = ROOT / "target_crm" / "pages"
    files = {
        each.relative_to(ROOT).as_posix() for each in folder.rglob("*.*") if each.suffix in {".js", ".css", ".html"}
    }
    assert len(files) > 10
    assert files <= held
