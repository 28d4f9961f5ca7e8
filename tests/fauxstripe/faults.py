"""What goes wrong on demand."""

import threading
from dataclasses import dataclass
from typing import Any

KINDS = {
    "rate_limit": "429, nothing done",
    "in_use": "409, nothing done, since another request with the same key is under way",
    "error": "500, nothing done, and a repeat may do better",
    "kept_error": "500, nothing done, and a repeat with the same key gets the same answer",
    "unavailable": "503, nothing done",
    "cut": "the connection is cut, nothing done",
    "lost": "it is done, and the connection is cut before the answer",
    "slow": "the answer comes `seconds` later",
}


@dataclass
class Fault:
    """One that waits for its requests."""

    kind: str
    times: int = 1
    path: str = ""
    """A piece of the path; "" for any."""
    method: str = ""
    after: int = 0
    """So many that fit are let through first."""
    seconds: float = 1.0


class Faults:
    """Those that wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.down = False
        """Every connection is cut at once."""

    def add(self, **values: Any) -> None:
        fault = Fault(**values)
        if fault.kind not in KINDS:
            raise ValueError(fault.kind)
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
            self.down = False

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if one waits for it."""
        with self._lock:
            for fault in self._waiting:
                if fault.path not in path or fault.method not in {"", method}:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
