"""The named queries of store/queries, read once.

-- name: admit_facts
-- What a decision about one request needs to know.
SELECT …
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CLOCK = ("now", "day", "month")
"""Values that the database's clock gives."""
VALUE = re.compile(r"(?<!:):([a-z_]+)\b")
_INTEGERS = """
    age_micros amount_cents batch before_time blocked bucket_a bucket_b bucket_c bucket_d bucket_e
    bucket_f bucket_g bucket_h bucket_i bucket_j bucket_k bucket_l by_hand carried_in_micros carried_out_micros
    cents charge_micros charged charged_micros claim_micros concurrency confirmed created_seconds credit_micros
    daily_limit days due_at exp_month exp_year faults fetched_at first_day free free_limit free_requests
    fresh_micros from_memory grace_micros hold_micros hour http_status idle_micros keep_micros key_limit keys
    last_at last_day life_micros limit_micros max_ms micros monthly_limit most now number on_day own paid
    patience_micros percent price_micros requests since since_micros size slack_micros slot_limit stale_micros
    status_class test threshold_micros ticket total_ms tries version wait_micros window_micros
"""
INTEGERS = frozenset(_INTEGERS.split())
"""Values that are whole numbers; all others are text."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One query: its text, what it is for, its values, and whether it may change rows."""

    name: str
    purpose: str
    sql: str
    values: tuple[str, ...]
    """Names of the values that the plan gives, each once."""
    writes: bool


@cache
def statements() -> dict[str, Statement]:
    """Every query by its name."""
    folder = files("clipmeter.store") / "queries"
    texts = [file.read_text(encoding="utf8") for file in folder.iterdir() if file.name.endswith(".sql")]
    found = [parse(part) for text in texts for part in text.split("-- name: ")[1:]]
    by_name = {statement.name: statement for statement in found}
    if len(by_name) != len(found):
        raise ValueError("two queries have the same name")
    return by_name


@cache
def named(name: str) -> tuple[Statement, ...]:
    """The queries of a name, which may be several joined by `+`."""
    return tuple(statements()[part] for part in name.split("+"))


@cache
def writes(name: str) -> bool:
    """Whether any of the queries of a name may change rows."""
    return any(query.writes for query in named(name))


def parse(part: str) -> Statement:
    """One query, from the word after `-- name: ` on."""
    name, _, rest = part.partition("\n")
    lines = [line for line in rest.splitlines() if line.strip()]
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    given = dict.fromkeys(VALUE.findall(sql))
    return Statement(
        name.strip(),
        " ".join(comments),
        sql,
        tuple(value for value in given if value not in CLOCK),
        not sql.startswith("SELECT"),
    )


def migrations() -> list[tuple[int, str]]:
    """The schema's steps in order: the version each leads to, and its text."""
    folder = files("clipmeter.store") / "schema"
    named = [(file.name, file.read_text(encoding="utf8")) for file in folder.iterdir() if file.name[:4].isdigit()]
    return sorted((int(name.partition("_")[0]), text) for name, text in named)
