"""The first look of somebody who installed the package."""

from __future__ import annotations

import os
import subprocess


def test_the_demo_copies_an_account_and_creates_each_contact_once(program, tmp_path):
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "HOME": str(tmp_path),
        "TARGET_CRM_API_KEY": "of-another-account",
    }
    done = subprocess.run([program("singer-crm"), "demo"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "The first run created 8 records, the second nothing." in done.stdout
    assert "people 100" in done.stdout
    assert "unknown_name, for example emi@sakura.example" in done.stderr
    assert "1 record is rejected and kept\n" in done.stderr, "without a command: what it names goes with the demo"
    assert list(tmp_path.iterdir()) == []


def test_the_demo_says_what_is_not_installed(program, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python").symlink_to(os.path.realpath(program("python")))
    words = "import sys; sys.executable = sys.argv.pop(1); from target_crm.cli.main import main; main()"
    done = subprocess.run(
        [program("python"), "-c", words, str(folder / "python"), "demo"],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "crm-emulator is not installed" in done.stderr
    assert "Traceback" not in done.stderr
