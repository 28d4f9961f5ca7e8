"""What callers are told in every weather: `make moods`. Writes moods.json, and breaker.json for a dead first source.

    python bench/moods.py [--only NAME,NAME] [--out FILE]

Each row is one call, over real HTTP, to a server that has just been started (so that no breaker remembers the row
before) and has answered one ordinary call. `first`: the video page is the only source. `all`: the default sources,
with the mood on the video page alone. A mood that is named `… everywhere` is on all sources. `requests`: what the
emulator saw of this call, but for HEADs of media. `words`: the `error` sentence of the answer.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from serving import Reply, Serving

from clipmeter.settings import Settings
from fauxtok.ids import MOODS, Kind
from fauxtok.moods import CDN_MOODS
from fauxtok.server import Running, start
from fauxtok.short import LEADS

HERE = Path(__file__).parent
SLOWEST_MS, BREAKER_MS = 10_000, 50
AT_ONCE = 4
DEAD = ("cut", "never")
SOURCES = next((field.default for field in fields(Settings) if field.name == "sources"), ())
_IDS = count((1_750_000_000 << 32) + 4_321, 7 << 32)


@dataclass(frozen=True, slots=True)
class Row:
    """One call."""

    mood: str
    sources: str
    status: int
    code: str
    words: str
    ms: float
    requests: int


@dataclass(frozen=True, slots=True)
class Weather:
    """How the emulator is set for a row, and what is asked then. `expected`: what its documents say of all sources."""

    name: str
    path: str
    wish: dict[str, Any]
    query: dict[str, str]
    expected: tuple[int, str]


def main() -> None:
    """Measure, print, write."""
    options = read_options()
    rows, odd, breaker = [], [], []
    with start() as emulator:
        for weather, it in table(emulator, list(plan(options.only))):
            rows.append(it)
            odd += [] if is_right(it, weather) else [it.mood]
            show(it, weather)
        if not options.only:
            breaker = [dead_source(emulator, mood) for mood in DEAD]
    Path(options.out).write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf8")
    print(f"{len(rows)} rows written to {options.out}")
    if breaker:
        (Path(options.out).parent / "breaker.json").write_text(json.dumps(breaker, indent=1) + "\n", encoding="utf8")
    sys.exit(0 if verdict(rows, odd, breaker) else 1)


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda names: names.split(","), help="these moods only, and no breaker")
    parser.add_argument("--out", default=str(HERE / "moods.json"))
    return parser.parse_args()


def plan(only: list[str] | None) -> Iterator[tuple[Weather, str]]:
    """Every row, in the order of the table."""
    for weather in weathers():
        if only is None or weather.name.removesuffix(" everywhere") in only:
            yield from ((weather, sources) for sources in ("first", "all") if sources == "all" or is_on_page(weather))


def is_on_page(weather: Weather) -> bool:
    """Whether the row can be asked of the page alone: what is everywhere is no news there."""
    return not weather.name.endswith(" everywhere")


def weathers() -> Iterator[Weather]:
    """All moods of the page, then of all sources, of short links, and of the CDN."""
    for it in MOODS.values():
        yield Weather(it.name, "mood", {"mood": it.name}, {}, (it.status, it.code))
    for it in MOODS.values():
        if it.kind is not Kind.POST:
            wish = {"mood": it.name, "everywhere": True}
            yield Weather(f"{it.name} everywhere", "mood", wish, {}, (it.status, it.code))
    for code in LEADS:
        query = {"url": f"https://vm.tiktok.com/{code}/"}
        yield Weather(f"short link {code}", "reset", {}, query, (404, "not_found"))
    for name in CDN_MOODS:
        yield Weather(f"CDN {name}", "cdn", {"mood": name}, {}, (200, ""))


def table(emulator: Running, todo: list[tuple[Weather, str]]) -> Iterator[tuple[Weather, Row]]:
    """All rows. A few servers are started at once, which takes the longest; their calls are made one after another."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for at in range(0, len(todo), AT_ONCE):
            with ExitStack() as stack:
                tell(emulator, "reset", {})
                some = todo[at : at + AT_ONCE]
                starts = [pool.submit(serving, emulator, sources) for _, sources in some]
                servers = [stack.enter_context(start.result()) for start in starts]
                for (weather, sources), server in zip(some, servers, strict=True):
                    yield weather, measure(emulator, server, weather, sources)


def measure(emulator: Running, server: Serving, weather: Weather, sources: str) -> Row:
    """One call to a fresh server in this weather."""
    tell(emulator, "reset", {})
    server.video(video_id=str(next(_IDS)))
    tell(emulator, "reset", {})
    tell(emulator, weather.path, weather.wish)
    reply = server.video(**(weather.query or {"video_id": str(next(_IDS))}))
    counted = ask(emulator, "requests")
    return row(weather.name, sources, reply, sum(counted.values()) - counted["file_head"])


def serving(emulator: Running, sources: str) -> Serving:
    """A server that asks the emulator through all sources, the first, or all but the first."""
    chosen = {"first": SOURCES[:1], "all": (), "others": SOURCES[1:]}[sources]
    settings = {"sources": ",".join(chosen)} if chosen else {}
    return Serving(upstream=emulator.url, max_age="0", **settings)


def row(mood: str, sources: str, reply: Reply, requests: int) -> Row:
    """What came back, as the table has it."""
    told = reply.told
    return Row(mood, sources, reply.status, told.get("code", ""), told.get("error", ""), round(reply.ms, 1), requests)


def dead_source(emulator: Running, mood: str) -> dict[str, Any]:
    """What a first source that is dead costs the calls after the first, beside a server that does without it."""
    tell(emulator, "reset", {})
    with serving(emulator, "others") as server:
        healthy = [server.video(video_id=str(next(_IDS))).ms for _ in range(6)][1:]
    with serving(emulator, "all") as server:
        server.video(video_id=str(next(_IDS)))
        tell(emulator, "mood", {"mood": mood})
        replies = [server.video(video_id=str(next(_IDS))) for _ in range(6)]
    baseline = statistics.median(healthy)
    return {
        "mood": mood,
        "without_first_source_ms": round(baseline, 1),
        "calls_ms": [round(reply.ms, 1) for reply in replies],
        "statuses": [reply.status for reply in replies],
        "second_call_costs_ms": round(replies[1].ms - baseline, 1),
    }


def show(it: Row, weather: Weather) -> None:
    """One line of the table, at once; `!` where it is too slow or not what the emulator's documents say."""
    mark = " " if is_right(it, weather) and it.ms <= SLOWEST_MS else "!"
    print(f"{mark} {it.mood:32.32} {it.sources:5} {it.status} {it.code:26}{it.ms:9.1f} ms {it.requests:3}  {it.words}")
    sys.stdout.flush()


def is_right(it: Row, weather: Weather) -> bool:
    """Whether a row is what the emulator's documents say, or better for a reason."""
    if weather.expected == (it.status, it.code):
        return True
    if it.sources == "first":  # only another source can make a success of this
        return weather.expected[0] == 200
    return it.status == 200 and weather.path == "mood" and "everywhere" not in weather.wish


def verdict(rows: list[Row], odd: list[str], breaker: list[dict[str, Any]]) -> bool:
    """Whether all that is promised holds; says so."""
    print(f"not as documented: {', '.join(odd) or 'none'}")
    slowest = max(rows, key=lambda it: it.ms)
    print(f"slowest: {slowest.mood}, {slowest.sources}: {slowest.ms} ms (at most {SLOWEST_MS})")
    for it in breaker:
        print(
            f"first source dead ({it['mood']}): calls take {it['calls_ms']} ms with statuses {it['statuses']};"
            f" without it {it['without_first_source_ms']} ms;"
            f" the second call costs {it['second_call_costs_ms']} ms more (less than {BREAKER_MS})"
        )
    return not odd and slowest.ms <= SLOWEST_MS and all(it["second_call_costs_ms"] < BREAKER_MS for it in breaker)


def tell(emulator: Running, path: str, wish: dict[str, Any]) -> None:
    """Set the emulator."""
    body = json.dumps(wish).encode()
    with urlopen(Request(f"{emulator.url}/__fauxtok/{path}", body, method="POST"), timeout=10):  # noqa: S310 - loopback
        pass


def ask(emulator: Running, path: str) -> dict[str, int]:
    """What the emulator counted."""
    with urlopen(f"{emulator.url}/__fauxtok/{path}", timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)


if __name__ == "__main__":
    main()
