"""The command, run as the process that users run."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest
import requests

from crm_emulator.__main__ import main


class Running:
    """The running command, with its first lines read."""

    def __init__(self, *options):
        command = [sys.executable, "-m", "crm_emulator", "--port", "0", *map(str, options)]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.lines = [self.process.stdout.readline().strip()]
        while not self.lines[-1].startswith("# control API"):
            self.lines.append(self.process.stdout.readline().strip())
        self.url = self.lines[0].removeprefix("crm-emulator listening on ")
        self.settings = next(json.loads(line) for line in self.lines if line.startswith("{"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end(signal.SIGTERM)

    def end(self, number):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=240)
        return self.process.returncode, out, err

    def ask(self, method, path, body=None):
        headers = {
            "X-PW-AccessToken": self.settings["api_key"],
            "X-PW-Application": "developer_api",
            "X-PW-UserEmail": self.settings["user_email"],
        }
        return requests.request(method, self.settings["base_url"] + path, json=body, headers=headers, timeout=120)

    def status(self):
        return requests.get(f"{self.url}/_emulator/status", timeout=120).json()

    def count(self, name):
        return self.status()["vendors"]["copper"]["records"][name]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop_and_ends_well(number):
    running = Running("--people", 3)
    assert running.ask("GET", "/account").status_code == 200
    assert running.end(number) == (0, "", "")


def test_it_prints_settings_that_work_for_both_plugins():
    with Running("--empty") as running:
        printed = [json.loads(line) for line in running.lines if line.startswith("{")]
        assert {"api_key", "user_email", "base_url"} == set(printed[0])
        assert printed[1]["crm"] == "copper"
        assert running.ask("GET", "/account").status_code == 200
        assert running.count("people") == 0


def test_options_say_how_many_and_what_trouble_and_what_behaviour():
    with Running(
        "--size", 20, "--tasks", 7, "--fault", "error:status=502,route=GET /account", "--switch", "leads_enabled=false",
        "--switch", "copper.tie_order=random", "--script", "GET /contact_types=ok;error:status=504", "--no-quota",
        "--log", "--seed", 3, "--skew-seconds", "-100", "--latency-seconds", "0.001",
    ) as running:  # fmt: skip
        assert (running.count("people"), running.count("tasks"), running.count("companies")) == (20, 7, 8)
        assert running.ask("GET", "/account").status_code == 502
        assert [running.ask("GET", "/contact_types").status_code for _ in range(3)] == [200, 504, 200]
        assert running.ask("POST", "/leads/search", {}).status_code == 403
        status = running.status()
        assert status["vendors"]["copper"]["switches"]["tie_order"] == "random"
        assert (status["seed"], status["vendors"]["copper"]["quota"]) == (3, [])
        _, _, logged = running.end(signal.SIGTERM)
        assert "GET /copper/developer_api/v1/account 502 latency+error\n" in logged


def test_the_vendors_rates_are_kept_unless_told_otherwise():
    with Running("--empty") as running:
        assert [rate["limit"] for rate in running.status()["vendors"]["copper"]["quota"]] == [180, 3]
    with Running("--empty", "--requests-per-minute", 1) as running:
        assert [running.ask("GET", "/account").status_code for _ in range(2)] == [200, 429]


def test_a_database_keeps_the_records_from_run_to_run(tmp_path):
    path = tmp_path / "state.sqlite"
    with Running("--db", path, "--people", 3) as running:
        running.ask("POST", "/people", {"name": "Ann"})
    with Running("--db", path, "--people", 9) as running:
        assert running.count("people") == 4


def refused(capsys, *options):
    with pytest.raises(SystemExit) as caught:
        main([*options])
    said = capsys.readouterr().err or f"{caught.value.code}\n"
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return caught.value.code, said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--prot", "1"], "unrecognized arguments: --prot"),
        (["--people", "many"], "--people"),
        (["--strict", "--lenient"], "not allowed with argument"),
        (["--accounts", "0"], "there can be 1 to 100 accounts, not 0"),
        (["--people", "-1"], "--people cannot be negative"),
        (["--port", "70000"], "--port"),
        (["--fault", "explode"], "'explode' is not a kind of trouble"),
        (["--script", "POST /people"], "must be ROUTE=STEP;STEP"),
        (["--script", "POST /people=explode"], "must be ROUTE=STEP;STEP"),
        (["--switch", "leads=true"], "copper has no switch 'leads'"),
        (["--switch", "leads_enabled=yes"], "true or false"),
        (["--switch", "search_ceiling=high"], "search_ceiling"),
        (["--switch", "hubspot.leads=true"], "hubspot"),
        (["--skew-seconds", "1e300"], "between the years 1970 and 9999"),
        (["--skew-seconds", "nan"], "between the years 1970 and 9999"),
        (["--latency-seconds", "nan"], "not nan"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_status_2(capsys, options, said):
    code, sentence = refused(capsys, *options)
    assert code == 2
    assert said in sentence


def test_beyond_this_machine_it_prints_the_token(monkeypatch):
    monkeypatch.setenv("CRM_EMULATOR_TOKEN", "of-the-team")
    with Running("--empty", "--listen", "0.0.0.0") as running:  # noqa: S104 - the claim itself
        assert "# token of the control API and the pages: of-the-team" in running.lines
        assert f"# pages, for the browser: {running.url}/?token=of-the-team" in running.lines
        assert running.lines[1] == "# and on every other address of this machine"
        headers = {"Authorization": "Bearer of-the-team"}
        assert requests.get(f"{running.url}/_emulator/status", headers=headers, timeout=120).status_code == 200


def test_strict_and_lenient_leave_the_last_word_to_a_switch():
    with Running("--empty", "--lenient", "--switch", "query_paging=false") as running:
        switches = running.status()["vendors"]["copper"]["switches"]
        assert (switches["oversized_page"], switches["query_paging"]) == ("clamp", False)


def test_a_switch_is_of_all_accounts_at_copper_unless_it_names_one():
    options = ["--empty", "--accounts", "2", "--switch", "https_only=false", "--switch", "copper_2.name_filter=partial"]
    with Running(*options, "--switch", "apptivo*.largest_page=5") as running:
        switches = {name: each["switches"] for name, each in running.status()["vendors"].items()}
    assert [switches[name]["https_only"] for name in ("copper", "copper_2")] == [False, False]
    assert [switches[name]["name_filter"] for name in ("copper", "copper_2")] == ["exact", "partial"]
    assert [switches[name]["largest_page"] for name in ("apptivo", "apptivo_2")] == [5, 5]


def test_with_several_accounts_it_prints_ids_and_keys_of_each():
    with Running("--empty", "--accounts", 2) as running:
        printed = [json.loads(line) for line in running.lines if line.startswith("{")]
        keys = [each["api_key"] for each in printed if "user_email" in each and "crm" not in each]
        assert (len(keys), keys[1][-2:]) == (2, "02")
        assert "# account 2, at Copper of id 193852" in running.lines
        assert "# in place of key and e-mail: Authorization: Bearer emulated-copper-access-token" in running.lines
        assert f"# pages, for the browser: {running.url}/" in running.lines
        running.settings["api_key"] = keys[1]
        assert running.ask("GET", "/account").json()["id"] == 193_852


def test_with_tls_it_prints_what_to_trust_and_how(tmp_path):
    with Running("--empty", "--tls", tmp_path / "certificates") as running:
        printed = dict(line.removeprefix("#   ").split(None, 1) for line in running.lines if "export " in line)
        assert set(printed) == {"requests:", "curl:", "Node:"}
        authority = printed["requests:"].removeprefix("export REQUESTS_CA_BUNDLE=")
        assert any("127.0.0.1 api.copper.com app.copper.com" in line for line in running.lines)
        assert requests.get(f"{running.url}/_emulator/status", verify=authority, timeout=120).status_code == 200


def test_certificates_that_cannot_be_kept_are_one_sentence_and_status_1(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as caught:
        main(["--empty", "--tls", str(tmp_path / "file")])
    assert str(caught.value.code) == f"crm-emulator: cannot keep the certificates in {tmp_path / 'file'}: File exists"


def test_an_address_of_another_machine_is_one_sentence_and_status_1():
    with pytest.raises(SystemExit) as caught:
        main(["--empty", "--listen", "203.0.113.7"])
    why = "this machine has no such address; choose another with --listen"
    assert str(caught.value.code) == f"crm-emulator: cannot listen on 203.0.113.7:8467: {why}"


def test_a_port_that_is_taken_is_one_sentence_and_status_1(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as caught:
            main(["--port", str(port), "--empty"])
    assert str(caught.value.code) == (
        f"crm-emulator: cannot listen on 127.0.0.1:{port}: the port is taken; choose another with --port"
    )
    assert capsys.readouterr().out == ""


def test_a_file_that_is_no_database_is_one_sentence_and_status_1(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database at all " * 50)
    with pytest.raises(SystemExit) as caught:
        main(["--db", str(path)])
    assert f"cannot use {path}" in str(caught.value.code)
    assert path.read_text().startswith("these are my notes")


def test_a_database_in_no_directory_is_one_sentence(tmp_path):
    with pytest.raises(SystemExit) as caught:
        main(["--db", str(tmp_path / "nowhere" / "state.sqlite")])
    assert "cannot use" in str(caught.value.code)


def test_a_missing_extra_is_one_sentence_that_names_it():
    hidden = "import sys; sys.modules['httptools'] = None; from crm_emulator.start import main; main()"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "crm-emulator needs httptools, which is not installed: pip install 'singer-crm[emulator]'\n"
