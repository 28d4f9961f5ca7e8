"""Unmodified yt-dlp as a contestant of the line protocol in bench/README.md: page bytes in memory → its JSON."""

import io
import json
import os
import sys
from pathlib import Path

from yt_dlp import YoutubeDL
from yt_dlp.networking import Response

PARAMS = {"quiet": True, "no_warnings": True, "simulate": True, "noprogress": True}


def main() -> None:
    """Answer one line per line until stdin ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(2, 1)  # whatever yt-dlp prints must not mix with the answers
    downloader = YoutubeDL(PARAMS)
    pages: dict[str, bytes] = {}
    for line in sys.stdin:
        operation, _, path = line.rstrip("\n").partition(" ")
        if operation == "noop":
            answer = "{}"
        elif operation == "mem":
            if path not in pages:
                pages[path] = Path(path).read_bytes()
            answer = extract(downloader, pages[path])
        else:
            answer = '{"skip":true}'
        out.write(answer + "\n")
        out.flush()


def extract(downloader: YoutubeDL, body: bytes) -> str:
    """What `yt-dlp -J` prints for this page, without any socket."""
    url = os.environ["BENCH_URL"]
    headers = {"Content-Type": "text/html; charset=utf-8"}
    downloader.urlopen = lambda _request: Response(io.BytesIO(body), url, headers)
    return json.dumps(downloader.sanitize_info(downloader.extract_info(url, download=False)))


main()
