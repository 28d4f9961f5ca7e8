"""Everything that runs: database, nodes, emulator and, between nodes and PostgreSQL, the fault proxy."""

import asyncio
import itertools
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from chaos.caller import Key
from chaos.checker import Account, Pays, Terms
from chaos.nodes import CLIPMETER, Emulator, Node
from chaos.proxy import Link
from chaos.rows import PostgresRows, SqliteRows
from clipmeter.books import Books
from clipmeter.settings import Settings
from pgbouncer import Pgbouncer
from postgres import Postgres, database_of, started, thrown_away

T = TypeVar("T")
StoreName = Literal["sqlite", "postgres"]
SECRET = "chaos" * 8
TIME_BUDGET = 3.0
FIRST_GROUP, GROUPS = 500, 1_000
"""Groups are the last three digits of ids; the documented ids of the emulator have none of 500 to 899."""
LIVE_BASE = 1_500_000_000


@dataclass(frozen=True)
class Shape:
    """What is to be started."""

    store: StoreName = "sqlite"
    nodes: int = 1
    terms: Terms = Terms(free=5, price=6_000, slots=3)
    pooler: bool = False
    """Put pgbouncer between the proxy and PostgreSQL."""
    command: tuple[str, ...] = CLIPMETER
    """How to run clipmeter: a mutant is run otherwise."""
    settings: dict[str, str] = field(default_factory=dict)
    """More of the nodes' settings."""


class Cluster:
    """The processes of one run, over a folder of their own."""

    def __init__(self, shape: Shape, folder: Path) -> None:
        self.shape, self.folder = shape, folder
        self.emulator = Emulator()
        self.links: list[Link] = []
        self.nodes: list[Node] = []
        self.postgres: Postgres | None = None
        self.pooler: Pgbouncer | None = None
        self.rows: SqliteRows | PostgresRows
        self._groups = itertools.cycle(range(FIRST_GROUP, FIRST_GROUP + 400))
        self._numbers = itertools.count()
        self._mark = int(time.time())

    async def start(self) -> None:
        """Return once every node takes requests."""
        addresses = await self._database()
        terms = self.shape.terms
        common = {
            "secret": SECRET,
            "upstream": self.emulator.url,
            "sources": "webpage",
            "fill_sizes": "false",
            "time_budget": str(TIME_BUDGET),
            "free_requests": str(terms.free),
            "price_micros": str(terms.price),
            "concurrency": str(terms.slots),
            "log_level": "warning",
            "database_pooler": str(self.shape.pooler).lower(),
            **self.shape.settings,
        }
        self.nodes = [
            Node(self.folder / f"node{n}", {**common, "database_url": address}, self.shape.command)
            for n, address in enumerate(addresses)
        ]
        self.settings = Settings(
            home=self.folder / "side",
            secret=SECRET,
            database_url=self._direct,
            free_requests=terms.free,
            price_micros=terms.price,
            concurrency=terms.slots,
        )
        for node in self.nodes:
            node.start()
        await asyncio.gather(*(node.ready() for node in self.nodes))

    async def stop(self) -> None:
        """End all of it; the folder stays."""
        await asyncio.gather(*(asyncio.to_thread(node.stop) for node in self.nodes))
        await asyncio.gather(*(link.stop() for link in self.links))
        await asyncio.to_thread(self.emulator.stop)
        if self.pooler:
            await asyncio.to_thread(self.pooler.throw_away)
        if self.postgres:
            await asyncio.to_thread(thrown_away, self.postgres)

    @property
    def urls(self) -> list[str]:
        """Of the nodes."""
        return [node.url for node in self.nodes]

    async def heal(self) -> None:
        """No more faults: everything runs and the proxy is transparent."""
        for link in self.links:
            link.heal()
        for node in self.nodes:
            node.wake()
            if node.process is None or node.process.poll() is not None:
                node.kill()
                node.start()
        await asyncio.gather(*(node.ready() for node in self.nodes))

    async def beside(self, work: Callable[[Books], Awaitable[T]]) -> T:
        """Do something with the books, past the nodes and the proxy. Raises a Problem when the database is away."""
        books = Books(self.settings)
        async with books.open():
            return await work(books)

    async def new_accounts(self, roles: Mapping[str, Pays]) -> dict[str, tuple[Account, Key]]:
        """An account for each role, with a key of the kind that it wants."""

        async def make(books: Books) -> dict[str, tuple[Account, Key]]:
            return {role: await self._new_account(books, role, pays) for role, pays in roles.items()}

        return await self.beside(make)

    async def _new_account(self, books: Books, role: str, pays: Pays) -> tuple[Account, Key]:
        email = f"{role}-{self._mark}-{next(self._numbers)}@example.org"
        payment: Any = "none" if pays == "no" else "invoice"
        kind: Any = "operator" if pays == "operator" else "user"
        made = await books.accounts.create(email, kind=kind, payment=payment)
        mode = "test" if pays == "test" else "live"
        keys = await books.keys.list_for(made.account_id)
        key_id = next(key.key_id for key in keys if key.mode == mode)
        account = Account(made.account_id, role, pays, next(self._groups))
        return account, Key(made.account_id, key_id, made.test_key if pays == "test" else made.key)

    def new_id(self, account: Account, *, found: bool = True) -> str:
        """An id that nobody has asked for: of a video, or (`found` False) of none."""
        number = next(self._numbers)
        high = LIVE_BASE + self._mark % 100_000_000 + number if found else 1_000_000 + number
        whole = (high << 32) + 500_000
        return str(whole - whole % GROUPS + account.group)

    async def idle(self, within: float) -> float:
        """Wait until nothing is reserved: after how many seconds; at most `within`."""
        began = time.monotonic()
        while await self.rows.reserved():
            if time.monotonic() - began > within:
                break
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def _database(self) -> list[str]:
        """Start it; what each node's CLIPMETER_DATABASE_URL is."""
        count = self.shape.nodes
        if self.shape.store == "sqlite":
            file = self.folder / "clipmeter.db"
            self.rows, self._direct = SqliteRows(file), f"sqlite:///{file}"
            return [self._direct] * count
        self.postgres = await asyncio.to_thread(started)
        self._direct = await asyncio.to_thread(self.postgres.new_database)
        self.rows = PostgresRows(self._direct)
        port = self.postgres.port
        if self.shape.pooler:
            self.pooler = await asyncio.to_thread(Pgbouncer(self.postgres).start)
            port = self.pooler.port
        self.links = [await Link(port).start() for _ in range(count)]
        name = database_of(self._direct)
        return [f"postgresql://postgres@127.0.0.1:{link.port}/{name}" for link in self.links]


@asynccontextmanager
async def running(shape: Shape, folder: Path | None = None) -> AsyncIterator[Cluster]:
    """A started cluster; a folder that was not given is deleted when all went well."""
    own = folder is None
    folder = folder or Path(tempfile.mkdtemp(prefix="clipmeter-chaos-"))
    cluster = Cluster(shape, folder)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()
    if own:
        shutil.rmtree(folder, ignore_errors=True)
