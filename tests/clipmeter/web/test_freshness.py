"""How old an answer is: max_age, Age, ETag and 304, Cache-Control, and one request to the source however many ask."""

import asyncio
import json
import urllib.request

import aiohttp
import pytest

from served import Served, fresh_ids

PATH = "/v1/tiktok/video"


def pages_asked(emulator):
    with urllib.request.urlopen(emulator.url + "/__fauxtok/stats", timeout=10) as answer:  # noqa: S310 - loopback http
        return json.loads(answer.read())["requests"]


@pytest.fixture(scope="module")
def remembering(tmp_path_factory, emulator):
    """A server that remembers answers for a minute."""
    server = Served(tmp_path_factory.mktemp("fresh") / "home", {"upstream": emulator.url}).start()
    yield server
    server.stop()


def test_age_and_cache_control(remembering):
    """A fresh answer is 0 seconds old, and may be kept for no longer than a minute."""
    key, video_id = remembering.keys["key"], fresh_ids(1, 20_000)[0]
    first = remembering.get(key=key, video_id=video_id)
    assert (first.headers["Age"], first.headers["Cache-Status"]) == ("0", "clipmeter; fwd=miss")
    assert first.headers["Cache-Control"] == "private, max-age=60"
    second = remembering.get(key=key, video_id=video_id)
    assert second.headers["Cache-Status"] == "clipmeter; hit"
    assert second.body == first.body


def test_max_age_zero_fetches_now(remembering, emulator):
    """max_age=0 asks TikTok each time; a larger one takes what is remembered."""
    key, video_id = remembering.keys["key"], fresh_ids(1, 20_001)[0]
    remembering.get(key=key, video_id=video_id)
    before = pages_asked(emulator)
    remembering.get(key=key, video_id=video_id, max_age=0)
    assert pages_asked(emulator) == before + 1
    remembering.get(key=key, video_id=video_id, max_age=3600)
    assert pages_asked(emulator) == before + 1


@pytest.mark.parametrize("max_age", ["-1", "1.5", "soon", "86401", "9" * 30, "٣"])
def test_bad_max_age(remembering, max_age):
    """A max_age that is no whole number of seconds up to a day is a 400."""
    reply = remembering.get(key=remembering.keys["key"], video_id=fresh_ids(1)[0], max_age=max_age)
    assert (reply.status, reply.code) == (400, "invalid_parameter")


def test_not_modified_is_free(remembering):
    """Who has the remembered answer already gets 304 without a body, free of charge; else a charged 200."""
    account, video_id = remembering.new_account(), fresh_ids(1, 20_002)[0]
    target = f"{PATH}?video_id={video_id}"
    first = remembering.send("GET", target, {"X-API-Key": account["key"]})
    again = remembering.send("GET", target, {"X-API-Key": account["key"], "If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body, again.headers["X-Charge"]) == (304, b"", "0")
    assert (again.headers["ETag"], again.headers["X-Free-Remaining"]) == (first.headers["ETag"], "49")
    other = remembering.send("GET", target, {"X-API-Key": account["key"], "If-None-Match": '"other"'})
    assert (other.status, other.headers["X-Free-Remaining"]) == (200, "48")


async def test_a_thousand_at_once_are_one_page(remembering, emulator):
    """A thousand concurrent requests for one new video are one page fetch, and a thousand right answers."""
    before, video_id = pages_asked(emulator), fresh_ids(1, 20_003)[0]
    headers = {"X-API-Key": remembering.keys["key"]}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(remembering.url, headers=headers, connector=connector) as session:

        async def ask():
            async with session.get(PATH, params={"video_id": video_id}) as answer:
                return answer.status, (await answer.json())["video"]["video_id"]

        answers = await asyncio.gather(*(ask() for _ in range(1000)))
    assert set(answers) == {(200, video_id)}
    assert pages_asked(emulator) == before + 1
