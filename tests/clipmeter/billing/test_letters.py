"""Links by e-mail, from the form to a real SMTP server."""

import asyncio
import contextlib

import pytest

from clipmeter.billing.messages import Messenger
from clipmeter.billing.refusals import LinkExpired, TooManyAttempts
from clipmeter.mail import Mail
from clipmeter.sending import by_mail
from persons import BETTER, GOOD, SITE, dump, people_at
from postman import Postman, link_in


@pytest.fixture
def postman():
    postman = Postman().start()
    yield postman
    postman.stop()


@pytest.fixture
async def people(where):
    async with people_at(where, mails=True) as people:
        yield people


@pytest.fixture
def post(people, postman):
    """Sends what waits; the letters that came by it."""
    messenger = Messenger(people._store, {"email": by_mail(Mail(postman.url, "clips@example.org"))})

    async def post():
        before = len(postman.letters)
        await asyncio.gather(*people._unwatched)
        await messenger.deliver("email")
        return postman.letters[before:]

    return post


async def test_confirmation(people, post):
    """Who signs up gets a link to this server; it confirms the address once, and a newer one takes its place."""
    entry = await people.sign_up("ada@example.org", GOOD)
    (first,) = await post()
    assert first["To"] == "ada@example.org"
    assert f"{SITE}/confirm?token=" in first.get_content()
    await people.ask_confirmation(entry.account_id)
    (second,) = await post()
    with pytest.raises(LinkExpired):
        await people.confirm(link_in(first))
    assert not (await people.who(entry.token)).confirmed
    assert await people.confirm(link_in(second)) == entry.account_id
    assert (await people.who(entry.token)).confirmed
    with pytest.raises(LinkExpired):
        await people.confirm(link_in(second))


async def test_reset(people, post):
    """Who forgot the password chooses a new one by a link, and is told that it was changed."""
    await people.sign_up("ada@example.org", GOOD)
    await post()
    await people.ask_reset(" ADA@example.org")
    (letter,) = await post()
    assert f"{SITE}/reset?token=" in letter.get_content()
    await people.reset(link_in(letter), BETTER)
    (told,) = await post()
    assert (told["To"], told["Subject"]) == ("ada@example.org", "Your password was changed")


async def test_nobody_gets_no_letter(people, post):
    """Asked for an address that nobody has, for what is none, and for somebody who is gone, the answer is the same."""
    entry = await people.sign_up("gone@example.org", GOOD)
    await people.delete(await people.who(entry.token), GOOD)
    for email in ("nobody@example.org", "no address", "", "gone@example.org", "\x00"):
        assert await people.ask_reset(email) is None
    assert await post() == []


async def test_letters_are_few(people, post):
    """Nobody can flood a mailbox: three links an hour, whoever asks."""
    await people.sign_up("ada@example.org", GOOD)
    await post()
    for _ in range(8):
        with contextlib.suppress(TooManyAttempts):
            await people.ask_reset("ada@example.org")
    letters = await post()
    assert 1 <= len(letters) <= 3
    with pytest.raises(TooManyAttempts):
        await people.ask_reset("ada@example.org")


async def test_links_do_not_stay(people, post, where):
    """Once a letter has left, the link in it stands nowhere in the database."""
    await people.sign_up("ada@example.org", GOOD)
    (letter,) = await post()
    assert link_in(letter) not in await dump(where)
