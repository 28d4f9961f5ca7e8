"""The sources in order: who is asked, who is believed, how long it takes, and what is learnt. Against the emulator."""

import asyncio
import json
import time
import urllib.request

import pytest

from clipmeter.errors import NotFound, Problem, UpstreamConnectionError, UpstreamRateLimit, UpstreamTimeout
from clipmeter.fetch import Fetch
from clipmeter.sites.tiktok.hosts import REFERER, is_tiktok
from clipmeter.sites.tiktok.reach import ORDER, Reach
from clipmeter.sites.tiktok.ref import ShortLink, VideoRef
from fauxtok import server
from fauxtok.ids import DOCUMENTED, EXAMPLE_ID, MOODS
from fauxtok.short import short_code
from tinyserver import answer, tiny

EXAMPLE = VideoRef(str(EXAMPLE_ID))
IDS = {outcome.name: VideoRef(str(number)) for number, outcome in DOCUMENTED.items()}
TARGETS = ("chrome150", "firefox147", "safari2601")


class Weather:
    """An emulator whose moods are set and whose requests are counted."""

    def __init__(self, running):
        self.url = running.url

    def _ask(self, path, wish=None):
        data = None if wish is None else json.dumps(wish).encode()
        with urllib.request.urlopen(f"{self.url}/__fauxtok/{path}", data, timeout=10) as answered:  # noqa: S310
            return json.loads(answered.read())

    def mood(self, mood, **wish):
        self._ask("mood", {"mood": mood, **wish})

    def set(self, path, **wish):
        self._ask(path, wish)

    def seen(self):
        return {name: count for name, count in self._ask("requests").items() if count}

    def stats(self):
        return self._ask("stats")

    async def calm(self):
        """The emulator sees everybody gone within half a second."""
        for _ in range(25):
            if not self.stats()["in_flight"]:
                return
            await asyncio.sleep(0.02)
        assert not self.stats()["in_flight"]


@pytest.fixture(scope="module")
def running():
    with server.start() as running:
        yield running


@pytest.fixture
def weather(running):
    weather = Weather(running)
    weather.set("reset")
    yield weather
    weather.set("reset")


@pytest.fixture
async def reaching():
    """Makes a Reach that asks `upstream`; fillers off unless told."""
    fetches, reaches = [], []

    def make(upstream, targets=TARGETS[:1], **values):
        fetches.append(Fetch(allowed=is_tiktok, referer=REFERER, upstream=upstream, impersonate=targets))
        defaults = {"time_budget": 5.0, "fill_sizes": False}
        reaches.append(Reach(fetches[-1], **(defaults | values)))
        return reaches[-1]

    yield make
    for reach in reaches:
        reach.close()
    for fetch in fetches:
        await fetch.aclose()


def tried(told):
    return [(attempt.source, attempt.code) for attempt in told.attempts]


async def outcome(reach, ref, **values):
    try:
        return await reach.video(ref, **values)
    except Problem as problem:
        return problem


async def test_the_page_alone_when_it_answers(reaching, weather):
    """One request, one attempt without a code or a sign."""
    told = await reaching(weather.url).video(EXAMPLE)
    assert (tried(told), told.attempts[0].sign, told.partial) == ([("webpage", "")], "", False)
    assert weather.seen() == {"page": 1}


@pytest.mark.parametrize(
    "mood", ["empty", "captcha", "too_many", "maintenance", "no_script", "item_is_text", "cut", "fields_renamed"]
)
async def test_the_next_source_answers(reaching, weather, mood):
    """A page that is refused, changed or cut is made up for by the embed; both tries are told, with the exact sign."""
    weather.mood(mood)
    told = await reaching(weather.url).video(EXAMPLE)
    assert (told.source, told.video.likes) == ("embed", 879920)
    assert [attempt.source for attempt in told.attempts] == ["webpage", "embed"]
    assert told.attempts[0].code
    assert told.attempts[0].sign


async def test_down_to_the_last(reaching, weather):
    """Page and embed refused: the app. That refused too: yt-dlp, which finds the page well again."""
    weather.mood("empty")
    weather.mood("captcha", where=["embed"])
    told = await reaching(weather.url).video(EXAMPLE)
    assert (told.source, told.video.downloads) == ("appjson", 1003)
    weather.mood("empty", count=1)
    weather.mood("captcha", where=["embed", "app"])
    told = await reaching(weather.url).video(EXAMPLE)
    assert (told.source, [source for source, _ in tried(told)]) == ("ytdlp", list(ORDER))


async def test_a_challenge_goes_to_its_solver(reaching, weather):
    """The next is yt-dlp, whoever else stands before it; its answer is as full as the page's."""
    weather.mood("challenge")
    told = await reaching(weather.url).video(EXAMPLE)
    assert tried(told) == [("webpage", "upstream_rate_limit"), ("ytdlp", "")]
    assert told.video.size == 7786703
    without = await reaching(weather.url, sources=["webpage", "embed"]).video(EXAMPLE)
    assert without.source == "embed"


async def test_all_refused_is_a_rate_limit(reaching, weather):
    """Each source is asked once, and the sentence names the refusal; every attempt is on the problem."""
    told = await outcome(reaching(weather.url), IDS["challenge_again"])
    assert isinstance(told, UpstreamRateLimit)
    assert "challenge" in told.message
    assert sorted(source for source, _ in tried(told)) == sorted(ORDER)
    assert weather.seen() == {"page": 3, "embed": 1, "app": 1}


async def test_a_doubtful_not_found_is_asked_about(reaching, weather):
    """A page that says 10204 as to a blocked address does not hide a post that another source shows."""
    weather.mood("missing")
    told = await reaching(weather.url).video(EXAMPLE)
    assert tried(told) == [("webpage", "not_found"), ("embed", "")]
    weather.mood("another_id")
    assert (await reaching(weather.url).video(EXAMPLE)).source == "embed"


async def test_a_certain_not_found_is_final(reaching, weather):
    """Deleted is deleted: nobody else is asked. What is doubtful takes a second word, and no more."""
    assert tried(await outcome(reaching(weather.url), IDS["deleted"])) == [("webpage", "not_found")]
    told = await outcome(reaching(weather.url), IDS["missing"])
    assert (type(told), tried(told)) == (NotFound, [("webpage", "not_found"), ("embed", "not_found")])


async def test_sources_are_a_setting(reaching, weather):
    """Only those named are asked, in that order."""
    weather.mood("empty", everywhere=True)
    told = await outcome(reaching(weather.url, sources=["embed", "webpage"]), EXAMPLE)
    assert tried(told) == [("embed", "upstream_rate_limit"), ("webpage", "upstream_rate_limit")]


async def test_a_part_when_it_is_asked_for(reaching, weather):
    """With partial=1 the official card is the last resort, marked as a part; without, it is never asked."""
    weather.mood("empty", where=["page", "embed", "app"])
    reach = reaching(weather.url)
    assert isinstance(await outcome(reach, EXAMPLE), UpstreamRateLimit)
    assert "oembed" not in weather.seen()
    told = await reach.video(EXAMPLE, partial=True)
    assert (told.partial, told.source, told.video.author, told.video.likes) == (True, "oembed", "tiktok", None)
    assert [source for source, _ in tried(told)][-1] == "oembed"
    weather.mood(None)
    assert not (await reach.video(EXAMPLE, partial=True)).partial


async def test_no_part_of_what_is_gone(reaching, weather):
    """A settled not found stays one, whatever is asked for."""
    assert isinstance(await outcome(reaching(weather.url), IDS["deleted"], partial=True), NotFound)
    assert "oembed" not in weather.seen()


async def test_an_embeds_answer_is_filled_by_the_app(reaching, weather):
    """What the embed does not show is asked of the app, though nobody asked for the downloads."""
    weather.mood("empty")
    video = (await reaching(weather.url, fill_sizes=True).video(EXAMPLE)).video
    assert (video.region, video.downloads, video.saves, video.is_ad) == ("US", 1003, 38685, True)
    assert (video.size, video.size_hd, video.size_watermarked) == (7786703, 38711004, 7988034)


async def test_time_is_shared(reaching, weather):
    """A source that never answers leaves the others time enough, and all of it ends within the budget."""
    weather.mood("never")
    started = time.monotonic()
    told = await reaching(weather.url, time_budget=1.5).video(EXAMPLE)
    assert told.source == "embed"
    assert time.monotonic() - started < 1.4
    weather.mood("never", everywhere=True)
    started = time.monotonic()
    told = await outcome(reaching(weather.url, time_budget=1), EXAMPLE)
    assert isinstance(told, UpstreamTimeout)
    assert 0.9 < time.monotonic() - started < 1.9
    await weather.calm()


async def test_requests_are_counted(reaching, weather):
    """Not one more than the budget goes out, redirects included; the problem stays the telling one."""
    for most in range(1, 9):
        weather.set("reset")
        weather.mood("empty", everywhere=True)
        told = await outcome(reaching(weather.url, targets=TARGETS, request_budget=most), EXAMPLE)
        assert isinstance(told, UpstreamRateLimit)
        assert sum(weather.seen().values()) == min(most, 5)
    weather.set("reset")
    weather.mood("redirect_loop", everywhere=True)
    await outcome(reaching(weather.url, request_budget=8), EXAMPLE)
    assert sum(weather.seen().values()) <= 8


async def test_a_dead_source_costs_the_second_call_nothing(reaching, weather):
    """After one call that had to wait for it, it is left out: the next is answered within 50 ms."""
    weather.mood("never")
    reach = reaching(weather.url, time_budget=2, fill_budget=0)
    assert (await reach.video(EXAMPLE)).source == "embed"
    took = []
    for video_id in range(7_500_000_000_300_000_000, 7_500_000_000_300_000_005):
        started = time.monotonic()
        told = await reach.video(VideoRef(str(video_id)))
        took.append(time.monotonic() - started)
        assert tried(told) == [("embed", "")]
    assert min(took) < 0.05


async def test_it_is_tried_again(reaching, weather):
    """After the cool-down one call tries it, and when it works it is the first again."""
    weather.mood("never")
    reach = reaching(weather.url, time_budget=1.2, fill_budget=0)
    await reach.video(EXAMPLE)
    breaker = reach._sources.breakers["webpage"]
    assert breaker.state == "open"
    weather.mood(None)
    breaker._open_until = 0.0  # the cool-down is over
    assert [tried(await reach.video(EXAMPLE)) for _ in range(2)] == [[("webpage", "")]] * 2
    assert breaker.state == "closed"


async def test_failures_of_one_video_are_no_sign(reaching, weather):
    """One post whose page cannot be read, asked for ever so often, does not lose all others their first source."""
    weather.mood("no_script", ids=[EXAMPLE.id])
    reach = reaching(weather.url)
    for _ in range(8):
        assert (await reach.video(EXAMPLE)).source == "embed"
    assert (await reach.video(IDS["found"])).source == "webpage"


async def test_many_videos_are(reaching, weather):
    """Three posts in a row, and it is left out."""
    weather.mood("no_script")
    reach = reaching(weather.url, fill_budget=0)
    ids = [str(7_500_000_000_100_000_000 + n) for n in range(5)]
    calls = [tried(await reach.video(VideoRef(one)))[0][0] for one in ids]
    assert calls == ["webpage"] * 3 + ["embed"] * 2


async def test_who_is_left_out_is_asked_before_giving_up(reaching, weather):
    """An answer is not refused for want of a source that was only resting."""
    weather.mood("no_script")
    reach = reaching(weather.url, fill_budget=0)
    for n in range(4):
        await reach.video(VideoRef(str(7_500_000_000_100_000_000 + n)))
    weather.mood("empty", where=["page", "embed", "app"])
    weather.mood(None, where=["page"])
    reach._sources.breakers["ytdlp"].failure(at_once=True)
    told = await reach.video(EXAMPLE)
    assert [source for source, _ in tried(told)] == ["embed", "appjson", "webpage"]


@pytest.mark.parametrize("fill", [False, True])
async def test_documented_outcomes_never_waver(reaching, weather, fill):
    """Each id four times over, in either order: always the same status, code and source. No breaker opens of it."""
    reach = reaching(weather.url, targets=TARGETS, fill_sizes=fill, fill_downloads=fill)
    rows = [(number, row) for number, row in DOCUMENTED.items() if row.name != "never"]
    sources, unknown = {}, {"impossible_counts", "challenge"}  # of the last the app is refused
    for turn in range(4):
        for number, row in rows if turn % 2 else reversed(rows):
            told = await outcome(reach, VideoRef(str(number)))
            if row.status == 200:
                assert sources.setdefault(row.name, told.source) == told.source, row.name
                assert not fill or told.video.downloads is not None or row.name in unknown, row.name
            else:
                assert (told.status, told.code) == (row.status, row.code), row.name
    assert {breaker.state for breaker in reach._sources.breakers.values()} == {"closed"}
    assert {name for name, source in sources.items() if source != "webpage"} == {"challenge"}


async def test_hedging(reaching, weather):
    """A slow page is overtaken after the set time, its request is given up, and the embed's answer is the answer."""
    weather.set("delay", ms=3_000)
    reach = reaching(weather.url, hedge_after=0.2, fill_budget=0)
    started = time.monotonic()
    told = await reach.video(EXAMPLE)
    assert told.source == "embed"
    assert 0.15 < time.monotonic() - started < 2
    await weather.calm()
    weather.set("delay", ms=0)
    assert (await reach.video(EXAMPLE)).source == "webpage"


async def test_no_hedging_by_default(reaching, weather):
    """A slow page is waited for."""
    weather.set("delay", ms=700)
    assert tried(await reaching(weather.url).video(EXAMPLE)) == [("webpage", "")]
    assert weather.seen() == {"page": 1}


async def test_one_call_fetches_one_page_at_a_time(reaching, weather):
    """Whatever goes wrong, three calls at a time never have more than three pages in flight."""
    weather.set("delay", ms=60)
    reach = reaching(weather.url, sources=["webpage", "ytdlp", "embed"], targets=TARGETS)
    refs = [IDS["empty"], IDS["challenge_again"], IDS["no_script"], IDS["challenge"], EXAMPLE, IDS["cut"]]

    async def caller(start):
        for n in range(6):
            await outcome(reach, refs[(start + n) % 6])

    await asyncio.gather(*(caller(start) for start in range(3)))
    assert weather.stats()["max_in_flight"] <= 3


async def test_cancelling_at_any_moment(reaching, weather):
    """With every source at work, nothing goes on after a cancellation, and later calls are none the worse."""
    weather.set("delay", ms=20)
    reach = reaching(weather.url, targets=TARGETS, hedge_after=0.01, fill_sizes=True, fill_downloads=True)
    for step in range(40):
        call = asyncio.create_task(reach.video(IDS["challenge"] if step % 2 else EXAMPLE))
        await asyncio.sleep(step * 0.003)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    await weather.calm()
    weather.set("delay", ms=0)
    later = [(await reach.video(EXAMPLE)).source for _ in range(10)]  # on a busy machine one may be overtaken
    assert "webpage" in later


async def test_a_refused_browser_makes_place(reaching, weather):
    """A page that refuses one browser is asked once more as the next, which is kept for all calls after."""
    weather.mood("refuse_chrome", allowed=["firefox"])
    reach = reaching(weather.url, targets=TARGETS)
    assert [(await reach.video(EXAMPLE)).source for _ in range(3)] == ["webpage"] * 3
    assert weather.seen() == {"page": 4}


async def test_a_list_of_browsers_is_gone_through(reaching, weather):
    """When the next is refused too the call goes on with other sources, and later calls with the one after."""
    weather.mood("refuse_chrome", allowed=["safari"])
    reach = reaching(weather.url, targets=TARGETS)
    assert [(await reach.video(ref)).source for ref in (EXAMPLE, IDS["found"], EXAMPLE)] == [
        "embed", "webpage", "webpage",
    ]  # fmt: skip


async def test_the_short_link_is_an_attempt_when_it_fails(reaching, weather):
    """A short link shares the budget; one that leads nowhere is told as such."""
    short = ShortLink(f"https://vm.tiktok.com/{short_code(EXAMPLE_ID)}/")
    assert (await reaching(weather.url, request_budget=2).video(short)).video.video_id == EXAMPLE.id
    told = await outcome(reaching(weather.url), ShortLink("https://vm.tiktok.com/ZNOTHING/"))
    assert (type(told), tried(told)) == (NotFound, [("shortlink", "not_found")])


async def test_a_source_that_crashes_is_a_changed_page(reaching, weather):
    """A mistake in one source is told in the log and made up for by the next."""

    class Crashing:
        def __init__(self, fetch):
            pass

        async def video(self, _ref, _within):
            raise ZeroDivisionError

    reach = reaching(weather.url)
    reach._sources.makers["webpage"] = Crashing
    told = await reach.video(EXAMPLE)
    assert told.source == "embed"
    assert "ZeroDivisionError" in told.attempts[0].sign


async def test_nobody_there(reaching):
    """A dead upstream is a connection error of every source, at once."""
    started = time.monotonic()
    told = await outcome(reaching("http://127.0.0.1:9"), EXAMPLE)
    assert isinstance(told, UpstreamConnectionError)
    assert len(told.attempts) == 4
    assert time.monotonic() - started < 2


async def test_a_filler_that_keeps_failing_is_left_out(reaching):
    """After five posts in a row the app is not asked for a while; the answers stay whole but for what it knew."""

    async def answering(asked):
        await asked.say(answer(b"" if asked.target.startswith("/aweme/") else page_of(asked.target.rpartition("/")[2])))

    async with tiny(answering) as upstream:
        reach = reaching(upstream.url, fill_downloads=True)
        for n in range(9):
            assert (await reach.video(VideoRef(str(7_500_000_000_100_000_000 + n)))).video.downloads is None
        assert len([asked for asked in upstream.asked if asked.target.startswith("/aweme/")]) == 5
        reach._fillers._app._open_until = 0.0  # the cool-down is over
        await reach.video(EXAMPLE)
        await reach.video(EXAMPLE)
        assert len([asked for asked in upstream.asked if asked.target.startswith("/aweme/")]) == 6


def page_of(video_id):
    detail = {"statusCode": 0, "itemInfo": {"itemStruct": {"id": video_id, "video": {}, "author": {"uniqueId": "a"}}}}
    script = json.dumps({"__DEFAULT_SCOPE__": {"webapp.video-detail": detail}}).encode()
    return b'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">' + script + b"</script>"


async def test_cookies_of_other_hosts_spoil_nothing(reaching, weather):
    """A page that sets a tt_chain_token for another host too: the files are asked for with its own."""
    weather.mood("foreign_cookies")
    told = await reaching(weather.url, fill_sizes=True).video(EXAMPLE)
    assert (told.source, told.video.size_watermarked) == ("webpage", 7988034)


@pytest.mark.parametrize(
    "mood",
    ["slow_drip", "cut_middle", "script_renamed", "item_moved", "redirect_loop", "redirect_away", "redirect_loopback",
     "redirect_http", "fields_renamed", "huge_page", "gzip_bomb", "deep_json"],
)  # fmt: skip
async def test_bad_weather(reaching, weather, mood):
    """Everywhere or on the page alone: within the budget, with the promised code, and nobody goes astray."""
    weather.mood(mood)
    started = time.monotonic()
    assert (await reaching(weather.url, time_budget=3).video(EXAMPLE)).source == "embed"
    weather.mood(mood, everywhere=True)
    told = await outcome(reaching(weather.url, time_budget=3, request_budget=20), EXAMPLE)
    assert (told.status, told.code) == (MOODS[mood].status, MOODS[mood].code)
    assert time.monotonic() - started < 7
    assert "trap" not in weather.seen()
