"""The server: keys, idempotency and faults around the routes; the pages; and the control endpoints under /_/."""

import json
import secrets
import socket
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fauxstripe import control, pages
from fauxstripe.faults import Fault, Faults
from fauxstripe.hooks import Hooks
from fauxstripe.routes import find, read_params, refuse_unknown
from fauxstripe.world import Refused, Thing, World, clean, expanded

DAY = 86_400
Headers = dict[str, str]


@dataclass
class Kept:
    """What was answered under an Idempotency-Key."""

    asked: tuple[str, str, str]
    status: int
    body: Thing
    request_id: str
    at: int


class Cut(Exception):
    """The connection ends here."""


class Site:
    """Everything behind the server's door."""

    def __init__(self, key: str) -> None:
        self.key, self.base = key, ""
        self.world, self.faults, self.hooks = World(), Faults(), Hooks()
        self.world.on_event = self.hooks.on_event
        self.kept: dict[str, Kept] = {}
        self.requests: list[Thing] = []

    def api(self, method: str, path: str, text: str, headers: Any) -> tuple[int, Thing, Headers]:
        """One call of the API."""
        key = headers.get("Idempotency-Key", "") if method == "POST" else ""
        noted = {"method": method, "path": path, "key": key, "replayed": False, "status": 0}
        self.requests.append(noted)
        fault = self.faults.take(method, path)
        request_id = f"req_{secrets.token_hex(7)}"
        more = {"Request-Id": request_id, "Stripe-Version": headers.get("Stripe-Version", "")}
        try:
            self._before(fault, headers)
            status, body, replayed = self._once(method, path, text, key, request_id, fault)
        except Refused as refused:
            status, body, replayed = refused.status, refused.body, ""
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault and fault.kind == "lost":
            raise Cut
        if key:
            more["Idempotency-Key"] = key
        if replayed:
            more |= {"Idempotent-Replayed": "true", "Original-Request": replayed}
        noted |= {"status": status, "replayed": bool(replayed)}
        return status, body, more

    def _before(self, fault: Fault | None, headers: Any) -> None:
        if fault and fault.kind == "cut":
            raise Cut
        if fault and fault.kind == "rate_limit":
            raise Refused("Request rate limit exceeded.", status=429, code="rate_limit")
        if fault and fault.kind == "in_use":
            what = "There is currently another in-progress request using this Idempotent Key."
            raise Refused(what, status=409, kind="idempotency_error", code="idempotency_key_in_use")
        if fault and fault.kind in {"error", "unavailable"}:
            status = 503 if fault.kind == "unavailable" else 500
            raise Refused("An unknown error occurred.", status=status, kind="api_error")
        given = headers.get("Authorization", "").removeprefix("Bearer ")
        if given != self.key:
            raise Refused(f"Invalid API Key provided: {given[:8]}****", status=401)

    def _once(  # noqa: PLR0917 - named one by one
        self, method: str, path: str, text: str, key: str, request_id: str, fault: Fault | None
    ) -> tuple[int, Thing, str]:
        """The answer; and the id of the first request, when this one repeats it."""
        with self.world.lock:
            before = self._before_now(key)
            if before:
                if before.asked != (method, path, text):
                    raise Refused(
                        "Keys for idempotent requests can only be used with the same parameters they were first used "
                        f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                        kind="idempotency_error",
                    )
                return before.status, before.body, before.request_id
            route, ids = find(method, path)
            params = read_params(text)
            refuse_unknown(route, params)  # what is refused here is not kept
            status, body = self._run(route, params, ids, fault)
            if key:
                self.kept[key] = Kept((method, path, text), status, body, request_id, self.world.now())
            return status, body, ""

    def _before_now(self, key: str) -> Kept | None:
        kept = self.kept.get(key)
        return kept if kept and kept.at > self.world.now() - DAY else None

    def _run(self, route: Any, params: Thing, ids: dict[str, str], fault: Fault | None) -> tuple[int, Thing]:
        if fault and fault.kind == "kept_error":
            return 500, {"error": {"type": "api_error", "message": "An unknown error occurred."}}
        expand = params.pop("expand", [])
        try:
            more = {"base": self.base} if route.needs_base else {}
            answer = expanded(self.world, route.answer(self.world, params, **ids, **more), expand)
        except Refused as refused:
            return refused.status, refused.body
        return 200, clean(answer)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(body) < length:  # the caller is gone before it had said all
            self.close_connection = True
            return
        text = body.decode()
        try:
            self._send(*self._made(parts.path, parts.query, text))
        except Cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _made(self, path: str, query: str, text: str) -> tuple[int, str, bytes, Headers]:
        if path.startswith("/_/"):
            body = control.answer(self.site, path[3:], json.loads(text or "{}"))
            return 200, "application/json", json.dumps(body).encode(), {}
        if self.site.faults.down:
            raise Cut
        if path.startswith(("/c/pay/", "/i/")):
            return self._page(path, text)
        status, answer, more = self.site.api(self.command, path, query if self.command == "GET" else text, self.headers)
        return status, "application/json", json.dumps(answer, indent=2).encode(), more

    def _page(self, path: str, text: str) -> tuple[int, str, bytes, Headers]:
        page = pages.checkout_page if path.startswith("/c/") else pages.invoice_page
        world = self.site.world
        with world.lock:
            try:
                status, html, go = page(world, self.command, path.rpartition("/")[2], dict(parse_qsl(text)))
            except Refused as refused:
                status, html, go = refused.status, str(refused), ""
        return status, "text/html; charset=utf-8", html.encode(), {"Location": go} if go else {}

    def _send(self, status: int, type_: str, body: bytes, more: Headers) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": type_, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self._headers_buffer.append(b"\r\n" + body)  # one write
        self.flush_headers()


class Server(ThreadingHTTPServer):
    """Many connections."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Callers may leave at any time."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


def serve(key: str, port: int = 0) -> tuple[Site, Server]:
    """Start in a thread of this process."""
    site = Site(key)
    server = Server(("127.0.0.1", port), type("OfSite", (Handler,), {"site": site}))
    site.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return site, server
