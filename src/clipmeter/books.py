"""The database and what keeps accounts in it, wired: all that most commands need, and what `app` stands on."""

import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from clipmeter.billing.accounts import Accounts, NewAccount
from clipmeter.billing.alerts import Alerts
from clipmeter.billing.cards import Cards
from clipmeter.billing.events import Events
from clipmeter.billing.invoices import Invoices
from clipmeter.billing.keys import KEYS_PER_ACCOUNT, Keys
from clipmeter.billing.ledger import Ledger
from clipmeter.billing.limits import SpendingLimits
from clipmeter.billing.people import House, People
from clipmeter.billing.rules import Terms
from clipmeter.billing.stripe import Stripe
from clipmeter.billing.terms import TermsBook
from clipmeter.endpoints import ENDPOINTS
from clipmeter.errors import ServiceUnavailable, Unauthorized
from clipmeter.home import Home, OperatorKeys
from clipmeter.records.health import HealthLog
from clipmeter.records.keeper import RecordsKeeper
from clipmeter.records.line import Order
from clipmeter.records.recorder import Recorder
from clipmeter.records.requests import RequestLog
from clipmeter.settings import Settings
from clipmeter.store.base import Store
from clipmeter.store.postgres import PostgresStore
from clipmeter.store.recordsfile import records_file
from clipmeter.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from clipmeter.billing.oidc import Oidc

OPERATOR_EMAIL = "operator@localhost"
HOLD_MARGIN = 50.0
"""Seconds beyond the time budget for which a request may hold its place: rendering, posting, a slow disk."""


def open_store(settings: Settings) -> Store:
    """The database that the settings name; connected to nothing yet."""
    if settings.database_path:
        return SqliteStore(settings.database_path)
    return PostgresStore(settings.database_url, pooled=settings.database_pooler)


def _records(settings: Settings, store: Store) -> Store:
    """Where what happened is kept: on PostgreSQL in the same database."""
    if settings.database_path:
        return SqliteStore(records_file(settings.database_path))
    return store


def _email_of_node(home: Path) -> str:
    """Nodes that share a database have an operator's account each, since ten keys would not do for all of them."""
    name = hashlib.blake2b(f"{socket.gethostname()}:{home}".encode(), digest_size=4).hexdigest()
    return f"operator-{name}@localhost"


def _house(settings: Settings) -> House:
    """How this server treats people."""
    return House(settings.signup, settings.public_url.rstrip("/"), mails=bool(settings.smtp_url))


def _oidc(settings: Settings, secret: str) -> "Oidc | None":
    """The other provider to log in by; None: there is none."""
    if not settings.oidc_issuer:
        return None
    from clipmeter.billing.oidc import Client, Oidc  # noqa: PLC0415 - a quarter of a second for those who need it

    client = Client(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_name)
    return Oidc(client, secret)


class Books:
    """The database and what keeps accounts in it: all that most commands need."""

    def __init__(self, settings: Settings) -> None:
        """Connects to nothing yet."""
        self.home = Home(settings.home)
        self.settings = settings
        self.store = open_store(settings)
        self.records = _records(settings, self.store)
        """What happened: to read, and to delete from. Servers have it written by a process of their own."""
        self._operator_email = OPERATOR_EMAIL if settings.database_path else _email_of_node(settings.home)
        self.secret = settings.secret or self.home.secret(settings.database_path)
        self.keys = Keys(self.store, self.secret)
        self.accounts = Accounts(self.store, self.keys)
        terms = Terms(
            price_micros=settings.price_micros,
            free_requests=settings.free_requests,
            concurrency=settings.concurrency,
        )
        self.terms = {endpoint.name: terms for endpoint in ENDPOINTS}
        self.bargains = TermsBook(self.store, self.terms)
        self.log = RequestLog(self.records, settings.log_days)
        self.health = HealthLog(self.records)
        hold = settings.time_budget + HOLD_MARGIN
        self.limits = SpendingLimits(self.store)
        self.alerts = Alerts(
            self.store,
            self.terms,
            self.secret,
            mails=bool(settings.smtp_url),
            anywhere=settings.alert_anywhere,
        )
        self.people = People(self.store, self.secret, _house(settings), records=self.records)
        self.oidc = _oidc(settings, self.secret)
        self.stripe = Stripe(settings.stripe_secret_key, url=settings.stripe_url, tax=settings.stripe_tax)
        self.cards = Cards(self.store, self.stripe)
        self.invoices = Invoices(
            self.store, self.stripe, threshold_micros=settings.charge_threshold_micros, tax=settings.stripe_tax
        )
        self.people.farewells.append(self._settle_up)
        self.events = Events(
            self.store,
            self.cards,
            settings.stripe_webhook_secret,
            invoice_told=self.invoices.told,
            card_saved=self.invoices.pay_failed,
        )
        self.ledger = Ledger(self.store, self.terms, hold_seconds=hold)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Open the database. Raises ServiceUnavailable when it cannot be."""
        async with AsyncExitStack() as stack:
            await self.store.open()
            stack.push_async_callback(self.store.close)
            if self.records is not self.store:
                stack.push_async_callback(self.records.close)
                with suppress(ServiceUnavailable):  # they are not the books: what needs them says so
                    await self.records.open()
            stack.push_async_callback(self.stripe.aclose)
            if self.oidc:
                stack.push_async_callback(self.oidc.aclose)
            await self.keys.check_secret()
            yield

    def keeper(self) -> RecordsKeeper | None:
        """What a server does for its file of records; None: it has none."""
        path = self.settings.database_path
        return RecordsKeeper(self.records, path) if path else None

    def recorder(self) -> Recorder:
        """What has the records of a server written."""
        settings, path = self.settings, self.settings.database_path
        place = {"path": str(records_file(path)), "url": ""} if path else {"path": "", "url": settings.database_url}
        return Recorder(
            Order(
                **place,
                pooled=settings.database_pooler,
                keep_days=settings.log_days,
                log_level=settings.log_level,
            )
        )

    async def _settle_up(self, account_id: str) -> None:
        """Before an account is deleted: its card pays what is open, and Stripe forgets it."""
        await self.invoices.settle_up(account_id)
        await self.cards.forget(account_id)

    async def operator(self) -> OperatorKeys:
        """The operator's account and keys that work; made when they are not there."""
        kept = self.home.operator()
        account = await self.accounts.find(self._operator_email)
        if kept and account and await self._work(kept):
            return kept
        if account is None:
            made = await self.accounts.create(self._operator_email, kind="operator")
        else:
            made = await self._new_keys(account.account_id)
        keys = OperatorKeys(made.account_id, made.key, made.test_key)
        self.home.keep_operator(keys)
        return keys

    async def _work(self, kept: OperatorKeys) -> bool:
        try:
            return [(await self.keys.find(key)).mode for key in (kept.key, kept.test_key)] == ["live", "test"]
        except Unauthorized:
            return False

    async def _new_keys(self, account_id: str) -> NewAccount:
        # The file was lost or its keys were revoked. The old keys may be in use elsewhere, so they stay as they are,
        # unless there is no room for new ones: then the oldest go.
        for key in (await self.keys.list_for(account_id))[: -(KEYS_PER_ACCOUNT - 2)]:
            await self.keys.delete(key.key_id)
        live = await self.keys.create(account_id, "Operator's key", "live")
        test = await self.keys.create(account_id, "Operator's test key", "test")
        return NewAccount(account_id, live.key, test.key)
