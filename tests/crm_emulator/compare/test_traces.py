"""The plugins' debug trace as a recording."""

import json

import pytest

from crm_api.errors import BODY_CHARACTERS
from crm_emulator import Emulator
from crm_emulator.compare.trace import CUT_CHARACTERS
from tests.tap_copper.running import run_program, selecting, settings_of

PLACE = "2026-11-30 11:46:27,236 | DEBUG    | crm_api.session                | "


def test_the_trace_of_a_real_run_is_compared(compare, tmp_path):
    assert CUT_CHARACTERS == BODY_CHARACTERS
    with Emulator(seed=2, people=30, opportunities=20) as emulator:
        streams = {"catalog": selecting("people", "opportunities", "pipelines")}
        settings = settings_of(emulator, log_values=True)
        output = run_program(tmp_path, settings, files=streams, level="DEBUG")
    path = tmp_path / "trace.log"
    path.write_text(output.said, encoding="utf-8")
    code, printed = compare(path)
    assert code == 0, printed
    for said in (
        "copper: POST /people/search",
        "copper: GET /pipelines (1 request",
        "beyond what was recorded of it",
    ):
        assert said in printed


CUT = (
    '2026-11-30 11:46:27,236 | DEBUG    | crm_api.session                | GET /contact_types: 200, 60 bytes; sent; '
    'got [{"id":451490,"name":"Secret","rank":1},{"id":4514\n'
    "2026-11-30 11:46:27,236 | INFO     | tap-copper                     | something else\n"
    "2026-11-30 11:46:28,236 | DEBUG    | crm_api.session                | GET /account: 200, 60 bytes\n"
)  # fmt: skip


def test_a_debug_trace_is_compared_as_far_as_it_shows_bodies(compare, tmp_path):
    cut = CUT.replace("[{", "[" + '{"id":451490,"name":"Secret"},' * 200 + "{", 1)
    path = tmp_path / "trace.log"
    for encoding in ("utf-8", "utf-16"):
        path.write_text(cut, encoding=encoding)
        code, printed = compare(path)
        assert code == 1, printed
        assert "[].rank: recorded (integer), missing here" in printed
        assert "not compared: the body of 1 answer beyond what was recorded of it" in printed
        assert "(log_values: true records it)" in printed
        assert "Secret" not in printed


TRACES = {
    "freshsales": "POST /contacts: 201, 21 bytes; sent {'include': 'sales_accounts'} "
    '{"contact":{"last_name":"O\'Secret"}}; got {"contact":{"id":31016358306,"hobby":"Secret"}}',
    "apptivo": "POST /contacts?a=save: 200, 10 bytes; sent  "
    """{'contactData': '{"lastName":"O\\'Secret"}'}; got {"contact":{"id":"21330001","hobby":null}}""",
}


@pytest.mark.parametrize("crm", TRACES)
def test_the_crm_of_a_trace_is_found_out_by_its_requests(compare, tmp_path, crm):
    path = tmp_path / "trace.log"
    path.write_text(PLACE + TRACES[crm], encoding="utf-8")
    code, printed = compare(path)
    assert code == 1, printed
    assert f"differs  {crm}: POST " in printed
    assert "contact.hobby: recorded" in printed
    assert " status: " not in printed
    assert "Secret" not in printed


SAID = 'GET /contact_types: 200, 60 bytes; sent; got [{"id":451490,\n "name":"Secret","rankx":1}]'
LOGS = {
    "of Meltano": f"2026-11-30T11:46:27Z [info     ] {PLACE}{SAID} cmd_type=extractor name=tap-copper run_id=a",
    "in colours": f"\x1b[2m2026-11-30T11:46:27Z\x1b[0m [info] {PLACE}{SAID} \x1b[36mname\x1b[0m=\x1b[35mtap\x1b[0m",
    "that is structured": json.dumps({"level": "debug", "message": SAID}),
    "of lines that end as Windows has them": f"{PLACE}{SAID}\r",
}


@pytest.mark.parametrize("name", LOGS)
def test_a_trace_is_read_in_whatever_log_it_stands(compare, tmp_path, name):
    path = tmp_path / "trace.log"
    path.write_text(f"{LOGS[name]}\n{PLACE}something else\n", encoding="utf-8")
    code, printed = compare(path)
    assert code == 1, printed
    assert "GET /contact_types (1 request, 1 record)\n  [].rankx: recorded (integer), missing here\n" in printed
    assert "Secret" not in printed
