"""Webhooks: signed as Stripe signs them, repeated until they are taken; held back, shuffled and repeated on demand."""

import hashlib
import heapq
import hmac
import http.client
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from fauxstripe.world import Thing

REPEATS = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 6.4, 6.4)
"""Seconds between tries; Stripe's own are hours."""
FORGERIES = ("wrong secret", "changed body", "old", "no signature", "no time", "garbage")


def signature(secret: str, body: bytes, at: float | None = None) -> str:
    """The header Stripe-Signature."""
    when = int(time.time() if at is None else at)
    signed = hmac.new(secret.encode(), b"%d." % when + body, hashlib.sha256).hexdigest()
    return f"t={when},v1={signed}"


class Hooks:
    """Sends events to one endpoint."""

    def __init__(self) -> None:
        self.url, self.secret, self.hold = "", "", False
        self.pending: list[Thing] = []
        """Events held back."""
        self.log: list[tuple[str, int]] = []
        """Event and status of each delivery; 0: no answer."""
        self._due: list[tuple[float, int, int, Thing]] = []
        self._count, self._busy = 0, False
        self._ready = threading.Condition()
        self._local = threading.local()
        threading.Thread(target=self._run, daemon=True).start()

    def on_event(self, event: Thing) -> None:
        """An event is to be told of."""
        if not self.url:
            return
        if self.hold:
            with self._ready:
                self.pending.append(event)
        else:
            self._queue(event, 0, 0.0)

    def _queue(self, event: Thing, tries: int, wait: float) -> None:
        with self._ready:
            self._count += 1
            heapq.heappush(self._due, (time.monotonic() + wait, self._count, tries, event))
            self._ready.notify()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._ready.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                _, _, tries, event = heapq.heappop(self._due)
                self._busy = True
            status = self.post(event["id"], *self.signed(event))
            if not 200 <= status < 300 and tries < len(REPEATS):
                self._queue(event, tries + 1, REPEATS[tries])
            self._busy = False

    def idle(self) -> bool:
        """Whether nothing waits to be sent."""
        with self._ready:
            return not self._due and not self._busy and not self.pending

    def signed(self, event: Thing, at: float | None = None) -> tuple[bytes, str]:
        """A body and its header."""
        body = json.dumps(event, indent=2).encode()
        return body, signature(self.secret, body, at)

    def post(self, event_id: str, body: bytes, header: str) -> int:
        """One delivery; the status, 0 when there was no answer."""
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}
        if header:
            headers["Stripe-Signature"] = header
        status = 0
        for _ in range(2):  # a connection that was kept may have gone meanwhile
            try:
                connection = self._connection()
                connection.request("POST", urlsplit(self.url).path or "/", body, headers)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
                break
            except (OSError, http.client.HTTPException):
                self._local.kept = None
        self.log.append((event_id, status))
        return status

    def _connection(self) -> http.client.HTTPConnection:
        kept: tuple[str, http.client.HTTPConnection] | None = getattr(self._local, "kept", None)
        if kept is None or kept[0] != self.url:
            kept = (self.url, http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30))
            self._local.kept = kept
        return kept[1]

    def deliver(self, *, shuffle: bool, seed: int, copies: int, forged: int, callers: int) -> dict[str, Any]:
        """Send what was held back, and count the answers. `copies`: of each; `forged`: so many besides."""
        dice = random.Random(seed)  # noqa: S311 - not for secrets
        with self._ready:
            events, self.pending = self.pending, []
        true = [("true", event["id"], *self.signed(event)) for event in events for _ in range(copies)]
        false = [self._forged(dice, dice.choice(events)) for _ in range(forged if events else 0)]
        sent = true + false
        if shuffle:
            dice.shuffle(sent)
        with ThreadPoolExecutor(callers) as pool:
            statuses = list(pool.map(lambda one: self.post(*one[1:]), sent))
        counted: Counter[str] = Counter()
        for (kind, *_), status in zip(sent, statuses, strict=True):
            counted[f"{kind} {status}"] += 1
        failed = {one[1] for one, status in zip(sent, statuses, strict=True) if one[0] == "true" and status != 200}
        with self._ready:  # Stripe would send them again
            self.pending.extend(event for event in events if event["id"] in failed)
        return {"deliveries": len(sent), "events": len(events), "answers": dict(counted), "again": len(failed)}

    def _forged(self, dice: random.Random, event: Thing) -> tuple[str, str, bytes, str]:
        kind = dice.choice(FORGERIES)
        copy = {**event, "id": f"evt_forged{dice.getrandbits(64):x}"}
        body, header = self.signed(copy)
        if kind == "wrong secret":
            header = signature("whsec_of_somebody_else", body)
        elif kind == "changed body":
            body = body.replace(b"evt_forged", b"evt_furged")
        elif kind == "old":
            header = signature(self.secret, body, time.time() - dice.choice((301, 3_600, 86_400)))
        elif kind == "no signature":
            header = ""
        elif kind == "no time":
            header = header.partition(",")[2]
        else:
            header = dice.choice(
                ("t=,v1=", "t=1e9,v1=00", "v1", "=,=,=", "t=99999999999999999999999,v1=\u00e9", "t=-1,v1=")
            )
        return "forged", copy["id"], body, header
