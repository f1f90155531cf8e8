"""The checks of the house see what they are there for, each in a made-up tree, and what is sound passes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "checks" / "house.py"
SOUND = {
    "pyproject.toml": "[tool.importlinter]\n",
    "target_crm/engine/run.py": "class Run:\n    ledger: int\n",
    "target_crm/report/books.py": """
        class Books:
            def ended(self, stream: str) -> None: ...
            def total(self) -> int: ...
    """,
}


@pytest.fixture(scope="module")
def house() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def amiss(house, tmp_path):
    def of_tree(files: dict[str, str]) -> list[str]:
        for path, text in (SOUND | files).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(dedent(text))
        house.tree_of.cache_clear()
        return house.amiss(tmp_path)

    return of_tree


def test_a_sound_house_passes(amiss):
    assert amiss({"crm_api/copper/crm.py": '"""Reaches Copper."""\nfrom crm_api import errors\n'}) == []


def test_too_many_files_in_a_package_folder_are_counted_without_its_init(amiss):
    files = {f"crm_api/m{number}.py": "" for number in range(14)} | {"crm_api/__init__.py": ""}

    assert amiss(files) == []
    (line,) = amiss({"crm_api/one_more.py": ""})
    assert line.startswith("crm_api: 15 Python files lie directly in the folder and 14 may; move ")


def test_a_circle_is_found_with_the_files_in_it_and_no_others(amiss):
    files = {
        "tap_copper/tap.py": "from tap_copper import streams\n",
        "tap_copper/streams.py": "from tap_copper.search.reader import Reader\n",
        "tap_copper/search/reader.py": "import tap_copper.search.window\n",
        "tap_copper/search/window.py": "from tap_copper.streams import STREAMS\n",
    }

    (line,) = amiss(files)
    circle = "tap_copper/search/reader.py, tap_copper/search/window.py, tap_copper/streams.py"
    assert line.startswith(f"tap_copper: {circle} import each other; move ")


@pytest.mark.parametrize(
    "back",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from target_crm.target import TargetCrm\n",
        "def later():\n    from target_crm.target import TargetCrm\n",
    ],
    ids=["for an annotation", "inside a function"],
)
def test_a_circle_counts_that_is_closed_only(amiss, back):
    (line,) = amiss({"target_crm/target.py": "import target_crm.sinks\n", "target_crm/sinks.py": back})

    assert line.startswith("target_crm: target_crm/sinks.py, target_crm/target.py import each other; move ")


def test_the_emulator_may_have_two_circles(amiss):
    def circle(name: str) -> dict[str, str]:
        first, second = f"crm_emulator/{name}/a.py", f"crm_emulator/{name}/b.py"
        return {first: f"import crm_emulator.{name}.b\n", second: f"import crm_emulator.{name}.a\n"}

    assert amiss(circle("copper") | circle("freshsales")) == []
    lines = amiss(circle("apptivo"))
    assert len(lines) == 3
    assert all("(3 circles, and 2 may be)" in line for line in lines)


def test_an_exception_to_an_import_contract_is_named(amiss):
    contracts = '[[tool.importlinter.contracts]]\nname = "x"\nignore_imports = ["a.b -> a.c"]\n'

    (line,) = amiss({"pyproject.toml": contracts})
    assert line.startswith("pyproject.toml: remove the exception 'a.b -> a.c' from ignore_imports")


@pytest.mark.parametrize(
    "text",
    [
        "class OutcomeKeeper: ...\n",
        "def outcome_keeper(): ...\n",
        "def f(keeper): ...\n",
        "f(keeper=1)\n",
        "from somewhere import records as keeper\n",
        '"""Asks the keeper."""\n',
        'a = 1\n"""Of the keeper."""\n',
    ],
)
def test_a_private_word_is_found_in_names_and_docstrings(amiss, text):
    (line,) = amiss({"crm_api/values.py": text})

    assert line.startswith(("crm_api/values.py:1: re", "crm_api/values.py:2: re"))
    assert line.endswith("for 'keeper' the house says outcome recorder.")


def test_a_private_word_is_found_in_the_name_of_a_file(amiss):
    (line,) = amiss({"crm_api/shelf.py": ""})

    assert line == "crm_api/shelf.py:1: rename shelf; for 'shelf' the house says held records."


def test_a_parameter_named_of_is_found(amiss):
    (line,) = amiss({"crm_api/values.py": "def f(of): ...\n"})

    assert line.startswith("crm_api/values.py:1: rename the parameter of;")


def test_english_words_and_those_of_the_field_pass(amiss):
    text = '''
        """Lets several requests be in flight together, and is misnamed by nobody who reads crowdsourced text."""
        IN_FLIGHT = 16
        class InFlight: ...
        def gateway(delegate, bookkeeper): ...
        "the keeper is data here".split()
    '''

    lines = amiss({"crm_api/values.py": text})
    assert [line.partition("; ")[2] for line in lines] == ["for 'misnamed' the house says unknown fields."]


@pytest.mark.parametrize("begin", ["What", "Likewise", "As above", "The same"])
def test_a_docstring_that_begins_with_a_riddle_is_found(amiss, begin):
    (line,) = amiss({"crm_api/values.py": f'def f():\n    """{begin} comes in."""\n'})

    assert line.startswith(f"crm_api/values.py:2: the docstring begins with '{begin}'; begin with a verb")


def test_an_argument_that_is_explained_by_another_is_found(amiss):
    text = '''
        def f(first, second):
            """Add.

            Args:
                first: A number.
                second: Likewise.
            """
    '''

    (line,) = amiss({"crm_api/values.py": text})
    assert line.endswith("the docstring explains second with 'Likewise'; say in full what it is.")


def test_a_long_file_needs_a_reason_and_a_reason_needs_a_long_file(house, amiss, monkeypatch):
    (line,) = amiss({"crm_api/long.py": "\n" * 401})
    assert line.startswith("crm_api/long.py: 401 lines, and 400 may be; divide the file")

    monkeypatch.setattr(house, "LONGER_FILES", {"crm_api/long.py": "a table"})
    assert amiss({}) == []
    (line,) = amiss({"crm_api/long.py": "\n" * 400})
    assert line.endswith("remove its entry from LONGER_FILES.")


def test_a_run_has_ten_fields_and_no_more(amiss):
    run = "class Run:\n" + "".join(f"    f{number}: int\n" for number in range(11))

    (line,) = amiss({"target_crm/engine/run.py": run})
    assert line.startswith("target_crm/engine/run.py: Run has 11 fields, and 10 may be; keep ")


@pytest.mark.parametrize(
    "call",
    [
        "def f(run):\n    run.books.ended('people')\n",
        "def f(self):\n    self._books.ended('people')\n",
        "def f(counts: Books):\n    counts.ended('people')\n",
        "def f(counts: 'Books | None'):\n    counts.ended('people')\n",
        "counts: Books = made()\ncounts.ended('people')\n",
        "counts = Books()\ncounts.ended('people')\n",
        "def f(run):\n    counts = run.books\n    counts.ended('people')\n",
        "class A:\n    def f(self):\n        self.counts = Books()\n        self.counts.ended('people')\n",
    ],
)
def test_only_the_outcome_recorder_counts(amiss, call):
    assert amiss({"target_crm/engine/outcome_recorder.py": call}) == []

    (line,) = amiss({"target_crm/engine/deletes.py": call})
    assert line.startswith("target_crm/engine/deletes.py:")
    assert "calls ended of the books; tell the OutcomeRecorder" in line


def test_whoever_reads_the_books_or_ends_something_else_passes(amiss):
    assert amiss({"target_crm/report/summary.py": "def f(books, run):\n    books.total()\n    run.ended()\n"}) == []


def test_a_class_that_is_no_longer_where_the_checks_look_is_told(amiss):
    lines = amiss({"target_crm/engine/run.py": "", "target_crm/report/books.py": ""})

    assert [line.partition("; ")[0] for line in lines] == [
        "checks/house.py: there is no class Run in target_crm/engine/run.py",
        "checks/house.py: there is no class Books in target_crm/report/books.py",
    ]
