"""A small OpenID Connect provider over real HTTP: discovery, keys, authorization with PKCE, token. For tests.

It follows the standard strictly, so that a client that leaves something out is refused; and it lies when told to.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey


class Provider:
    """Start it. `person` is who logs in there; `lies` replaces claims, and `key` signs."""

    def __init__(self, *, client_id="clips", secret="a secret & more", basic=True):  # noqa: S107
        self.client_id, self.secret, self.basic = client_id, secret, basic
        self.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
        self.shown = [self.key]
        self.person = {"sub": "ada-1", "email": "Ada@example.org", "email_verified": True}
        self.lies, self.algorithm = {}, "RS256"
        self.codes = {}
        self.asked = []
        self.broken = False

    def start(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                provider.answer(self, "")

            def do_POST(self):
                provider.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request, body):
        path, query = urlsplit(request.path).path, one_each(urlsplit(request.path).query)
        self.asked.append(path)
        if self.broken:
            return reply(request, 500, {"error": "server_error"})
        if path == "/.well-known/openid-configuration":
            return reply(request, 200, self.described())
        if path == "/keys":
            return reply(request, 200, {"keys": [key.as_dict(private=False) for key in self.shown]})
        if path == "/authorize":
            return self.authorize(request, query)
        return self.token(request, one_each(body))

    def described(self):
        method = "client_secret_basic" if self.basic else "client_secret_post"
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": [method],
        }

    def authorize(self, request, query):
        """Logs `person` in at once, as a browser with a session there would see it."""
        fair = query.get("response_type") == "code" and query.get("client_id") == self.client_id
        fair = fair and "openid" in query["scope"].split() and query.get("code_challenge_method") == "S256"
        if not fair:
            return reply(request, 400, {"error": "invalid_request"})
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        request.send_response(302)
        request.send_header("Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")
        request.send_header("Content-Length", "0")
        return request.end_headers()

    def token(self, request, form):
        begun = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if not (self.knows(request, form) and begun and form.get("grant_type") == "authorization_code"):
            return reply(request, 400, {"error": "invalid_grant"})
        if challenge.rstrip("=") != begun["code_challenge"] or form.get("redirect_uri") != begun["redirect_uri"]:
            return reply(request, 400, {"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": begun["nonce"]}
        claims = {name: value for name, value in {**claims, **self.person, **self.lies}.items() if value is not None}
        token = jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, claims, self.key, [self.algorithm])
        return reply(request, 200, {"access_token": "at", "token_type": "Bearer", "id_token": token})

    def knows(self, request, form):
        if not self.basic:
            return (form.get("client_id"), form.get("client_secret", "")) == (self.client_id, self.secret)
        kind, _, word = request.headers.get("Authorization", "").partition(" ")
        name, _, secret = base64.b64decode(word).decode().partition(":")
        return kind == "Basic" and (unquote(name), unquote(secret)) == (self.client_id, self.secret)


def one_each(query):
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def reply(request, status, value):
    body = json.dumps(value).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def other_key():
    """A key that no provider has."""
    return ECKey.generate_key("P-256", {"kid": "one"}, private=True)
