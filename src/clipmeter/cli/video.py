"""`clipmeter video LINK|ID`: one post through the whole path, as the operator's own metered request."""

import asyncio
import sys
from contextlib import nullcontext
from urllib.parse import urlencode

import msgspec

from clipmeter.app import Parts
from clipmeter.call import Asked, Done, new_request_id
from clipmeter.cli.card import print_card
from clipmeter.cli.show import err, fail, out, print_body
from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO, VideoResult
from clipmeter.errors import BadRequest, NotFound, Problem
from clipmeter.logs import set_up_logs
from clipmeter.settings import Settings


def video(settings: Settings, link: str, *, test: bool, as_json: bool) -> int:
    """Print the post; the exit status."""
    set_up_logs("error")
    waiting = err.status("asking TikTok ...") if sys.stderr.isatty() else nullcontext()
    with waiting:
        done = asyncio.run(_ask(settings, link, test=test))
    if as_json:
        print_body(msgspec.json.encode(done.problem.body()) if done.problem else done.body)
    elif done.problem:
        fail(f"{done.problem.message} ({done.problem.code})", status_of(done.problem))
    else:
        print_card(out, msgspec.json.decode(done.body, type=VideoResult).video)
    return status_of(done.problem)


def status_of(problem: Problem | None) -> int:
    """The exit status that tells a script what happened: 0 found, 2 asked wrongly, 3 not there, 4 anything else."""
    if problem is None:
        return 0
    return {BadRequest.status: 2, NotFound.status: 3}.get(problem.status, 4)


async def _ask(settings: Settings, link: str, *, test: bool) -> Done:
    parts = Parts(settings)
    async with parts.running():
        keys = await parts.books.operator()
        key = keys.test_key if test else keys.key
        name = "video_id" if link.strip().isdecimal() and link.isascii() else "url"
        query = urlencode({name: link.strip(), "links": "direct"}, errors="replace").encode()
        return await parts.call(TIKTOK_VIDEO, Asked(key, query, new_request_id()))
