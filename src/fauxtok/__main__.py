"""The command line: `python -m fauxtok --port 8093`."""

import argparse
import gc
import json
import sys
from pathlib import Path

from fauxtok import server
from fauxtok.app import Fauxtok
from fauxtok.ids import table


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fauxtok", description="A TikTok in one process, on loopback. Invented videos only."
    )
    parser.add_argument("--port", type=int, default=0, help="port of plain HTTP (default: any free one)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--delay-ms", type=float, default=0, help="milliseconds before each video page")
    parser.add_argument("--ids", action="store_true", help="print the documented ids as JSON and exit")
    parser.add_argument(
        "--proxy-port", type=int, help="also an HTTP proxy whose every CONNECT ends here (needs trustme)"
    )
    parser.add_argument("--ca-file", type=Path, help="where the proxy writes the certificate of its own authority")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> None:
    asked = _arguments(given)
    if asked.ids:
        print(json.dumps(table(), indent=1))  # noqa: T201 - the command line's answer
        return
    try:
        listener = server.listen(asked.host, asked.port)
        proxy = _proxy(asked, listener.getsockname()[1])
    except (OSError, RuntimeError) as problem:
        sys.exit(f"fauxtok: {problem}")
    host, port = listener.getsockname()[:2]
    gc.freeze()  # what stands now stays; and a page makes thousands of objects, none of them in a circle
    gc.set_threshold(100_000, 20, 20)
    print(f"fauxtok ready on http://{host}:{port}{proxy}", flush=True)  # noqa: T201 - the ready line
    server.run(Fauxtok(asked.delay_ms / 1000), listener)


def _proxy(asked: argparse.Namespace, port: int) -> str:
    """Start the proxy if it is wanted; what the ready line says of it."""
    if asked.proxy_port is None:
        return ""
    from fauxtok import proxy  # noqa: PLC0415 - only the proxy needs certificates

    return f" proxy on {proxy.start(asked.host, asked.proxy_port, port, asked.ca_file).url}"


if __name__ == "__main__":
    main()
