"""The paths under /__fauxtok/: setting moods and reading what was counted."""

from typing import Any

import msgspec

from fauxtok import jsons
from fauxtok.asgi import JSON, Answer, Receive, Request, body
from fauxtok.ids import MOODS
from fauxtok.moods import Moods


def reply(value: object, status: int = 200) -> Answer:
    return Answer.of(jsons.plain(value), status, JSON)


async def answer(request: Request, receive: Receive, moods: Moods) -> Answer:
    """Do what is asked; what cannot be read is 400, said in a sentence."""
    name = request.path.removeprefix("/__fauxtok/")
    if request.method == "GET":
        return _read(name, moods)
    try:
        return _do(name, moods, msgspec.json.decode(await body(receive) or b"{}", type=dict[str, Any]))
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as problem:
        return reply({"error": f"cannot be done: {problem!r}"}, 400)


def _read(name: str, moods: Moods) -> Answer:
    if name == "stats":
        return reply(moods.stats())
    if name == "groups":
        return reply(moods.grouped())
    if name == "requests":
        return reply(moods.counted())
    if name == "moods":
        return reply([{"mood": it.name, "status": it.status, "code": it.code} for it in MOODS.values()])
    return reply({"error": "stats, groups, requests and moods can be read here"}, 404)


def _do(name: str, moods: Moods, wish: dict[str, Any]) -> Answer:
    if name == "mood":
        moods.set(wish)
    elif name == "delay":
        moods.delay = float(wish["ms"]) / 1000
    elif name == "links":
        moods.link_seconds = int(wish["seconds"])
    elif name == "cdn":
        moods.set_cdn(wish)
    elif name == "groups":
        moods.group(int(wish["modulo"]))
    elif name == "reset":
        moods.reset()
    else:
        return reply({"error": "there are mood, delay, links, cdn, groups and reset"}, 404)
    return reply({"ok": True})
