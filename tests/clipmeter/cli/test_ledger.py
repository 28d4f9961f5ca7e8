"""`ledger show`, `export` and `verify`: the same rows in every form, by account, month and state."""

import csv
import io
import json
import re
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import apsw
import pyarrow.parquet
import pytest

from clipmeter.cli.export import COLUMNS
from served import CLIPMETER, clean_environ, run_clipmeter

ROWS = 1_200
"""More than two pages, over three months and two accounts."""
MONTHS = ("2026-08", "2026-09", "2026-10")
STATES = ("posted", "posted", "voided", "expired")


def at(number):
    """When row `number` was admitted; the first and the last micro-second of each month are among them."""
    month = 8 + number % 3
    begin = int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) * 1_000_000
    end = int(datetime(2026, month + 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    return begin if number < 3 else end - 1 if number < 6 else begin + number * 1_234_567_891 % (end - begin)


def row(number):
    moment, state = at(number), STATES[number % 4]
    day = datetime.fromtimestamp(moment // 1_000_000, UTC).strftime("%Y-%m-%d")
    paid = state == "posted"
    account = "acct_b" if number % 2 else "acct_a"
    video_id = None if number % 5 == 0 else str(number)
    fixed = (account, f"req_{moment // 1_000:012x}{number:06}", "tiktok_video", "key_1", video_id)
    money = ("paid", 6_000 if paid else 0, 0, 3)
    return (*fixed, *money, day[:7], day, state, "" if paid else "not_found", "n", moment, moment, moment + 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose ledger was filled by hand, with its sums."""
    home = tmp_path_factory.mktemp("ledger") / "home"
    run_clipmeter(home, "accounts", "list")
    with closing(apsw.Connection(str(home / "clipmeter.db"))) as connection, connection:
        for name in ("acct_a", "acct_b"):
            connection.execute(
                "INSERT INTO accounts (account_id, email, kind, status, payment, created_at)"
                " VALUES (?, ?, 'user', 'active', 'invoice', 0)",
                (name, f"{name}@example.org"),
            )
        connection.executemany(
            "INSERT INTO requests (account_id, request_id, endpoint, key_id, video_id, kind, price_micros, free_limit,"
            " slot_limit, month, day, state, reason, node_id, deadline, admitted_at, ended_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [row(number) for number in range(ROWS)],
        )
        connection.execute(
            "INSERT INTO usage SELECT account_id, endpoint, month, 0, COUNT(*), 0, 0, SUM(price_micros) FROM requests"
            " WHERE state = 'posted' GROUP BY 1, 2, 3"
        )
        connection.execute(
            "INSERT INTO spend SELECT account_id, day, key_id, SUM(price_micros) FROM requests"
            " WHERE state = 'posted' GROUP BY 1, 2, 3"
        )
    return home


def wanted(account="", month="", state=""):
    rows = [row(number) for number in range(ROWS)]
    found = [r for r in rows if account in {"", r[0]} and month in {"", r[9]} and state in {"", r[11]}]
    return sorted((r[0], r[15], r[1]) for r in found)


@pytest.mark.parametrize("month", ["", *MONTHS, "2026-07"])
@pytest.mark.parametrize("account", ["", "acct_a"])
def test_show_by_account_and_month(home, account, month):
    """Each row is in its account's and month's list, once, oldest first; the very first and last moment too."""
    options = [*(["--account", account] if account else []), *(["--month", month] if month else [])]
    rows = json.loads(run_clipmeter(home, "ledger", "show", "--json", *options).stdout)
    assert [(r["account_id"], r["admitted_at"], r["request_id"]) for r in rows] == wanted(account, month)


def test_show_by_state(home):
    """--state leaves what is not so out; without --json the newest so many are shown."""
    rows = json.loads(run_clipmeter(home, "ledger", "show", "--json", "--state", "expired").stdout)
    assert len(rows) == len(wanted(state="expired"))
    shown = run_clipmeter(home, "ledger", "show", "--state", "voided", "--account", "acct_a", "--limit", "3").stdout
    newest = wanted("acct_a", state="voided")[-3:]
    assert re.findall(r"req_\w+", shown) == [name for _, _, name in newest]
    assert "$0.000000" in shown
    assert run_clipmeter(home, "ledger", "show", "--month", "2020-01").stdout == "There are no such rows.\n"


def exported(home, file, *options):
    done = run_clipmeter(home, "ledger", "export", "-o", str(file), *options)
    assert done.returncode == 0, done.stderr
    return done


def test_three_formats_are_one_ledger(home, tmp_path):
    """CSV, JSON lines and Parquet have the same columns, rows and values; money whole, times ISO 8601 in UTC."""
    for ending in ("csv", "jsonl", "parquet"):
        assert f"{ROWS:,} rows in" in exported(home, tmp_path / f"x.{ending}").stdout
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert {tuple(line) for line in lines} == {COLUMNS}
    assert [(line["account_id"], line["request_id"]) for line in lines] == [(a, name) for a, _, name in wanted()]
    with (tmp_path / "x.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert table == [{name: "" if v is None else str(v) for name, v in line.items()} for line in lines]
    parquet = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    assert str(parquet.schema.field("price_micros").type) == "int64"
    assert str(parquet.schema.field("admitted_at").type) == "timestamp[us, tz=UTC]"

    def written(value):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value

    assert [{name: written(v) for name, v in r.items()} for r in parquet.to_pylist()] == lines
    first = lines[0]
    assert first["admitted_at"] == datetime.fromtimestamp(wanted()[0][1] // 10**6, UTC).strftime(
        "%Y-%m-%dT%H:%M:%S.000000Z"
    )
    assert sum(line["price_micros"] for line in lines) == len(wanted(state="posted")) * 6_000


def test_export_of_a_month_to_stdout(home):
    """Without -o it goes to stdout, with nothing else; --format says how."""
    done = run_clipmeter(home, "ledger", "export", "--account", "acct_b@example.org", "--month", "2026-09")
    assert done.stderr == ""
    assert len(list(csv.DictReader(io.StringIO(done.stdout)))) == len(wanted("acct_b", "2026-09"))
    done = run_clipmeter(home, "ledger", "export", "--format", "jsonl", "--month", "2020-01")
    assert (done.returncode, done.stdout) == (0, "")


def test_export_replaces_a_file_only_when_it_is_whole(home, tmp_path):
    """A failed export leaves what was there; a good one replaces it, and leaves nothing beside it."""
    file = tmp_path / "x.csv"
    file.write_text("mine")
    assert run_clipmeter(home, "ledger", "export", "-o", str(file), "--month", "soon").returncode == 1
    assert file.read_text() == "mine"
    exported(home, file, "--month", "2026-09")
    assert file.read_text().startswith("account_id,")
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (("-o", "x.pdf"), 2, "--format csv, jsonl or parquet"),
        (("--format", "parquet"), 2, "-o"),
        (("-o", "/nowhere/x.csv"), 1, "no folder /nowhere"),
        (("--month", "2026-13"), 1, "YYYY-MM"),
        (("--account", "nobody"), 1, "there is no account"),
    ],
    ids=str,
)
def test_exports_that_cannot_be(home, options, status, word):
    """Each mistake is one sentence."""
    done = run_clipmeter(home, "ledger", "export", *options)
    assert (done.returncode, done.stdout) == (status, "")
    assert re.fullmatch(r"clipmeter: .+\n", done.stderr)
    assert word in done.stderr


def test_parquet_without_its_package(home, tmp_path):
    """Without pyarrow the sentence says what to install, and no file is left."""
    (tmp_path / "pyarrow.py").write_text("raise ImportError")
    environ = {**clean_environ(home), "PYTHONPATH": str(tmp_path)}
    command = [*CLIPMETER, "ledger", "export", "-o", str(tmp_path / "x.parquet")]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'clipmeter[parquet]'" in done.stderr
    assert not list(tmp_path.glob("*x.parquet*"))


def test_a_reader_who_leaves(home):
    """`export | head` ends quietly."""
    command = [*CLIPMETER, "ledger", "export"]
    with subprocess.Popen(command, env=clean_environ(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writing:
        writing.stdout.readline()
        writing.stdout.close()
        assert b"Traceback" not in writing.stderr.read()


def test_verify_says_what_it_looked_at(home):
    """The verdict names how many checks and rows there were; violations are counted."""
    done = run_clipmeter(home, "ledger", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"clean: \d+ checks of {ROWS:,} rows; every invariant holds\n", done.stdout)


def test_verify_finds_what_is_wrong(home, tmp_path):
    """A ledger with a changed row is not clean: exit status 1, and the rows with --json too."""
    copy = tmp_path / "home"
    copy.mkdir()
    run_clipmeter(home, "backup", str(copy / "clipmeter.db"))
    (copy / "secret").write_text((home / "secret").read_text())
    with closing(apsw.Connection(str(copy / "clipmeter.db"))) as connection:
        connection.execute("UPDATE requests SET price_micros = 5999 WHERE request_id LIKE '%000000'")
    done = run_clipmeter(copy, "ledger", "verify")
    assert done.returncode == 1
    assert f"2 violations in {ROWS:,} rows" in done.stdout
    assert {found["invariant"] for found in json.loads(run_clipmeter(copy, "ledger", "verify", "--json").stdout)} == {
        "I8"
    }
    done = run_clipmeter(copy, "backup", str(tmp_path / "again.db"))
    assert done.returncode == 1
    assert "2 violations of invariants" in done.stdout


def test_progress_is_for_terminals(home):
    """On a terminal each check is shown while it runs, on stderr; the verdict stays alone on stdout."""
    script = f"stty cols 100; {sys.executable} -m clipmeter ledger verify >{home.parent}/said"
    environ = {name: value for name, value in clean_environ(home).items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    done = subprocess.run(["script", "-qec", script, "/dev/null"], env=environ, capture_output=True, check=False)
    assert f"{ROWS:,} rows".encode() in done.stdout
    assert (home.parent / "said").read_text().startswith("clean: ")
