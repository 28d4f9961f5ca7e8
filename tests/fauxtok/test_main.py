import json
import re
import signal
import subprocess
import sys
from urllib.request import urlopen

import pytest

from fauxtok import __main__, proxy
from fauxtok.ids import table

FAUXTOK = [sys.executable, "-m", "fauxtok"]


def test_ids_are_printed(capsys):
    """`--ids` prints the documented ids as JSON and ends."""
    __main__.main(["--ids"])
    assert json.loads(capsys.readouterr().out) == table()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ready_line_and_clean_stop(sign):
    """One line says where it answers; SIGINT and SIGTERM end it with status 0 and no word of complaint."""
    with subprocess.Popen(
        [*FAUXTOK, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        found = re.fullmatch(r"fauxtok ready on (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None
        with urlopen(f"{found[1]}/__fauxtok/stats") as reply:  # noqa: S310 - our own address
            assert json.load(reply)["requests"] == 0
        process.send_signal(sign)
        rest, complaints = process.communicate(timeout=10)
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_a_taken_port_is_a_sentence(running):
    """A taken port ends the program with a sentence, not with a traceback."""
    with pytest.raises(SystemExit, match=r"fauxtok: .*in use"):
        __main__.main(["--port", str(running.port)])


def test_without_trustme(monkeypatch):
    """Without trustme the proxy says what to install."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(RuntimeError, match="pip install trustme"):
        proxy.certificate(None)
