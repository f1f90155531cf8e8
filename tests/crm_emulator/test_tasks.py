"""The pages of docs/emulator: each piece of code in them does what it says, in all three languages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from crm_emulator import Emulator
from tests.machine import find_program

PAGES = Path(__file__).parents[2] / "docs" / "emulator"
_CODE = re.compile(r"^```(python|javascript|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOKEN = "of-my-tests"


def run(language, code, folder, environment):
    bash, node = find_program("bash"), find_program("node")
    commands = {
        "python": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"]
        if "pytest" in code
        else [sys.executable, "test_page.py"],
        "javascript": [node, "--test" if "node:test" in code else "--trace-uncaught", "page.mjs"],
        "sh": [bash, "-euo", "pipefail", "page.sh"],
    }
    name = {"python": "test_page.py", "javascript": "page.mjs", "sh": "page.sh"}[language]
    (folder / name).write_text(code)
    ended = subprocess.run(
        commands[language], cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert ended.returncode == 0, (language, ended.stdout, ended.stderr)
    return ended.stdout


@pytest.mark.daily(one_of=4)
@pytest.mark.parametrize("page", sorted(each.stem for each in PAGES.glob("*.md")))
def test_the_code_of_a_page_runs_in_three_languages(page, tmp_path):
    text = (PAGES / f"{page}.md").read_text()
    pieces = _CODE.findall(text)
    assert [language for language, _ in pieces].count("python") >= 1
    assert {language for language, _ in pieces} == {"python", "javascript", "sh"}
    secure = {"tls": tmp_path / "certificates", "token": TOKEN} if "https://localhost" in text else {}
    with Emulator(empty=True, **secure) as emulator:
        emulator.copper.switches.https_only = False
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        if secure:
            headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
            body, ca = {"name": "Ann Lee"}, str(emulator.ca_file)
            people = f"{emulator.copper.base_url}/people"
            assert requests.post(people, json=body, headers=headers, verify=ca, timeout=120).status_code == 200
            environment |= {"CRM_EMULATOR_TOKEN": TOKEN, "CA_FILE": ca, "NODE_EXTRA_CA_CERTS": ca}
        for language, code in pieces:
            here = code.replace("http://127.0.0.1:8467", emulator.url)
            here = here.replace("https://localhost/", f"https://localhost:{emulator.port}/")
            run(language, here, tmp_path, environment)


def test_the_keys_in_the_pages_are_those_of_the_emulator():
    emulator = Emulator(empty=True)
    copper, freshsales = emulator.copper, emulator.freshsales
    text = "".join(each.read_text() for each in PAGES.glob("*.md"))
    assert f"Bearer {copper.access_token}" in text
    assert f"`{copper.api_key}`, `{copper.user_email}`" in text
    assert f"`{freshsales.api_key}`" in text
    emulator.close()
