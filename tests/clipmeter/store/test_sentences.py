"""What is said when a database cannot be used."""

import apsw
import pytest

from clipmeter.errors import BillingError, NotFound, ServiceUnavailable
from clipmeter.store.sentences import explain
from clipmeter.store.session import in_our_words


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (apsw.ReadOnlyError("attempt to write a readonly database"), "read-only"),
        (apsw.CantOpenError("unable to open database file"), "cannot be opened"),
        (apsw.FullError("database or disk is full"), "its disk is full"),
        (apsw.IOError("disk I/O error"), "its disk"),
        (apsw.NotADBError("file is not a database"), "no SQLite database"),
        (apsw.CorruptError("malformed"), "backup"),
        (apsw.BusyError("database is locked"), "another process"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_cause_has_its_words(error, word):
    """The sentence names the database, what is wrong with it, and where there is one the way out."""
    said = explain(in_our_words(error), "/data/clipmeter.db")
    assert said.startswith("The database /data/clipmeter.db cannot be used: ")
    assert word in said
    assert said.endswith(".")


def test_what_has_words_of_its_own():
    """A problem with a sentence keeps it; one without says what was seen."""
    assert explain(ServiceUnavailable("The disk sleeps."), "x") == "The disk sleeps."
    assert explain(NotFound(), "x") == NotFound().message
    assert explain(BillingError(sign="odd"), "x") == BillingError().message
    assert explain(ServiceUnavailable(sign="the database file was replaced"), "x") == (
        "The database x cannot be used: the database file was replaced."
    )
