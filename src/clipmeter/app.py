"""The wiring: settings → working parts → ASGI application. Opens and closes everything."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import fields

import structlog

from clipmeter.answers import Answers, Got
from clipmeter.billing.biller import Biller
from clipmeter.billing.keys import Caller
from clipmeter.billing.messages import Messenger
from clipmeter.billing.rules import Mode
from clipmeter.books import Books
from clipmeter.call import Call, Source
from clipmeter.casting import PREFIX, written
from clipmeter.endpoints import ENDPOINTS
from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO, VideoQuery
from clipmeter.errors import Problem
from clipmeter.fetch import Fetch, unknown_browser
from clipmeter.fetch.webhook import Webhooks
from clipmeter.home import OperatorKeys
from clipmeter.mail import Mail
from clipmeter.media.links import Links, Signer, link_keys
from clipmeter.media.relay import Lane, Relay
from clipmeter.observe.alarm import Alarm
from clipmeter.observe.metrics import CONTENT_TYPE_LATEST, Metrics
from clipmeter.observe.watch import Watch
from clipmeter.records.board import Board
from clipmeter.records.statistics import Statistics
from clipmeter.sending import by_mail, by_webhook
from clipmeter.settings import BadSetting, Settings
from clipmeter.sites.tiktok.found import Answer
from clipmeter.sites.tiktok.hosts import REFERER, is_media, is_tiktok
from clipmeter.sites.tiktok.reach import Reach
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef
from clipmeter.sites.tiktok.shape_report import compare
from clipmeter.sites.tiktok.subtitles import with_words
from clipmeter.store.sentences import explain
from clipmeter.stream import Streams
from clipmeter.web.account import Desk
from clipmeter.web.docs.facts import Facts, Setting, TestId
from clipmeter.web.media import media_handler
from clipmeter.web.metrics import metrics
from clipmeter.web.pages.setup import Setup
from clipmeter.web.pages.site import Site
from clipmeter.web.routes import ASGIApp, make_app
from clipmeter.web.stripe import webhook_handler

log = structlog.get_logger()

RETRY_SECONDS = 1.0
"""Between attempts to reach the database at start."""


class Videos:
    """Remembered answers in front of the sources."""

    def __init__(
        self, answers: Answers[tuple[VideoRef | ShortLink, bool], Answer], fetch: Fetch, within: float
    ) -> None:
        """`within`: seconds for the text of subtitles."""
        self._answers, self._fetch, self._within = answers, fetch, within

    def remembered(self, query: VideoQuery) -> Got[Answer] | None:
        """What is at hand; the text of subtitles never is."""
        return None if query.language else self._answers.remembered((query.ref, query.partial), query.max_age)

    async def __call__(self, query: VideoQuery) -> Got[Answer]:
        """A post."""
        got = await self._answers.get((query.ref, query.partial), query.max_age)
        if not query.language:
            return got
        return got._replace(answer=await with_words(self._fetch, got.answer, query.language, self._within))


class Parts:
    """Everything that a paid call needs, over opened books."""

    def __init__(self, settings: Settings) -> None:
        """Connects to nothing yet. Raises BadSetting."""
        if name := unknown_browser(settings.impersonate):
            raise BadSetting(
                f"CLIPMETER_IMPERSONATE names {name}, which is no browser that curl_cffi knows; try chrome"
            )
        self.settings = settings
        self.books = Books(settings)
        self.sources: dict[tuple[str, str], Source] = {}
        self.lanes: dict[str, Lane] = {}
        keys = link_keys(self.books.secret, settings.link_secret, settings.link_secret_old)
        self.links = Links(keys, seconds=settings.link_seconds)
        self.relay = Relay(self.lanes, limit=settings.relays)
        self.metrics = Metrics()
        self.watch = Watch(self.books.recorder(), self.metrics)
        self.call = Call(
            self.books.keys,
            self.books.ledger,
            self.sources,
            self._links,
            patience=settings.time_budget,
            watch=self.watch,
        )
        self.alarm = Alarm(settings.home / "samples", compare, self.metrics.changed)
        self.reaches: dict[str, Reach] = {}
        self._show_numbers()
        self.is_ready = False

    def _links(self, answer: Answer, links: str | None, caller: Caller, base_url: str) -> Signer | None:
        if (links or self.settings.links) == "direct":
            return None
        return self.links.signer(answer, caller.account_id, caller.mode, base_url)

    def _show_numbers(self) -> None:
        """What is kept elsewhere and shown at /metrics."""
        show, store = self.metrics.show, self.books.store
        show("clipmeter_in_flight", "Calls under way.", lambda: [({}, self.call.in_flight)])
        show("clipmeter_store_batches", "Transactions.", lambda: [({}, store.saved()[0])], counts_up=True)
        show("clipmeter_store_plans", "What was saved in them.", lambda: [({}, store.saved()[1])], counts_up=True)
        show("clipmeter_source_breaker", "0 closed, 1 half-open, 2 open: left out.", self._breakers)

    def _breakers(self) -> Iterator[tuple[dict[str, str], float]]:
        for lane, reach in self.reaches.items():
            for source, state in reach.breakers().items():
                yield {"lane": lane, "source": source}, ("closed", "half-open", "open").index(state)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the sources and the books; `is_ready` from the moment the ledger is swept."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(asyncio.to_thread, self.alarm.close)
            await self._open_source(stack, "live", self.settings.upstream)
            await self._open_source(stack, "test", await _start_emulator(stack))
            await stack.enter_async_context(self.books.open())
            self.watch.start()
            stack.push_async_callback(self.watch.stop)
            await self.books.ledger.start()
            stack.push_async_callback(self.books.ledger.stop)
            self.books.alerts.start()
            stack.push_async_callback(self.books.alerts.stop)
            self._start_sending(stack)
            biller = Biller(self.books.invoices)
            biller.start()
            stack.push_async_callback(biller.stop)
            self.is_ready = True
            stack.callback(setattr, self, "is_ready", False)
            yield

    def _start_sending(self, stack: AsyncExitStack) -> None:
        """Send what waits in the outbox, and forget what people left behind."""
        settings, books = self.settings, self.books
        hooks = Webhooks(anywhere=settings.alert_anywhere)
        stack.push_async_callback(hooks.aclose)
        senders = {"webhook": by_webhook(hooks, books.alerts.key)}
        if settings.smtp_url:
            senders["email"] = by_mail(Mail(settings.smtp_url, settings.smtp_from))
        messenger = Messenger(books.store, senders, chores=[books.people.tidy])
        messenger.start()
        stack.push_async_callback(messenger.stop)

    async def _open_source(self, stack: AsyncExitStack, mode: Mode, upstream: str) -> None:
        settings = self.settings
        fetch = open_fetch(settings, upstream, settings.proxies if mode == "live" else ())
        stack.push_async_callback(fetch.aclose)
        reach = Reach(
            fetch,
            time_budget=settings.time_budget,
            request_budget=settings.request_budget,
            sources=settings.sources,
            hedge_after=settings.hedge_after,
            alarm=self.alarm if mode == "live" else None,  # the look-alike has pages that are odd on purpose
            fill_budget=settings.fill_budget,
            fill_sizes=settings.fill_sizes,
            fill_downloads=settings.fill_downloads or mode == "test",
        )
        stack.callback(reach.close)
        self.reaches[mode] = reach
        answers = self._answers(mode, reach)
        streams = Streams(fetch.file_request, allowed=is_media, connect_timeout=settings.connect_timeout)
        stack.push_async_callback(streams.aclose)

        async def resolve(video_id: str) -> Answer:
            return (await answers.get((VideoRef(video_id), False), 0)).answer

        self.lanes[mode] = Lane(streams, resolve)
        self.sources[TIKTOK_VIDEO.name, mode] = Videos(answers, fetch, settings.fill_budget)

    def _answers(self, mode: Mode, reach: Reach) -> Answers[tuple[VideoRef | ShortLink, bool], Answer]:
        """What is asked of TikTok once however many ask; the relay hears of every answer."""
        watched = self.watch.source(mode, lambda key: reach.video(key[0], partial=key[1]))

        async def ask(key: tuple[VideoRef | ShortLink, bool]) -> Answer:
            answer = await watched(key)
            self.relay.remember(mode, answer)
            return answer

        return Answers(ask, max_age=self.settings.max_age, remember=self.settings.remember, clock=time.time)


def open_fetch(settings: Settings, upstream: str, proxies: tuple[str, ...]) -> Fetch:
    """A door to TikTok, or to `upstream` in its place."""
    return Fetch(
        allowed=is_tiktok,
        referer=REFERER,
        upstream=upstream,
        impersonate=settings.impersonate,
        proxies=proxies,
        region=settings.region,
        pace=0 if upstream else settings.pace,  # the look-alike is ours
        connect_timeout=settings.connect_timeout,
        page_limit=settings.page_limit,
    )


async def _start_emulator(stack: AsyncExitStack) -> str:
    """The look-alike that test mode asks, in a thread of this process; its address."""
    from fauxtok.server import start  # noqa: PLC0415 - commands without test mode do without it

    emulator = await asyncio.to_thread(start)
    stack.push_async_callback(asyncio.to_thread, emulator.stop)
    return emulator.url


def make_service(parts: Parts, on_ready: Callable[[OperatorKeys], None]) -> ASGIApp:
    """The ASGI application; `on_ready` is called once paid requests are taken.

    It listens before the database is there: until then paid requests and /readyz get 503, /healthz is 200.
    """
    books = parts.books

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        stop = asyncio.Event()
        running = asyncio.create_task(_run(parts, on_ready, stop))
        yield
        stop.set()
        await running

    return make_app(
        endpoints=ENDPOINTS,
        call=parts.call,
        ready=lambda: parts.is_ready,
        public_url=parts.settings.public_url,
        desk=Desk(books.store, books.keys, books.accounts, books.ledger, books.log, books.limits, books.bargains),
        site=_site(parts),
        metrics=metrics(parts.settings.metrics, parts.watch.text, CONTENT_TYPE_LATEST, books.keys),
        media=media_handler(parts.relay, parts.links, lambda: parts.is_ready),
        webhook=webhook_handler(books.events.receive, lambda: parts.is_ready),
        lifespan=lifespan,
    )


def _site(parts: Parts) -> Site:
    """What the web pages stand on."""
    books, settings = parts.books, parts.settings
    return Site(
        store=books.store,
        people=books.people,
        keys=books.keys,
        limits=books.limits,
        alerts=books.alerts,
        cards=books.cards,
        invoices=books.invoices,
        terms=books.bargains,
        log=books.log,
        statistics=Statistics(books.records),
        board=Board(books.health),
        call=parts.call,
        ledger=books.ledger,
        links=parts.links,
        endpoints=ENDPOINTS,
        ready=lambda: parts.is_ready,
        public_url=settings.public_url,
        breakers=lambda: parts.reaches["live"].breakers() if "live" in parts.reaches else {},
        setup=Setup(
            contact=settings.contact,
            cards=books.cards.is_on,
            links=settings.links,
            link_seconds=settings.link_seconds,
            max_age=settings.max_age,
            log_days=settings.log_days,
        ),
        facts=_facts(settings),
        oidc=books.oidc,
    )


def _facts(settings: Settings) -> Facts:
    """What the guides tell of this server and of test mode."""
    from fauxtok.ids import DOCUMENTED  # noqa: PLC0415 - commands without pages do without it
    from fauxtok.short import short_code  # noqa: PLC0415

    about = (Setting(PREFIX + f.name.upper(), written(f.default), f.metadata["help"]) for f in fields(Settings))
    ids = (
        TestId(str(number), it.status, it.code, it.means, f"https://vm.tiktok.com/{short_code(number)}/")
        for number, it in DOCUMENTED.items()
    )
    return Facts(
        relays=settings.relays,
        time_budget=settings.time_budget,
        pace=settings.pace,
        settings=tuple(about),
        test_ids=tuple(ids),
    )


async def _run(parts: Parts, on_ready: Callable[[OperatorKeys], None], stop: asyncio.Event) -> None:
    """Keep the parts running until `stop`, and try again while the database cannot be opened."""
    while not stop.is_set():
        try:
            async with parts.running(), _kept_records(parts):
                on_ready(await parts.books.operator())
                await stop.wait()
        except Problem as problem:
            _say_not_ready(explain(problem, parts.settings.database_name), problem.sign)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be seen, and may be over in a second
            _say_not_ready(str(error), repr(error))
        if not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_SECONDS)


@asynccontextmanager
async def _kept_records(parts: Parts) -> AsyncIterator[None]:
    """What an earlier version has recorded elsewhere is brought in meanwhile."""
    if (keeper := parts.books.keeper()) is None:
        yield
        return
    keeper.start()
    try:
        yield
    finally:
        await keeper.stop()


def _say_not_ready(problem: str, sign: str) -> None:
    log.error("not ready, trying again", problem=problem, sign=sign)
