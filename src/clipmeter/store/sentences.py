"""Why a database cannot be used, in a sentence for the operator. Callers of the API are told less."""

import apsw

from clipmeter.errors import Problem, ServiceUnavailable

_RIGHTS = "look at the rights of the file and of its folder, and whether the disk is mounted read-only"
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (apsw.ReadOnlyError, f"it is read-only; {_RIGHTS}"),
    (apsw.CantOpenError, f"it cannot be opened; {_RIGHTS}"),
    (apsw.FullError, "its disk is full"),
    (apsw.IOError, "its disk does not read or write as it should"),
    (apsw.NotADBError, "it is no SQLite database"),
    (apsw.CorruptError, "it is damaged; put a backup back (docs/backup.md)"),
    (apsw.BusyError, "another process has kept it locked for too long"),
)


def explain(problem: Problem, database: str) -> str:
    """What is wrong, for who runs `clipmeter`. `database`: how the database is called."""
    if not isinstance(problem, ServiceUnavailable) or problem.message != type(problem)().message:
        return problem.message  # a sentence of its own
    return f"The database {database} cannot be used: {_reason(problem) or problem.message}."


def _reason(problem: Problem) -> str:
    cause: BaseException | None = problem
    while cause is not None:
        for kind, words in _WORDS:
            if isinstance(cause, kind):
                return f"{words} ({cause})"
        if isinstance(cause, OSError):
            return cause.strerror or str(cause)
        cause = cause.__cause__
    return problem.sign
