"""Clipmeter's readers as a contestant of an extractor benchmark.

    rival.py                    obeys lines on standard input, one line of JSON each: noop, raw URL, net URL, mem PATH
    rival.py --cold URL PROXY CA    one post from a fresh process

`raw` is the network alone, `net` the network and reading, `mem` reading alone: page bytes to the JSON of all 37 fields.
Environment: BENCH_PROXY (an HTTP proxy with TLS inside), BENCH_CA (its authority).
"""

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from clipmeter.sites.tiktok.page import read_page


def fetcher(proxy: str, authority: str) -> Callable[[str], bytes]:
    """A GET with a browser's fingerprint over one kept connection."""
    from curl_cffi import requests  # noqa: PLC0415 - `mem` and `noop` need no network

    options: dict[str, Any] = {"impersonate": "chrome", "proxy": proxy, "verify": authority}
    session: Any = requests.Session(**options)
    return lambda url: session.get(url).content


def answer(body: bytes) -> bytes:
    """What the API answers for this page, as one line."""
    return msgspec.json.encode({"video": read_page(body, None)})


@cache
def _fetch() -> Callable[[str], bytes]:
    return fetcher(os.environ["BENCH_PROXY"], os.environ["BENCH_CA"])


@cache
def _file(path: str) -> bytes:
    return Path(path).read_bytes()


def obey(line: str) -> bytes:
    """The answer to one line of the protocol."""
    operation, _, argument = line.rstrip("\n").partition(" ")
    if operation == "noop":
        return b"{}"
    if operation == "raw":
        return msgspec.json.encode({"bytes": len(_fetch()(argument))})
    if operation == "net":
        return answer(_fetch()(argument))
    if operation == "mem":
        return answer(_file(argument))
    return b'{"skip":true}'


def main(arguments: list[str]) -> None:
    """Run as the module's docstring says."""
    out = sys.stdout.buffer
    if arguments[:1] == ["--cold"]:
        url, proxy, authority = arguments[1:]
        out.write(answer(fetcher(proxy, authority)(url)) + b"\n")
        return
    for line in sys.stdin:
        out.write(obey(line) + b"\n")
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
