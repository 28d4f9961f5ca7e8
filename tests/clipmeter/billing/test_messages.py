"""The outbox: what was committed is sent, through failures, and nothing else is."""

import asyncio

import pytest

from bank import store_at
from clipmeter.billing.messages import Message, Messenger, Undeliverable, email, wait_micros, webhook
from clipmeter.errors import InvalidParameter
from clipmeter.store.base import plan


class Recorder:
    """A sender that keeps what it gets, and fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.got: list[Message] = []
        self.failures = list(failures)

    async def __call__(self, message: Message) -> None:
        self.got.append(message)
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)


@plan
def put(*queries, refuse=False):
    for query in queries:
        _ = yield query
    if refuse:
        raise InvalidParameter("no")


@pytest.fixture
async def store(where):
    store = store_at(where)
    await store.open()
    yield store
    await store.close()


async def test_sends_once(store):
    """What was committed is sent, by its kind, once; what was undone never is."""
    await store.write(put(email("acct_1", "a@b.c", "Hello", "Text"), webhook("acct_2", "https://x.y", "event", "{}")))
    with pytest.raises(InvalidParameter):
        await store.write(put(email("acct_1", "a@b.c", "Never", "Text"), refuse=True))
    mails, hooks = Recorder(), Recorder()
    messenger = Messenger(store, {"email": mails, "webhook": hooks})
    for kind in ("email", "webhook"):
        assert await messenger.deliver(kind) == 1
        assert await messenger.deliver(kind) == 0
    (letter,), (call,) = mails.got, hooks.got
    assert (letter.account_id, letter.recipient, letter.subject, letter.body, letter.tries) == (
        "acct_1",
        "a@b.c",
        "Hello",
        "Text",
        1,
    )
    assert (call.recipient, call.subject, call.body) == ("https://x.y", "event", "{}")


async def test_two_nodes(store, where):
    """Of nodes that look at the same time, each message is sent by one."""
    await store.write(put(*[email("acct_1", f"{n}@b.c", "Hello", "Text") for n in range(30)]))
    other = store_at(where)
    await other.open()
    mails = Recorder()
    nodes = [Messenger(one, {"email": mails}) for one in (store, other)]
    for _ in range(3):
        await asyncio.gather(*(node.deliver("email") for node in nodes))
    await other.close()
    assert sorted(letter.recipient for letter in mails.got) == sorted(f"{n}@b.c" for n in range(30))


async def test_tries_again(store):
    """What failed is sent again after a while, as the same message, and not before."""
    await store.write(put(email("acct_1", "a@b.c", "Hello", "Text")))
    mails = Recorder(OSError("away"), TimeoutError("slow"))
    messenger = Messenger(store, {"email": mails})
    for shift in (0, 0, 11, 11, 32, 1_000_000):
        store.clock_shift = shift
        await messenger.deliver("email")
    assert [letter.tries for letter in mails.got] == [1, 2, 3]
    assert len({letter.message_id for letter in mails.got}) == 1


async def test_gives_up(store):
    """What can never arrive is not tried again, and after two days nothing is."""
    await store.write(put(email("acct_1", "a@b.c", "Hello", "Text"), email("acct_1", "b@b.c", "Hello", "Text")))
    mails = Recorder(Undeliverable("nobody there"), *[OSError("away")] * 99)
    messenger = Messenger(store, {"email": mails})
    for hours in range(60):
        store.clock_shift = hours * 3_601
        await messenger.deliver("email")
    tries = [letter.recipient for letter in mails.got]
    assert tries.count(tries[0]) == 1
    assert 45 < len(tries) < 52
    store.clock_shift = 10_000_000
    await messenger.tidy()
    assert await messenger.deliver("email") == 0


async def test_node_dies_while_sending(store):
    """What a node had claimed when it died is sent by another two minutes later."""
    await store.write(put(email("acct_1", "a@b.c", "Hello", "Text")))

    sending = asyncio.Event()

    async def never(_message: Message) -> None:
        sending.set()
        await asyncio.sleep(3_600)

    dying = asyncio.create_task(Messenger(store, {"email": never}).deliver("email"))
    await asyncio.wait_for(sending.wait(), 10)
    dying.cancel()
    mails = Recorder()
    messenger = Messenger(store, {"email": mails})
    assert await messenger.deliver("email") == 0
    store.clock_shift = 121
    assert await messenger.deliver("email") == 1
    assert mails.got[0].tries == 2


async def test_loop(store):
    """The loop sends what comes, and stops at once."""
    mails = Recorder()
    messenger = Messenger(store, {"email": mails})
    await store.write(put(email("acct_1", "a@b.c", "Hello", "Text")))
    messenger.start()
    async with asyncio.timeout(5):
        while not mails.got:  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0.01)
        await messenger.stop()


def test_wait():
    """Longer each time, an hour at most."""
    assert [wait_micros(tries) // 1_000_000 for tries in (1, 2, 3, 9, 10, 500)] == [10, 20, 40, 2_560, 3_600, 3_600]
