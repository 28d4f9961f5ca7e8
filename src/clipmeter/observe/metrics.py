"""The numbers at /metrics, in the format of Prometheus. They start at 0 with the process and are its own.

Labels are few and known: no account, key, video or address is ever one of them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from clipmeter.errors import Attempt

__all__ = ["CONTENT_TYPE_LATEST", "Metrics", "Reading"]

STAGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets for time, in seconds."""
LABELS = 500
"""Sets of labels that are looked up once."""
Reading: TypeAlias = Callable[[], Iterable[tuple[Mapping[str, str], float]]]
"""Labels and values as they are now."""


class Metrics:
    """One process's numbers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        PlatformCollector(self._registry)
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "clipmeter_requests",
            "Calls of the paid endpoints that have ended. code: ok, or the error's.",
            ("endpoint", "mode", "status", "code"),
            registry=self._registry,
        )
        self._stages = _Times("clipmeter_stage_seconds", "Time of a call by stage: admit, source, settle, total.")
        self._registry.register(self._stages)
        self._remembered = Counter(
            "clipmeter_remembered_answers",
            "Successes answered from memory.",
            ("endpoint", "mode"),
            registry=self._registry,
        )
        # The library looks labels up anew each time, which takes longer than to count.
        self._request = lru_cache(LABELS)(self._requests.labels)
        self._attempts = Histogram(
            "clipmeter_source_seconds",
            "Tries at a source, and how long they took. code: ok, or the problem's.",
            ("lane", "source", "code"),
            buckets=STAGES,
            registry=self._registry,
        )
        self._changes = Counter(
            "clipmeter_source_changes",
            "Pages of a source whose fields were not as expected, by field.",
            ("source", "field"),
            registry=self._registry,
        )

    def finished(self, endpoint: str, mode: str, status: int, code: str, calls: int) -> None:
        """Count calls."""
        self._request(endpoint, mode, str(status), code or "ok").inc(calls)

    def remembered(self, endpoint: str, mode: str, calls: int) -> None:
        """Count answers from memory."""
        self._remembered.labels(endpoint, mode).inc(calls)

    def stage(self, endpoint: str, stage: str, times: Sequence[float]) -> None:
        """Add times, in seconds."""
        self._stages.add((endpoint, stage), times)

    def tried(self, lane: str, attempts: Iterable[Attempt]) -> None:
        """Add tries at sources."""
        for attempt in attempts:
            self._attempts.labels(lane, attempt.source, attempt.code or "ok").observe(attempt.seconds)

    def changed(self, source: str, field: str) -> None:
        """Count a field that was not as expected."""
        self._changes.labels(source, field).inc()

    def show(self, name: str, about: str, read: Reading, *, counts_up: bool = False) -> None:
        """Add a number that is read when somebody looks."""
        self._registry.register(_Read(name, about, read, counts_up=counts_up))

    def text(self) -> bytes:
        """Everything, as CONTENT_TYPE_LATEST says."""
        return generate_latest(self._registry)


class _Times:
    """Counts of times by length for each endpoint and stage. The library's own take five times as long to add to."""

    def __init__(self, name: str, about: str) -> None:
        self._name, self._about = name, about
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._sums: dict[tuple[str, str], float] = {}

    def add(self, where: tuple[str, str], times: Sequence[float]) -> None:
        """Count times, in seconds."""
        counts = self._counts.get(where)
        if counts is None:
            counts = self._counts[where] = [0] * (len(STAGES) + 1)
            self._sums[where] = 0.0
        for seconds in times:
            counts[bisect_left(STAGES, seconds)] += 1
        self._sums[where] += sum(times)

    def describe(self) -> Iterable[Metric]:
        """Its name."""
        return [self._family()]

    def collect(self) -> Iterator[Metric]:
        """The counts now; each bucket has those of the ones before it too."""
        family = self._family()
        for where, counts in self._counts.items():
            bounds = [*map(str, STAGES), "+Inf"]
            family.add_metric(where, list(zip(bounds, accumulate(counts), strict=True)), self._sums[where])
        yield family

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._about, labels=("endpoint", "stage"))


class _Read:
    """Numbers that are kept elsewhere."""

    def __init__(self, name: str, about: str, read: Reading, *, counts_up: bool) -> None:
        self._name, self._about, self._read = name, about, read
        self._kind = CounterMetricFamily if counts_up else GaugeMetricFamily

    def describe(self) -> Iterable[Metric]:
        """Its name, without reading anything."""
        return [self._kind(self._name, self._about)]

    def collect(self) -> Iterator[Metric]:
        """The numbers now."""
        rows = list(self._read())
        family = self._kind(self._name, self._about, labels=tuple(rows[0][0]) if rows else ())
        for labels, value in rows:
            family.add_metric(tuple(labels.values()), value)
        yield family
