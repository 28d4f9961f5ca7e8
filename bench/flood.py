"""Many callers on kept connections, in one process: obeys lines of JSON on standard input, one line of JSON each.

    python bench/flood.py PLAN      PLAN: a JSON file with address, connections, keys, ids

    {"route": "paid" | "constant", "seconds": 2}                  each connection asks again as soon as it is answered
    {"route": "paid" | "constant", "seconds": 2, "rate": 4000}    asks at this rate, whether answers come or not

Cheap on purpose, since it shares the machine with the server: requests are built before, and of an answer only the
status and the length are read, of one in a hundred the id as well. Anything but the 200 asked for is told in `wrong`.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import uvloop

LOOK_AT = 101
"""One answer in so many is looked into."""
TICK = 0.001
"""Seconds between two looks at the clock, when requests go out at a rate."""
LATE_SECONDS = 20.0
MOST_TOLD = 5


@dataclass(slots=True)
class Round:
    """What one order brings."""

    look_for: bool
    """Whether answers have an id to look for."""
    answers: int = 0
    body: int = 0
    """Bytes of the newest body."""
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def answered(self, head: bytes, body: bytes, wanted: bytes, took: float) -> None:
        """Count an answer."""
        self.answers += 1
        self.body = len(body)
        self.seconds.append(took)
        is_right = head[9:12] == b"200"
        if is_right and self.look_for and not self.answers % LOOK_AT:
            is_right = b'"video_id":"%b"' % wanted in body
        if not is_right:
            self.wrong.append((head[:40] + b" ... " + body[:200]).decode("utf8", "replace"))


class Line(asyncio.Protocol):
    """A connection and those who ask on it: accounts of its own, so that none has more than one request in flight."""

    def __init__(self, crowd: "Crowd", keys: list[str], first: int) -> None:
        self._crowd, self._keys, self._first = crowd, keys, first
        self._numbers = count()
        self._rest = b""
        self._wanted, self._due = b"", 0.0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvloop's
        """Connected."""
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Not before the end, or the measurement is void."""
        self._crowd.lost(error)

    def ask(self, route: str, due: float) -> None:
        """Send the next request; its time counts from `due`."""
        number = next(self._numbers)
        key = self._keys[number % len(self._keys)]
        ids = self._crowd.ids
        video_id = ids[(number // len(self._keys) + self._first) % len(ids)]
        self._wanted, self._due = video_id, due
        self._transport.write(self._crowd.heads[route, video_id] + key)

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        if self._rest:
            data = self._rest + data
        end = data.find(b"\r\n\r\n") + 4
        at = data.find(b"content-length: ")
        if end < 4 or len(data) < end + int(data[at + 16 : data.find(b"\r", at)]):
            self._rest = data
            return
        self._rest = b""
        self._crowd.round.answered(data[:end], data[end:], self._wanted, time.perf_counter() - self._due)
        self._crowd.free(self)


class Crowd:
    """All callers."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.ids = [video_id.encode() for video_id in plan["ids"]]
        self._host, _, self._port = plan["address"].partition(":")
        self._keys = [f"{key}\r\n\r\n".encode() for key in plan["keys"]]
        self._connections = plan["connections"]
        tail = f" HTTP/1.1\r\nHost: {plan['address']}\r\nUser-Agent: flood\r\nAccept: */*\r\nX-API-Key: ".encode()
        paths = {"paid": b"/v1/tiktok/video", "constant": b"/constant"}
        self.heads = {
            (route, video_id): b"GET %b?video_id=%b" % (path, video_id) + tail
            for route, path in paths.items()
            for video_id in self.ids
        }
        self.round = Round(look_for=False)
        self._idle: deque[Line] = deque()
        self._failed = ""

    async def connect(self) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for number in range(self._connections):
            line = Line(self, self._keys[number :: self._connections], number)
            await loop.create_connection(lambda line=line: line, self._host, int(self._port))  # type: ignore[misc]
            self._idle.append(line)

    def lost(self, error: Exception | None) -> None:
        """A connection broke."""
        self._failed = f"a connection was closed: {error!r}"

    def free(self, line: Line) -> None:
        """The line has its answer: it asks the next one that is due, or waits."""
        due = self._next()
        if due is None:
            self._idle.append(line)
        else:
            line.ask(self._route, due)

    def _next(self) -> float | None:
        """When the next request was due; None: none is yet."""
        now = time.perf_counter()
        if self._late is not None:
            return self._late.popleft() if self._late else None
        return now if now < self._until else None

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order."""
        self._route = order["route"]
        self.round = Round(look_for=self._route == "paid")
        begun = time.perf_counter()
        self._until = begun + order["seconds"]
        rate = order.get("rate", 0.0)
        self._late: deque[float] | None = deque() if rate else None
        if rate:
            await self._send_at(dues(begun, rate, order["seconds"]))
        else:
            while self._idle:
                self._idle.popleft().ask(self._route, time.perf_counter())
        await self._all_idle()
        return told(self.round, time.perf_counter() - begun, self._failed)

    async def _send_at(self, moments: Iterator[float]) -> None:
        """Ask when it is due, on any idle line; what finds none waits for one, and its time runs."""
        assert self._late is not None  # noqa: S101 - the caller has made it
        moment = next(moments, None)
        while moment is not None:
            now = time.perf_counter()
            while moment is not None and moment <= now:
                # The clock is looked at once a tick; a request is due when it is, not in between.
                if self._idle:
                    self._idle.popleft().ask(self._route, now)
                else:
                    self._late.append(now)
                moment = next(moments, None)
            await asyncio.sleep(TICK)

    async def _all_idle(self) -> None:
        end = self._until + LATE_SECONDS
        while len(self._idle) < self._connections:
            if self._failed or time.perf_counter() > end:
                self._failed = self._failed or "answers are missing"
                return
            await asyncio.sleep(TICK)


def dues(begun: float, rate: float, seconds: float) -> Iterator[float]:
    """When each request is due."""
    return (begun + number / rate for number in range(int(rate * seconds)))


def told(done: Round, seconds: float, failed: str) -> dict[str, Any]:
    """A round as JSON; times in milliseconds."""
    took = sorted(done.seconds) or [0.0]
    return {
        "answers": done.answers,
        "per_second": done.answers / seconds,
        "p50": took[len(took) // 2] * 1e3,
        "p99": took[len(took) * 99 // 100] * 1e3,
        "body": done.body,
        "wrong": len(done.wrong) + bool(failed),
        "told": [*([failed] if failed else []), *done.wrong[:MOST_TOLD]],
    }


async def main(plan: dict[str, Any]) -> None:
    """Obey until the input ends."""
    crowd = Crowd(plan)
    await crowd.connect()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await crowd.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_bytes())))
