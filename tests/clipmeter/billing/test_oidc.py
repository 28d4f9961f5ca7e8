"""Log-in by another provider, against a small real one over HTTP."""

import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from bank import SECRET
from clipmeter.billing.entering import Identity
from clipmeter.billing.oidc import Client, Oidc
from clipmeter.billing.refusals import LogInFailed, ProviderFailed, ProviderRefused, SignUpClosed
from clipmeter.errors import InvalidParameter
from persons import BETTER, GOOD, people_at
from postman import link_in
from provider import Provider, other_key

BROWSER, OTHER = "a" * 32, "b" * 32
BACK = "https://clips.example.org/oidc/callback"
ADA = Identity("https://accounts.example.org", "ada-1", "Ada@example.org", email_verified=True)


@pytest.fixture(params=[True, False], ids=["basic", "post"])
def provider(request):
    provider = Provider(basic=request.param).start()
    yield provider
    provider.stop()


@pytest.fixture
async def oidc(provider):
    oidc = Oidc(Client(provider.issuer, provider.client_id, provider.secret), SECRET)
    yield oidc
    await oidc.aclose()


async def visit(url):
    """What a browser does at the provider: the query it comes back with."""
    async with httpx.AsyncClient() as browser:
        sent = await browser.get(url)
    assert sent.status_code == 302, sent.text
    assert sent.headers["Location"].startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()}


async def log_in(oidc):
    back = await visit(await oidc.begin(BROWSER, BACK, carried="invite & more"))
    found = await oidc.finish(BROWSER, back["state"], back["code"], BACK)
    assert found.carried == "invite & more"
    return found.identity


async def test_log_in(oidc, provider):
    """The provider says who it is, as often as asked; its addresses and keys are asked for once."""
    for _ in range(3):
        assert await log_in(oidc) == Identity(provider.issuer, "ada-1", "Ada@example.org", email_verified=True)
    assert provider.asked.count("/keys") == provider.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize("verified", [False, None, "false", 1.5, "yes"])
async def test_unverified(oidc, provider, verified):
    """An address that the provider does not vouch for is not told at all."""
    provider.person["email_verified"] = verified
    found = await log_in(oidc)
    assert (found.email, found.email_verified) == ("", False)


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example.org"},
        {"aud": "another client"},
        {"aud": ["clips", "another client"], "azp": "another client"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
        {"iat": 99_999_999_999},
        {"at_hash": "another"},
    ],
)
async def test_lies(oidc, provider, lie):
    """A token that is not for us, not of now, or not an answer to this log-in is not believed."""
    provider.lies = lie
    with pytest.raises(ProviderFailed):
        await log_in(oidc)


async def test_forged(oidc, provider):
    """A token signed by a key that is not the provider's is not believed, nor one signed with the secret we share."""
    await log_in(oidc)
    provider.key, provider.algorithm = other_key(), "ES256"
    with pytest.raises(ProviderFailed):
        await log_in(oidc)
    provider.key, provider.algorithm = OctKey.import_key(provider.secret * 4, {"kid": "one"}), "HS256"
    with pytest.raises(ProviderFailed):
        await log_in(oidc)


async def test_new_keys(oidc, provider):
    """When the provider has changed its keys, the next but one log-in works at the latest."""
    await log_in(oidc)
    provider.key = RSAKey.generate_key(2048, {"kid": "two"}, private=True)
    provider.shown = [provider.key]
    with pytest.raises(ProviderFailed):
        await log_in(oidc)
    assert await log_in(oidc)


async def test_another_browser(oidc):
    """What was begun in one browser cannot be finished in another: a stranger's log-in cannot be given to anybody."""
    back = await visit(await oidc.begin(BROWSER, BACK))
    mine = await visit(await oidc.begin(OTHER, BACK))
    body, mark = back["state"].split(".")
    forged = f"{mine['state'].split('.')[0]}.{mark}"
    for state in ("", "nonsense", body, ".", "é.é", forged, mine["state"], back["state"][:-1], "x" * 1_000_000):
        with pytest.raises(ProviderRefused):
            await oidc.finish(BROWSER, state, back["code"], BACK)
    for browser in (OTHER, ""):
        with pytest.raises(ProviderRefused):
            await oidc.finish(browser, back["state"], back["code"], BACK)
    assert await oidc.finish(BROWSER, back["state"], back["code"], BACK)
    with pytest.raises(ProviderFailed):  # a code is good once
        await oidc.finish(BROWSER, back["state"], back["code"], BACK)


async def test_stolen_code(oidc):
    """A code from another log-in, in this browser or another, is worth nothing: it hangs on the other verifier."""
    for browser in (BROWSER, OTHER):
        mine, theirs = await visit(await oidc.begin(BROWSER, BACK)), await visit(await oidc.begin(browser, BACK))
        with pytest.raises(ProviderFailed):
            await oidc.finish(BROWSER, mine["state"], theirs["code"], BACK)


async def test_nothing_is_given_away(oidc):
    """Neither the browser's cookie nor the verifier goes to the provider."""
    url = await oidc.begin(BROWSER, BACK)
    assert BROWSER not in url
    assert "verifier" not in url


async def test_refused_there(oidc):
    """Who is turned away at the provider is told so."""
    state = parse_qs(urlsplit(await oidc.begin(BROWSER, BACK)).query)["state"][0]
    with pytest.raises(ProviderRefused, match="did not log you in"):
        await oidc.finish(BROWSER, state, "", BACK)


async def test_provider_is_away(oidc, provider):
    """A provider that does not answer, or answers nonsense, is a sentence and no crash; when it is back all is well."""
    provider.broken = True
    with pytest.raises(ProviderFailed):
        await oidc.begin(BROWSER, BACK)
    provider.broken = False
    back = await visit(await oidc.begin(BROWSER, BACK))
    provider.broken = True
    with pytest.raises(ProviderFailed):
        await oidc.finish(BROWSER, back["state"], back["code"], BACK)


async def test_other_issuer(provider):
    """A provider that calls itself by another name is not believed."""
    oidc = Oidc(Client(provider.issuer.replace("127.0.0.1", "localhost"), provider.client_id, provider.secret), SECRET)
    with pytest.raises(ProviderFailed):
        await oidc.begin(BROWSER, BACK)
    await oidc.aclose()


async def test_takes_too_long(oidc, monkeypatch):
    """A log-in that was begun too long ago cannot be finished."""
    back = await visit(await oidc.begin(BROWSER, BACK))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 602)
    with pytest.raises(ProviderRefused):
        await oidc.finish(BROWSER, back["state"], back["code"], BACK)


@pytest.fixture
async def people(where):
    async with people_at(where) as people:
        yield people


async def test_first_time(people):
    """Who comes for the first time gets an account with a confirmed address and without a password; then the same."""
    entry = await people.come_by(ADA)
    ada = await people.who(entry.token)
    assert (ada.email, ada.confirmed, ada.has_password) == ("ada@example.org", True, False)
    again = await people.come_by(Identity(ADA.issuer, ADA.subject, "", email_verified=False))
    assert again.account_id == entry.account_id
    assert again.token != entry.token
    with pytest.raises(LogInFailed):
        await people.log_in("ada@example.org", "")
    fresh = await people.change_password(ada, "", GOOD)
    assert (await people.who(fresh.token)).has_password


async def test_joined_when_both_are_sure(people):
    """An account with the same confirmed address is the same person's."""
    entry = await people.sign_up("ada@example.org", GOOD)
    await people.confirm_unasked(entry.account_id)
    assert (await people.come_by(ADA)).account_id == entry.account_id
    assert (await people.log_in("ada@example.org", GOOD)).account_id == entry.account_id


async def test_not_joined_otherwise(people):
    """Who signed up with somebody else's address first does not get them into a trap, nor into their account."""
    trap = await people.sign_up("ada@example.org", GOOD)
    with pytest.raises(InvalidParameter, match="never confirmed"):
        await people.come_by(ADA)
    fresh = await people.reset(link_in(await people.reset_link(trap.account_id)), BETTER)
    assert await people.who(trap.token) is None
    assert (await people.come_by(ADA)).account_id == fresh.account_id
    with pytest.raises(InvalidParameter, match="does not say"):
        await people.come_by(Identity(ADA.issuer, "eve", "", email_verified=False))


async def test_one_identity_each(people):
    """Another person at the provider with the same address does not get in."""
    await people.come_by(ADA)
    with pytest.raises(InvalidParameter, match="another log-in"):
        await people.come_by(Identity(ADA.issuer, "ada-2", "ada@example.org", email_verified=True))


@pytest.mark.parametrize("email", ["stra\N{LATIN SMALL LETTER SHARP S}e@example.org", "\N{KELVIN SIGN}ay@example.org"])
async def test_letters_that_fold(people, email):
    """An address that only looks alike once folded is another mailbox: it leads into no account, nor makes one."""
    entry = await people.sign_up(email.casefold(), GOOD)
    await people.confirm_unasked(entry.account_id)
    with pytest.raises(InvalidParameter, match="these letters"):
        await people.come_by(Identity(ADA.issuer, "eve", email, email_verified=True))
    with pytest.raises(InvalidParameter, match="these letters"):
        await people.sign_up(email, GOOD)


@pytest.mark.parametrize("email", ["ada@example\N{FULLWIDTH FULL STOP}org", "e\N{COMBINING ACUTE ACCENT}@example.org"])
async def test_letters_written_in_two_ways(people, email):
    """An address that mail would be sent to under another spelling makes no second account beside that one."""
    with pytest.raises(InvalidParameter, match="these letters"):
        await people.sign_up(email, GOOD)


async def test_deleted(people):
    """Who is gone comes again as somebody new; without a password the address is typed to go."""
    entry = await people.come_by(ADA)
    ada = await people.who(entry.token)
    with pytest.raises(LogInFailed):
        await people.delete(ada, "")
    await people.delete(ada, "ADA@example.org")
    assert (await people.come_by(ADA)).account_id != entry.account_id


async def test_sign_up_rules_hold(where):
    """Where sign-up is closed, or by invitation, another provider opens no door; who has an account comes in."""
    async with people_at(where) as people:
        entry = await people.come_by(ADA)
    bob = Identity(ADA.issuer, "bob", "bob@example.org", email_verified=True)
    for how in ("closed", "invite"):
        async with people_at(where, sign_up=how) as people:
            with pytest.raises(SignUpClosed):
                await people.come_by(bob)
            assert (await people.come_by(ADA)).account_id == entry.account_id
    async with people_at(where, sign_up="invite") as people:
        invite = await people.invites.make("", 3_600)
        assert await people.come_by(bob, invite=invite.token)
