"""The readers of TikTok's answers, given spoiled ones for as long as you like: `make fuzz SECONDS=600`.

    python bench/fuzz.py [--seconds N] [--seed N] [--recorded FOLDER]

Whole pages of the emulator, small invented answers and, where there are any, recorded ones (.html, .json) are spoiled
by chance (tests/mutants.py) and read in every way. Nothing but a Problem may be raised, within a second and bounded
memory. With atheris installed it chooses the changes by what they reach in the code, else Hypothesis does. What fails
is written to fuzz-failure.bin beside this file, and the exit status is 1.
"""

import argparse
import contextlib
import http.client
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import seed as seeded  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from fauxtok.ids import DOCUMENTED, Kind  # noqa: E402
from fauxtok.server import start  # noqa: E402

try:
    import atheris
except ImportError:
    atheris = None
with atheris.instrument_imports(include=["clipmeter.sites"]) if atheris else contextlib.nullcontext():
    import mutants  # lives beside the tests; brings the readers

FAILURE = HERE / "fuzz-failure.bin"
RECORDED = HERE.parent.parent / "shared" / "corpus"
BATCH = 500
EVERY = 10.0
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
_MOST_SEED_BYTES = 1_000_000


class Bench:
    """The answers to spoil, and what came of it."""

    def __init__(self, answers: list[bytes], until: float) -> None:
        self.answers = answers
        self._until, self._told = until, time.monotonic()
        self.seen: Counter[str] = Counter()
        self.slowest = 0.0

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._until

    def one(self, first: int, steps: list[tuple[int, int]]) -> None:
        """Spoil one answer in these ways (number of the change, its chance) and read it; a link as well."""
        body = self.answers[first % len(self.answers)]
        for number, seed in steps:
            chance = random.Random(seed)  # noqa: S311 - chance, not secrets
            change = mutants.CHANGES[number % len(mutants.CHANGES)]
            self.seen[change.__name__] += 1
            body = change(chance, body, chance.choice(self.answers))[: mutants.MOST_BYTES]
        self._guarded(body, lambda: self.seen.update([f"→ {mutants.survive(body)}", "inputs"]))
        link = mutants.spoiled_link(random.Random(first * 31 + len(steps) + sum(seed for _, seed in steps)))  # noqa: S311
        self._guarded(link.encode("utf-8", "surrogatepass"), lambda: mutants.survive_link(link))
        if time.monotonic() - self._told > EVERY:
            self._told = time.monotonic()
            print(f"{self.seen['inputs']:,} inputs", file=sys.stderr, flush=True)

    def _guarded(self, spoiled: bytes, read: Callable[[], None]) -> None:
        begun = time.thread_time()
        try:
            read()
            mutants.stay_small()
        except BaseException:
            FAILURE.write_bytes(spoiled)
            raise
        self.slowest = max(self.slowest, time.thread_time() - begun)


def answers(recorded: Path) -> list[bytes]:
    """What is spoiled."""
    found = [path for path in sorted(recorded.rglob("*")) if path.suffix in {".html", ".json", ".txt"}]
    real = [path.read_bytes() for path in found if path.stat().st_size < _MOST_SEED_BYTES]
    small = mutants.small_answers()
    # Small ones several times over: they take a hundredth of the time that a whole page takes.
    return [*small * (1 + len(real) // 20), *emulated(), *real]


def emulated() -> list[bytes]:
    """The emulator's page of every documented id that is answered at all, to a desktop and to a phone."""
    emulator = start()
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)  # follows no redirect
    pages = []
    try:
        for number in (number for number, outcome in DOCUMENTED.items() if outcome.kind is not Kind.WIRE):
            for agent in ("Mozilla/5.0", _PHONE):
                connection.request("GET", f"/@_/video/{number}", headers={"User-Agent": agent})
                pages.append(connection.getresponse().read())
    finally:
        connection.close()
        emulator.stop()
    return pages


def by_hypothesis(bench: Bench, seed: int) -> None:
    """Batches until the time is up; the first input that fails is made small before it is told."""
    steps = st.lists(st.tuples(st.integers(0, len(mutants.CHANGES) - 1), st.integers(0, 2**32)), min_size=1, max_size=3)
    quiet = list(HealthCheck)
    while not bench.over:

        @seeded(seed)
        @settings(
            max_examples=BATCH,
            deadline=None,
            database=None,
            suppress_health_check=quiet,
            phases=(Phase.generate, Phase.shrink),
        )
        @given(first=st.integers(0, len(bench.answers) - 1), steps=steps)
        def batch(first: int, steps: list[tuple[int, int]]) -> None:
            if not bench.over:
                bench.one(first, steps)

        batch()
        seed += 1


def by_atheris(bench: Bench, seed: int) -> None:
    """Changes chosen by what they reach; ends with the process."""

    def one(data: bytes) -> None:
        if bench.over:
            tell(bench, "atheris")
            sys.stdout.flush()
            os._exit(0)  # the library runs for ever, and nothing here is left to close
        given = atheris.FuzzedDataProvider(data)
        first = given.ConsumeIntInRange(0, len(bench.answers) - 1)
        count = given.ConsumeIntInRange(1, 3)
        steps = [(given.ConsumeIntInRange(0, 255), given.ConsumeIntInRange(0, 2**32)) for _ in range(count)]
        bench.one(first, steps)

    atheris.Setup([sys.argv[0], f"-seed={seed % 2**31}", "-rss_limit_mb=0", "-len_control=0", "-max_len=64"], one)
    atheris.Fuzz()


def tell(bench: Bench, by: str) -> None:
    """For a person."""
    print(f"{bench.seen.pop('inputs', 0):,} inputs by {by}; nothing but verdicts")
    print(f"slowest input, all readers: {bench.slowest:.2f} s of processor time; grown by {mutants.grown_by():.0f} MB")
    for name, number in sorted(bench.seen.items()):
        print(f"  {name:28}{number:10,}")


def main() -> int:
    """Run as the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--recorded", type=Path, default=RECORDED)
    options = parser.parse_args()
    bench = Bench(answers(options.recorded), time.monotonic() + options.seconds)
    print(f"{len(bench.answers)} answers to spoil, for {options.seconds:.0f} s, seed {options.seed}", file=sys.stderr)
    run, by = (by_atheris, "atheris") if atheris else (by_hypothesis, "Hypothesis")
    try:
        run(bench, options.seed)
    except Exception:  # noqa: BLE001 - whatever it is, this is what was looked for
        traceback.print_exc()
        print(f"the input stands in {FAILURE}; seed {options.seed}", file=sys.stderr)
        return 1
    tell(bench, by)
    return 0


if __name__ == "__main__":
    sys.exit(main())
