"""One frozen `Settings`, read once at the edge from the environment (or a file), checked with clear sentences."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clipmeter.casting import PREFIX, BadSetting, cast, reason

__all__ = ["PREFIX", "SECRETS", "BadSetting", "Settings", "read_settings"]

DEFAULT_HOME = Path("~/.clipmeter").expanduser()


SOURCES = ("webpage", "embed", "appjson", "ytdlp")
_MAIL = re.compile(r"[^@\s:/<>\"']+@[^@\s:/<>\"']+")
_PROXY = re.compile(r"(?:region=[A-Za-z]{2} +)?([^ ]+)")


def _setting(default: Any, help_: str, *, secret: bool = False) -> Any:  # noqa: ANN401 - a dataclass field of any type
    return field(default=default, metadata={"help": help_, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting `X` is read from `CLIPMETER_X`, else from the file that `CLIPMETER_CONFIG` names, else default."""

    home: Path = _setting(DEFAULT_HOME, "Folder of the database, the secret and the operator's keys.")
    database_url: str = _setting(
        "",
        "Where the ledger lies: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`. Empty: `clipmeter.db` in "
        "the home folder.",
        secret=True,
    )
    database_pooler: bool = _setting(
        False, "PostgreSQL is behind a pooler that gives a connection for each transaction, like pgbouncer."
    )
    upstream: str = _setting(
        "",
        "A TikTok look-alike to ask in place of TikTok itself, for tests and measurements: `http://127.0.0.1:9000`.",
    )
    public_url: str = _setting("", "The address callers use, for links in answers. Empty: as the request named it.")
    contact: str = _setting(
        "",
        "Whom callers may ask, for more requests at once and all else: an e-mail address or an `https://` address. "
        "Empty: pages name nobody.",
    )
    secret: str = _setting(
        "",
        "Secret for hashing API keys, 32 characters or more. Empty: made at first start and kept in the home folder.",
        secret=True,
    )
    links: str = _setting("relay", "Media links in answers: `relay` (this server's own) or `direct` (TikTok's).")
    link_secret: str = _setting(
        "",
        "Secret for signing relay links, 32 characters or more. Empty: made from the secret above.",
        secret=True,
    )
    link_secret_old: str = _setting(
        "", "The link secret before this one: links made with it are honoured until they expire.", secret=True
    )
    link_seconds: int = _setting(21_600, "Seconds for which a relay link is good.")
    relays: int = _setting(200, "Files that one account may have relayed at once.")
    price_micros: int = _setting(6_000, "Price of a successful request in micro-dollars.")
    free_requests: int = _setting(50, "Free successful requests per account, endpoint and calendar month (UTC).")
    concurrency: int = _setting(3, "Requests in flight per account and endpoint.")
    time_budget: float = _setting(10.0, "Seconds a call may spend on TikTok in all.")
    request_budget: int = _setting(8, "Requests a call may make to TikTok in all, redirects and repeats included.")
    sources: tuple[str, ...] = _setting(
        SOURCES, "What is asked for a post, in this order, until one has it: `webpage`, `embed`, `appjson`, `ytdlp`."
    )
    hedge_after: float = _setting(
        0.0, "Seconds after which the next source is asked beside a slow one; 0: only when that has failed."
    )
    connect_timeout: float = _setting(4.0, "Seconds within which a connection to TikTok must stand.")
    fill_budget: float = _setting(
        2.0, "Seconds to wait for the pieces the page lacks (sizes, downloads); then they stay null."
    )
    page_limit: int = _setting(8_000_000, "Bytes of a page at most, after decompression; larger ones are refused.")
    fill_sizes: bool = _setting(True, "Ask the CDN for file sizes that the page does not give.")
    fill_downloads: bool = _setting(False, "Ask the app's JSON for the count of downloads, which no page gives.")
    max_age: int = _setting(60, "Seconds for which an answer is remembered; 0: never.")
    remember: int = _setting(4_096, "Answers remembered at most.")
    impersonate: tuple[str, ...] = _setting(
        ("chrome150", "firefox147", "safari2601", "chrome146", "safari260", "firefox144"),
        "Browser fingerprints of curl_cffi: when one is refused the next takes its place and keeps it.",
    )
    proxies: tuple[str, ...] = _setting(
        (),
        "Proxies to go through in turn: `http://…` or `socks5://…`, with its region in front where it is known "
        "(`region=US http://…`), or `@/path/to/file` with one a line.",
    )
    region: str = _setting("", "Region whose proxies are preferred while one of them works: `US`. Empty: none.")
    pace: float = _setting(
        10.0, "Pages per second that each address may ask TikTok for; 0: any number. Not with `CLIPMETER_UPSTREAM`."
    )
    log_days: int = _setting(30, "Days for which the request log is kept; 0: no request log.")
    alert_anywhere: bool = _setting(
        False, "Alerts of spending may be sent to private addresses and by plain http, for closed networks and tests."
    )
    stripe_secret_key: str = _setting(
        "", "Stripe's secret key, `sk_live_…` or `sk_test_…`. Empty: no cards; the operator bills by hand.", secret=True
    )
    stripe_webhook_secret: str = _setting(
        "", "What Stripe signs its webhooks with, `whsec_…`. Empty: none are taken.", secret=True
    )
    stripe_url: str = _setting("", "A look-alike to ask in place of Stripe, for tests. Empty: Stripe itself.")
    stripe_tax: bool = _setting(False, "Let Stripe work out the tax on invoices, and add it.")
    charge_threshold_micros: int = _setting(
        0, "Charge a card within the month when it owes so many micro-dollars; 0: at the month's end only."
    )
    signup: str = _setting("open", "Who may sign up at the web pages: `open` (anybody), `invite` or `closed` (nobody).")
    smtp_url: str = _setting(
        "",
        "Where e-mail goes out: `smtp://USER:PASSWORD@HOST:587` (STARTTLS) or `smtps://…:465`. Empty: none is sent.",
        secret=True,
    )
    smtp_from: str = _setting("", "The sender of e-mails: `clipmeter <noreply@example.org>`.")
    oidc_issuer: str = _setting(
        "", "OpenID Connect provider to log in by: `https://accounts.example.org`. Empty: none."
    )
    oidc_client_id: str = _setting("", "What that provider calls this server.")
    oidc_client_secret: str = _setting("", "The secret it gave this server; empty for a public client.", secret=True)
    oidc_name: str = _setting("", "The provider's name on the log-in page. Empty: its host.")
    metrics: str = _setting(
        "local",
        "Who may read `/metrics`: `local` (this machine, and whoever has the operator's key), `open` (all) or `off`.",
    )
    log_level: str = _setting("info", "How much is logged: `debug`, `info`, `warning` or `error`.")

    @property
    def database_path(self) -> Path | None:
        """The SQLite file; None: the database is a PostgreSQL."""
        if not self.database_url:
            return self.home / "clipmeter.db"
        return Path(self.database_url.removeprefix("sqlite:///")) if self.database_url.startswith("sqlite:") else None

    @property
    def database_name(self) -> str:
        """Where the database is, for people: without its password."""
        return str(self.database_path or f"postgresql://{self.database_url.rpartition('@')[2]}")


SECRETS = frozenset(f.name for f in fields(Settings) if f.metadata["secret"])
FOREIGN_SECRETS = frozenset(
    {"database_url", "smtp_url", "oidc_client_secret", "stripe_secret_key", "stripe_webhook_secret"}
)
"""Those that others made, of any length."""
_LOCAL_NAMES = frozenset({"CONFIG", "KEY"})
"""Those that are no settings: where the file is, and a caller's own key, which the samples of the docs read."""


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises BadSetting with a sentence for the operator."""
    environ = os.environ if environ is None else environ
    given = {**_from_file(environ.get(PREFIX + "CONFIG", "")), **_from_environment(environ)}
    known = {f.name: f for f in fields(Settings)}
    values = {name: cast(name, raw, known[name].default) for name, raw in given.items()}
    return _checked(Settings(**values))


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What is set; an empty variable counts as none."""
    given: dict[str, str] = {}
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in _LOCAL_NAMES or not value:
            continue
        name = name.lower()
        is_file = name.endswith("_file") and name.removesuffix("_file") in SECRETS
        name = _known(name.removesuffix("_file") if is_file else name, variable)
        if name in given:
            raise BadSetting(f"{PREFIX}{name.upper()} and {PREFIX}{name.upper()}_FILE are both set; one is enough")
        given[name] = _read_secret(variable, value) if is_file else value
    return given


def _from_file(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"{PREFIX}CONFIG names {path}, which cannot be read: {reason(error)}") from error
    return {_known(name, f"{name} in {path}"): value for name, value in content.items()}


def _known(name: str, where: str) -> str:
    names = [f.name for f in fields(Settings)]
    if name in names:
        return name
    near = get_close_matches(name, names, 1)
    spelled = near[0] if near and " in " in where else f"{PREFIX}{near[0].upper()}" if near else ""
    hint = f"; did you mean {spelled}?" if near else "; docs/settings.md lists the settings"
    raise BadSetting(f"{where} is no setting of clipmeter{hint}")


def _read_secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{variable} names {path}, which cannot be read: {reason(error)}") from error


def _checked(settings: Settings) -> Settings:
    _refuse(settings.time_budget <= 0, "TIME_BUDGET", settings.time_budget, "more than 0 seconds")
    _refuse(settings.connect_timeout <= 0, "CONNECT_TIMEOUT", settings.connect_timeout, "more than 0 seconds")
    _refuse(settings.concurrency < 1, "CONCURRENCY", settings.concurrency, "1 or more")
    _refuse(settings.page_limit < 1_000_000, "PAGE_LIMIT", settings.page_limit, "1000000 bytes or more")
    _refuse(settings.metrics not in {"local", "open", "off"}, "METRICS", settings.metrics, "local, open or off")
    _refuse(not settings.impersonate, "IMPERSONATE", "empty", "one browser or more, like chrome")
    _refuse(
        not settings.sources or bool(set(settings.sources) - set(SOURCES)),
        "SOURCES",
        ",".join(settings.sources) or "empty",
        f"one or more of {', '.join(SOURCES)}",
    )
    _refuse(settings.request_budget < 1, "REQUEST_BUDGET", settings.request_budget, "1 or more")
    _refuse(len(settings.region) not in {0, 2}, "REGION", settings.region, "two letters, like US")
    _refuse(
        settings.log_level not in {"debug", "info", "warning", "error"},
        "LOG_LEVEL",
        settings.log_level,
        "debug, info, warning or error",
    )
    for name in sorted(SECRETS - FOREIGN_SECRETS):
        length = len(getattr(settings, name))
        _refuse(0 < length < 32, name.upper(), f"{length} characters long", "32 characters or more")
    _refuse(settings.links not in {"relay", "direct"}, "LINKS", settings.links, "relay or direct")
    _refuse(settings.link_seconds < 60, "LINK_SECONDS", settings.link_seconds, "60 or more")
    _refuse(settings.relays < 1, "RELAYS", settings.relays, "1 or more")
    _refuse(settings.signup not in {"open", "invite", "closed"}, "SIGNUP", settings.signup, "open, invite or closed")
    _check_addresses(settings)
    return settings


def _check_addresses(settings: Settings) -> None:
    _check_database(settings.database_url)
    addresses = {"UPSTREAM": settings.upstream, "PUBLIC_URL": settings.public_url, "STRIPE_URL": settings.stripe_url}
    for name, value in addresses.items():
        _refuse(bool(value) and not _is_url(value, {"http", "https"}), name, value, "like http://127.0.0.1:9000")
    reaches = not settings.contact or bool(_MAIL.fullmatch(settings.contact)) or _is_url(settings.contact, {"https"})
    _refuse(not reaches, "CONTACT", settings.contact, "an e-mail address, or an address like https://HOST/help")
    _check_people(settings)
    _check_stripe(settings)
    for proxy in settings.proxies:
        kinds = {"http", "https", "socks4", "socks5", "socks5h"}
        known = _PROXY.fullmatch(proxy)
        right = "like http://HOST:PORT or region=US http://HOST:PORT"
        _refuse(known is None or not _is_url(known[1], kinds), "PROXIES", proxy.partition("@")[2] or proxy, right)


def _check_people(settings: Settings) -> None:
    url = settings.smtp_url  # it may hold a password, so nothing of a wrong one is repeated
    known = not url or _is_url(url, {"smtp", "smtps"})
    _refuse(not known, "SMTP_URL", "not an address known here", "smtp://USER:PASSWORD@HOST:587 or smtps://…:465")
    _refuse(
        bool(url) and "@" not in settings.smtp_from, "SMTP_FROM", settings.smtp_from or "empty", "who e-mails are from"
    )
    # Links in e-mails must not follow the request: whoever sends it could have them lead elsewhere.
    needed = bool(url or settings.oidc_issuer) and not settings.public_url
    _refuse(needed, "PUBLIC_URL", "empty", "given when e-mail or OpenID Connect is used, since links lead there")
    issuer = settings.oidc_issuer
    _refuse(bool(issuer) and not _is_url(issuer, {"http", "https"}), "OIDC_ISSUER", issuer, "like https://HOST")
    _refuse(
        bool(issuer) and not settings.oidc_client_id, "OIDC_CLIENT_ID", "empty", "what the provider calls this server"
    )


def _check_stripe(settings: Settings) -> None:
    key = settings.stripe_secret_key  # nothing of a wrong one is repeated
    _refuse(bool(key) and not key.startswith(("sk_", "rk_")), "STRIPE_SECRET_KEY", "not a secret key", "like sk_live_…")
    signs = settings.stripe_webhook_secret
    _refuse(
        bool(signs) and not signs.startswith("whsec_"),
        "STRIPE_WEBHOOK_SECRET",
        "not a webhook's secret",
        "like whsec_…",
    )


def _check_database(url: str) -> None:
    """The address may hold a password anywhere, so nothing of a wrong one is repeated."""
    if not url or url.startswith("sqlite:///"):
        return
    scheme = url.partition("://")[0]
    known = scheme in {"postgresql", "postgres"}
    _refuse(
        not known, "DATABASE_URL", "not an address known here", "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    )
    _refuse(
        not _is_readable(url),
        "DATABASE_URL",
        "not a readable address",
        "postgresql://USER:PASSWORD@HOST:PORT/NAME, with special characters of the password percent-encoded (/ is %2F)",
    )


def _is_readable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return port != 0 and not parts.fragment and "@" not in parts.path


def _is_url(value: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _refuse(wrong: bool, name: str, value: object, right: str) -> None:
    if wrong:
        raise BadSetting(f"{PREFIX}{name} is {value}; it must be {right}")
