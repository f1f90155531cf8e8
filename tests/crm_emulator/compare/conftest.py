import pytest

from crm_emulator.__main__ import main
from tests.crm_emulator.compare.recorder import Recorder


@pytest.fixture
def compare(capsys, tmp_path):
    """Compare a recording; return the exit status and what was printed."""

    def compare(recorder, *options):
        path = recorder.save(tmp_path) if isinstance(recorder, Recorder) else str(recorder)
        with pytest.raises(SystemExit) as caught:
            main(["compare", path, *options])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return caught.value.code, printed.out + printed.err

    return compare
