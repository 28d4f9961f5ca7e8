"""Who gets in, and who does not."""

import asyncio
import time

import pytest

from bank import SECRET
from clipmeter.billing.accounts import Accounts
from clipmeter.billing.entering import find_by_email
from clipmeter.billing.keys import Keys
from clipmeter.billing.refusals import LinkExpired, LogInFailed, SignUpClosed, TooManyAttempts
from clipmeter.errors import InvalidParameter, ServiceUnavailable
from persons import BETTER, GOOD, REAL, dump, people_at
from postman import link_in


@pytest.fixture
async def people(where):
    async with people_at(where) as people:
        yield people


async def test_sign_up_and_log_in(people):
    """Who signs up is logged in, and can log in again: each time by another token."""
    first = await people.sign_up(" Ada@Example.org", GOOD)
    second = await people.log_in("ada@example.ORG ", GOOD, agent="Browser", address="192.0.2.1")
    assert first.account_id == second.account_id
    assert first.token != second.token
    ada = await people.who(second.token)
    assert (ada.email, ada.confirmed, ada.has_password, ada.kind) == ("ada@example.org", False, True, "user")
    assert {row.agent for row in await people.sessions(ada.account_id)} == {"", "Browser"}
    assert ada.csrf == (await people.who(second.token)).csrf != (await people.who(first.token)).csrf


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "x" * 1_000_000])
async def test_who_is_nobody(people, token):
    """A token that was made up is nobody's."""
    assert await people.who(token) is None


async def test_log_out(people):
    """A session that was logged out is over, and no other."""
    first = await people.sign_up("a@b.c", GOOD)
    second = await people.log_in("a@b.c", GOOD)
    await people.log_out(first.token)
    await people.log_out("nonsense")
    assert await people.who(first.token) is None
    assert await people.who(second.token)


async def test_log_out_everywhere(people):
    """All sessions end, or all but the one that asks; those of others go on."""
    other = await people.sign_up("other@b.c", GOOD)
    entries = [await people.sign_up("a@b.c", GOOD), *[await people.log_in("a@b.c", GOOD) for _ in range(2)]]
    await people.log_out_everywhere(entries[0].account_id, but=entries[2].token)
    assert [bool(await people.who(entry.token)) for entry in entries] == [False, False, True]
    await people.log_out_everywhere(entries[0].account_id)
    assert not await people.who(entries[2].token)
    assert await people.who(other.token)


async def test_wrong_password(people):
    """A wrong password and an address that nobody has get the same sentence."""
    await people.sign_up("a@b.c", GOOD)
    said = set()
    for email, password in [("a@b.c", BETTER), ("nobody@b.c", GOOD), ("a@b.c", ""), ("", ""), ("\x00", GOOD)]:
        with pytest.raises(LogInFailed) as failed:
            await people.log_in(email, password)
        said.add((failed.value.message, failed.value.status))
    assert len(said) == 1


async def test_one_account_per_address(people):
    """Of many who sign up at once with one address, however it is written, one gets the account."""
    tries = [people.sign_up(email, GOOD) for email in ["a@b.c", "A@B.c"] * 5]
    made = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, InvalidParameter) for one in made) == 9


async def test_throttled(people):
    """After ten wrong passwords the right one is not heard either, for a quarter of an hour, and nobody learns why."""
    await people.sign_up("a@b.c", GOOD)
    for email in ("a@b.c", "nobody@b.c"):
        tries = [people.log_in(email, f"{BETTER} {n}") for n in range(15)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(one, LogInFailed) for one in found) == 10
        assert sum(isinstance(one, TooManyAttempts) for one in found) == 5
        with pytest.raises(TooManyAttempts) as refused:
            await people.log_in(email, GOOD)
        assert refused.value.retry_after in range(880, 902)


async def test_closed(where):
    """Nobody signs up where it is closed, and nobody uninvited where it is by invitation."""
    for how in ("closed", "invite"):
        async with people_at(where, sign_up=how) as people:
            with pytest.raises(SignUpClosed):
                await people.sign_up("a@b.c", GOOD)


async def test_change_password(people):
    """A new password ends every session, this one included; the old one is worth nothing any more."""
    first, second = await people.sign_up("a@b.c", GOOD), await people.log_in("a@b.c", GOOD)
    ada = await people.who(first.token)
    with pytest.raises(LogInFailed):
        await people.change_password(ada, BETTER, BETTER)
    third = await people.change_password(ada, GOOD, BETTER)
    assert [bool(await people.who(entry.token)) for entry in (first, second, third)] == [False, False, True]
    with pytest.raises(LogInFailed):
        await people.log_in("a@b.c", GOOD)
    assert await people.log_in("a@b.c", BETTER)


@pytest.mark.parametrize(
    "password",
    ["", "short", "x" * 1_025, "x" * 1_000_000, "password", "PASSWORD1", "aaaaaaaaaa", "a@b.chars", "\ud800" * 9],
)
async def test_bad_new_passwords(people, password):
    """What is too short, too long, too common, or no text, is refused with a sentence wherever one is chosen."""
    with pytest.raises(InvalidParameter):
        await people.sign_up("a@b.chars", password)
    entry = await people.sign_up("a@b.chars", GOOD)
    with pytest.raises(InvalidParameter):
        await people.change_password(await people.who(entry.token), GOOD, password)
    link = await people.reset_link(entry.account_id)
    with pytest.raises(InvalidParameter):
        await people.reset(link_in(link), password)
    assert await people.log_in("a@b.chars", GOOD)


async def test_long_passwords_cost_nothing(people):
    """A password of a megabyte is refused before it is hashed, at a log-in too, and is not even counted."""
    await people.sign_up("a@b.c", GOOD)
    for _ in range(20):
        with pytest.raises(InvalidParameter):
            await people.log_in("a@b.c", "x" * 1_000_000)
    assert await people.log_in("a@b.c", GOOD)
    await people.sign_up("b@b.c", "éàüø" * 256)
    assert await people.log_in("b@b.c", "éàüø" * 256)


async def test_accents(people):
    """A password is the same however the keyboard writes its accents."""
    await people.sign_up("a@b.c", "caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait")
    assert await people.log_in("a@b.c", "cafe\N{COMBINING ACUTE ACCENT} au lait")


async def test_password_changes_during_log_in(people):
    """Who logs in with a password that is replaced at that moment does not get in, and none stays logged in."""
    entry = await people.sign_up("a@b.c", GOOD)
    ada = await people.who(entry.token)
    tries = [people.log_in("a@b.c", GOOD) for _ in range(5)]
    found = await asyncio.gather(people.change_password(ada, GOOD, BETTER), *tries, return_exceptions=True)
    alive = [await people.who(one.token) for one in found[1:] if not isinstance(one, Exception)]
    assert not any(alive)
    assert await people.who(found[0].token)


async def test_stale_hash(where):
    """A hash with old parameters is made anew at the next log-in."""
    async with people_at(where) as people:
        await people.sign_up("a@b.c", GOOD)
    async with people_at(where, time_cost=2) as people:
        for _ in range(2):
            assert await people.log_in("a@b.c", GOOD)
        person = await people._store.read(find_by_email("a@b.c"))
        assert ",t=2," in person.password


async def test_sessions_end(people):
    """A session ends a week after it was last used, and after a month however it is used; then it is forgotten."""
    used, idle = await people.sign_up("a@b.c", GOOD), await people.log_in("a@b.c", GOOD)
    for day in range(0, 36, 6):
        people._store.clock_shift = day * 86_400
        assert bool(await people.who(used.token)) is (day < 30)
    people._store.clock_shift = 7 * 86_400 + 1
    assert await people.who(idle.token) is None
    people._store.clock_shift = 36 * 86_400
    await people.tidy()
    assert await people.sessions(used.account_id) == []


async def test_many_sessions(people):
    """Of more than fifty sessions the oldest make room."""
    entries = [await people.sign_up("a@b.c", GOOD), *[await people.log_in("a@b.c", GOOD) for _ in range(51)]]
    assert [bool(await people.who(entry.token)) for entry in entries] == [False, False, *[True] * 50]


async def test_addresses_are_throttled(people):
    """From one network so many tries are heard, whatever they name; from another all is as ever."""
    await people.sign_up("a@b.c", GOOD)
    said = []
    for n in range(103):
        with pytest.raises((LogInFailed, TooManyAttempts)) as failed:
            await people.log_in(f"{n}@b.c", GOOD, address=f"2001:db8::{n}")
        said.append(failed.type)
    assert said == [LogInFailed] * 100 + [TooManyAttempts] * 3
    assert await people.log_in("a@b.c", GOOD, address="2001:db8:1::1")
    people._store.clock_shift = 901
    assert await people.log_in("a@b.c", GOOD, address="2001:db8::1")


async def test_right_passwords_are_not_counted(people):
    """Who knows the password logs in as often as they like."""
    await people.sign_up("a@b.c", GOOD)
    for _ in range(30):
        assert await people.log_in("a@b.c", GOOD, address="192.0.2.1")


async def test_time_tells_nothing(where):
    """With the real parameters a log-in takes as long for an address that nobody has: the hash is made for nobody."""
    async with people_at(where, **REAL) as people:
        await people.sign_up("a@b.c", GOOD)
        took = {"a@b.c": [], "nobody@b.c": [], "no address": []}
        for _ in range(7):
            for email, its in took.items():
                begin = time.perf_counter()
                with pytest.raises(LogInFailed):
                    await people.log_in(email, BETTER)
                its.append(time.perf_counter() - begin)
    middle = {email: sorted(its)[3] for email, its in took.items()}
    assert max(middle.values()) < 1.5 * min(middle.values()), middle


async def test_hashes_wait_their_turn(where):
    """Of a hundred who come at once two are hashed at a time, and those beyond 64 are told to come back."""
    async with people_at(where, time_cost=4, memory_cost=8_192) as people:
        tries = [people.log_in(f"{n}@b.c", GOOD) for n in range(100)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(one) for one in found} == {LogInFailed, ServiceUnavailable}
        assert sum(isinstance(one, LogInFailed) for one in found) >= 64


async def test_invitations(where):
    """An invitation lets one person in, whoever comes at once, until it is too old; and says who came."""
    async with people_at(where, sign_up="invite") as people:
        invite = await people.invites.make("for Ada", 3_600)
        tries = [people.sign_up(f"{n}@b.c", GOOD, invite=invite.token) for n in range(5)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        (entry,) = [one for one in found if not isinstance(one, SignUpClosed)]
        old = await people.invites.make("", 60)
        people._store.clock_shift = 61
        for token in ("nonsense", invite.token, old.token):
            with pytest.raises(SignUpClosed):
                await people.sign_up("late@b.c", GOOD, invite=token)
        first, second = await people.invites.list_all()
        assert (first.note, first.account_id, second.account_id) == ("for Ada", entry.account_id, None)


async def test_taken_address_leaves_the_invitation(where):
    """Who signs up with an address that is taken keeps the invitation."""
    async with people_at(where, sign_up="invite") as people:
        first, second = [await people.invites.make("", 3_600) for _ in range(2)]
        await people.sign_up("a@b.c", GOOD, invite=first.token)
        with pytest.raises(InvalidParameter):
            await people.sign_up("A@b.c", GOOD, invite=second.token)
        assert await people.sign_up("b@b.c", GOOD, invite=second.token)


async def test_operator_has_no_password(people):
    """The operator's own account is not for logging in until it is given a password at the command line."""
    accounts = Accounts(people._store, Keys(people._store, SECRET))
    made = await accounts.create("operator@localhost", kind="operator")
    for password in ("", GOOD):
        with pytest.raises(LogInFailed):
            await people.log_in("operator@localhost", password)
    with pytest.raises(InvalidParameter):
        await people.sign_up("eve@localhost", GOOD)
    await people.set_password(made.account_id, GOOD)
    entry = await people.log_in("operator@localhost", GOOD)
    assert (await people.who(entry.token)).kind == "operator"
    await people.set_password(made.account_id, BETTER)
    assert await people.who(entry.token) is None


async def test_nothing_in_the_database_lets_anybody_in(people, where):
    """Neither passwords, tokens nor links stand in the database, and no address of who tried."""
    entry = await people.sign_up("a@b.c", GOOD, address="192.0.2.77")
    link = link_in(await people.reset_link(entry.account_id))
    with pytest.raises(LogInFailed):
        await people.log_in("secret-visitor@b.c", BETTER, address="192.0.2.77")
    said = await dump(where)
    for secret in (GOOD, BETTER, entry.token, link, "192.0.2.77", "secret-visitor"):
        assert secret not in said
    assert "a@b.c" in said


async def test_reset_link(people):
    """A link lets its owner choose a password once: every session ends, the address counts as confirmed."""
    entry = await people.sign_up("a@b.c", GOOD)
    older, link = [link_in(await people.reset_link(entry.account_id)) for _ in range(2)]
    for token in ("nonsense", "", "x" * 1_000_000, older):
        with pytest.raises(LinkExpired):
            await people.reset(token, BETTER)
    tries = await asyncio.gather(*[people.reset(link, BETTER) for _ in range(3)], return_exceptions=True)
    (fresh,) = [one for one in tries if not isinstance(one, LinkExpired)]
    assert await people.who(entry.token) is None
    assert (await people.who(fresh.token)).confirmed
    assert await people.log_in("a@b.c", BETTER)


async def test_reset_link_grows_old(people):
    """A link is good for as long as it says, and not for another purpose."""
    entry = await people.sign_up("a@b.c", GOOD)
    link = link_in(await people.reset_link(entry.account_id, seconds=3_600))
    with pytest.raises(LinkExpired):
        await people.confirm(link)
    people._store.clock_shift = 3_601
    with pytest.raises(LinkExpired):
        await people.reset(link, BETTER)


async def test_reset_ends_the_throttle(people):
    """Whoever is locked out by somebody else's guesses gets in by a link, and can log in again."""
    entry = await people.sign_up("a@b.c", GOOD)
    for _ in range(12):
        with pytest.raises((LogInFailed, TooManyAttempts)):
            await people.log_in("a@b.c", "a wrong guess")
    await people.reset(link_in(await people.reset_link(entry.account_id)), BETTER)
    assert await people.log_in("a@b.c", BETTER)


async def test_without_mail(people):
    """A server that sends no e-mail says so, and an operator's word confirms an address."""
    entry = await people.sign_up("a@b.c", GOOD)
    for asked in (people.ask_confirmation(entry.account_id), people.ask_reset("a@b.c")):
        with pytest.raises(InvalidParameter, match="sends no e-mail"):
            await asked
    await people.confirm_unasked(entry.account_id)
    assert (await people.who(entry.token)).confirmed


async def test_many_at_once(people):
    """Twenty who sign up, log in, and change their passwords at the same moment each get what is theirs."""
    emails = [f"{n}@b.c" for n in range(20)]
    entries = await asyncio.gather(*[people.sign_up(email, GOOD) for email in emails])
    again = await asyncio.gather(*[people.log_in(email, GOOD, agent=email) for email in emails])
    visitors = await asyncio.gather(*[people.who(entry.token) for entry in again])
    assert [visitor.email for visitor in visitors] == emails
    assert [visitor.account_id for visitor in visitors] == [entry.account_id for entry in entries]
    fresh = await asyncio.gather(*[people.change_password(one, GOOD, f"{BETTER} {one.email}") for one in visitors])
    assert [(await people.who(entry.token)).email for entry in fresh] == emails
    assert [bool(await people.who(entry.token)) for entry in (*entries, *again)] == [False] * 40


async def test_attempts_count_on_all_nodes(where):
    """Nodes that share a database count together."""
    async with people_at(where) as here, people_at(where) as there:
        await here.sign_up("a@b.c", GOOD)
        for n in range(10):
            with pytest.raises(LogInFailed):
                await (here if n % 2 else there).log_in("a@b.c", BETTER)
        for node in (here, there):
            with pytest.raises(TooManyAttempts):
                await node.log_in("a@b.c", GOOD)
