"""`clipmeter backup` and `clipmeter migrate`: the database as a whole."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from clipmeter.billing.ledger import Ledger
from clipmeter.billing.verify import Looking
from clipmeter.books import open_store
from clipmeter.cli.ledger import watched
from clipmeter.cli.show import counted, err, fail, out, say
from clipmeter.settings import Settings
from clipmeter.store.backup import check, copy, place, schema_of
from clipmeter.store.named import migrations
from clipmeter.store.recordsfile import records_file
from clipmeter.store.sqlite import SqliteStore

POSTGRESQL = (
    "this database is a PostgreSQL, which has better means of its own: `pg_dump -Fc -d URL -f FILE` for a copy of one "
    "moment, and continuous archiving (pg_basebackup with WAL archiving) to go back to any moment. See docs/backup.md."
)


def back_up(settings: Settings, file: Path) -> int:
    """Copy the database and the records beside it, check the copies, say what is in them; the exit status."""
    source = settings.database_path
    if source is None:
        fail(POSTGRESQL, 2)
    if not source.is_file():
        fail(f"there is no database at {source}.")
    for target in (file, records_file(file)):
        if target.exists():
            fail(f"{target} is there already; a backup overwrites nothing.")
    if not file.absolute().parent.is_dir():
        fail(f"there is no folder {file.parent}.")
    status = _copied(source, file, _say_what_is_in)
    if records_file(source).is_file():
        _copied(records_file(source), records_file(file), _say_records)
    secret = settings.home / "secret"
    where = f"in {secret}" if secret.exists() else "in CLIPMETER_SECRET"
    out.print(
        f"Its API keys work only with the secret that is {where} now: keep that too, in another place.", soft_wrap=True
    )
    return status


def _copied(source: Path, file: Path, look: Callable[[Path, Path], int]) -> int:
    """Copy one file, checked, whole or not at all. `look`: says what is in it; its exit status."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with _bar(f"copying {source.name}") as told:
            copy(source, draft, told)
        with _bar("checking the copy"):
            check(draft)
        status = look(draft, file)
        place(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    return status


def _say_records(draft: Path, file: Path) -> int:
    size = f"{draft.stat().st_size / 1e6:,.1f} MB"
    out.print(f"{file}: {size}, the request log and statistics; the copy is sound.", soft_wrap=True, markup=False)
    return 0


def _say_what_is_in(draft: Path, file: Path) -> int:
    have, newest = schema_of(draft), migrations()[-1][0]
    about = f"{file}: {draft.stat().st_size / 1e6:,.1f} MB, schema {have}"
    if have != newest:
        out.print(f"{about}; the copy is sound. Its rows were not checked, since the newest schema is {newest}.")
        return 0
    last = Looking("", "", 0, 0, 0)

    def hear(looking: Looking) -> None:
        nonlocal last
        last = looking
        told(looking)

    with watched() as told:
        violations = asyncio.run(Ledger(SqliteStore(draft), {}).verify(hear))
    verdict = "every invariant holds" if not violations else f"{counted(len(violations), 'violation')} of invariants"
    out.print(f"{about}, {counted(last.rows, 'row')}; the copy is sound, {verdict}.", soft_wrap=True, markup=False)
    if violations:
        say("The copy is as good as the database itself, which is not clean; see: clipmeter ledger verify")
    return 1 if violations else 0


def migrate(settings: Settings, *, check_only: bool) -> int:
    """Bring the schema up to date, or only say whether it is; the exit status."""
    store = open_store(settings)
    if check_only:
        have, newest = asyncio.run(store.schema())
        out.print(f"{settings.database_name}: {_named(have)}; the newest is {newest}.", soft_wrap=True, markup=False)
        return 0 if have == newest else 1
    before, after = asyncio.run(store.migrate())
    done = "nothing to do" if before == after else f"now schema {after}"
    out.print(f"{settings.database_name}: {_named(before)}; {done}.", soft_wrap=True, markup=False)
    return 0


def _named(version: int) -> str:
    return f"schema {version}" if version else "no schema yet"


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left, on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
