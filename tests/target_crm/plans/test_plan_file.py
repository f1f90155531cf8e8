"""A plan's file says what it is, and none that was cut off, edited or is too old passes for sound."""

import json
import stat
import tempfile
from codecs import BOM_UTF8
from dataclasses import asdict, replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, strategies

from target_crm.plans.plan_file import PlanFileError, PlanHeader, PlanLine, made_now, read_plan, write_plan

NOON = 1_796_040_000.0
HEADER = PlanHeader(
    plan_id="0123456789abcdef0123456789abcdef",
    made_at=made_now(NOON),
    program="0.1.0",
    run_id="a-run",
    crm="copper",
    account="7",
    account_name="Acme",
    counts={"people": {"create": 1, "update": 1, "unchanged": 5}, "deals": {"unchanged": 2}},
    schemas={"s": '{"type": "SCHEMA"}'},
)
LINES = [
    PlanLine(stream="people", source_id="1", object="people", action="create", carry={"message": '{"a": 1.50}'}),
    PlanLine(
        stream="people",
        source_id="2",
        object="people",
        action="update",
        crm_id=99,
        fields=[{"name": "title", "current": "CEO", "new": Decimal("1.50")}],
        seen="ab",
        written={"run_id": "another", "at": Decimal("1700000000.25")},
        waits_on=[("companies", "4")],
    ),
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plan.jsonl"
    write_plan(path, HEADER, LINES)
    return path


def plain(line):
    return json.loads(json.dumps({**asdict(line), "line": "", "number": 0}, default=str))


def refusal(path, **options):
    with pytest.raises(PlanFileError) as error:
        read_plan(path, **options)
    assert error.value.exit == 2
    assert "\n" not in error.value.sentence
    assert "Nothing was sent" in error.value.sentence
    return error.value.sentence


def test_a_plan_is_read_as_it_was_written_and_only_its_owner_can(file):
    plan = read_plan(file)
    assert plan.header == replace(HEADER, lines=2)
    assert [plain(line) for line in plan.lines] == [plain(line) for line in LINES]
    assert [line.number for line in plan.lines] == [1, 2]
    assert plan.sha256 == sha256(file.read_bytes()).hexdigest()
    assert plan.header.totals["unchanged"] == 7
    assert plan.removed == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text().splitlines()[0])["singer_crm_plan"] == 1


def test_lines_may_be_removed_moved_and_spaced_otherwise(file):
    head, first, second, end = file.read_text().splitlines()
    file.write_text(
        "\n".join(
            [
                head,
                json.dumps(json.loads(second, parse_float=str), sort_keys=True)
                .replace('"1.50"', "1.50")
                .replace('"1700000000.25"', "1700000000.25"),
                "",
                first,
                end,
            ]
        )
    )
    assert [line.source_id for line in read_plan(file).lines] == ["1", "2"]
    file.write_text(f"{head}\n{second}\n{end}")
    plan = read_plan(file)
    assert [line.source_id for line in plan.lines] == ["2"]
    assert plan.removed == 1


def test_what_an_editor_does_to_a_file_and_what_follows_it_make_no_other_plan(file):
    content = file.read_bytes()
    file.write_bytes(BOM_UTF8 + content.replace(b"\n", b"\r\n"))
    plan = read_plan(file)
    assert [line.source_id for line in plan.lines] == ["1", "2"]
    assert plan.sha256 == sha256(file.read_bytes()).hexdigest()
    for more in (b"more", b"\0", b"{}", content):
        file.write_bytes(content + more)
        assert "goes on behind its end, on line 5" in refusal(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"made_at": "yesterday"}, "says that it was made at 'yesterday', which is no time"),
        ({"counts": {"people": 7}}, "was made by another program than singer-crm: Expected `object`"),
    ],
)
def test_a_first_line_whose_digest_fits_and_whose_values_cannot_be_is_refused(file, change, said):
    write_plan(file, replace(HEADER, **change), LINES)
    assert said in refusal(file)


def test_a_line_whose_digest_fits_and_whose_values_cannot_be_is_refused(file):
    write_plan(file, HEADER, [replace(LINES[0], waits_on=[("companies",)])])
    assert "was made by another program than singer-crm: Expected `array` of length 2" in refusal(file)


def test_a_file_that_is_missing_empty_or_no_plan_is_refused(file, tmp_path):
    assert "cannot be read: No such file" in refusal(tmp_path / "none")
    assert "cannot be read" in refusal(tmp_path)
    file.write_bytes(b"")
    assert "is empty" in refusal(file)
    for text in ("[]", "{}", "x", '{"type": "RECORD"}\n', "\0\xff", '{"singer_crm_plan_of": 1}', "[" * 100_000):
        file.write_text(text)
        assert "is not a plan of singer-crm" in refusal(file), text[:40]


def test_a_plan_of_another_version_is_refused(file):
    file.write_text(file.read_text().replace('"singer_crm_plan":1', '"singer_crm_plan":2'))
    assert "version 2, and this singer-crm reads version 1" in refusal(file)


@given(part=strategies.floats(0, 1))
def test_a_plan_that_is_cut_off_anywhere_is_refused(part):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.jsonl"
        write_plan(path, HEADER, LINES)
        content = path.read_bytes()
        path.write_bytes(content[: int(part * (len(content) - 2))])
        assert any(words in refusal(path) for words in ("was cut off", "is empty"))


@pytest.mark.parametrize("line", [1, 2])
def test_a_line_that_was_edited_is_refused(file, line):
    lines = file.read_text().splitlines()
    lines[line] = lines[line].replace('"people"', '"leads"')
    file.write_text("\n".join(lines))
    assert f"was edited or is of another plan: line {line + 1}" in refusal(file)


def test_a_first_line_that_was_edited_is_refused(file):
    file.write_text(file.read_text().replace('"account":"7"', '"account":"8"'))
    assert "was edited in its first line" in refusal(file)


def test_a_line_of_another_plan_or_one_twice_is_refused(file, tmp_path):
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:2], *lines[1:]]))
    assert "holds a line twice: line 3" in refusal(file)
    other = tmp_path / "other.jsonl"
    write_plan(other, replace(HEADER, plan_id="f" * 32), LINES)
    file.write_text("\n".join([*lines[:2], other.read_text().splitlines()[2], lines[-1]]))
    assert "is of another plan: line 3" in refusal(file)
    file.write_text("\n".join([*lines, lines[1]]))
    assert "goes on behind its end, on line 5" in refusal(file)


def test_a_plan_that_is_too_old_is_refused(file):
    assert read_plan(file, max_age_seconds=3600, clock=lambda: NOON + 3600)
    assert "3 hours ago: --max-age allows less" in refusal(
        file, max_age_seconds=3600, clock=lambda: NOON + 3 * 3600 + 5
    )
    assert "still to come" in refusal(file, max_age_seconds=3600, clock=lambda: NOON - 301)


def test_a_plan_holds_whatever_records_hold(file):
    odd = {"text": "half \ud800 \u2028 \0", "number": Decimal("1E+400"), "deep": [{"": None}]}
    write_plan(file, HEADER, [replace(LINES[0], fields=[{"name": "n", "new": odd}])])
    (line,) = read_plan(file).lines
    assert line.fields[0]["new"] == {**odd, "text": "half \\ud800 \u2028 \\u0000"}
    assert write_plan(file, HEADER, []) is None
    assert read_plan(file).lines == []
