"""The paths under /__fauxtok/: setting moods and reading what was counted."""

from typing import Any

import msgspec

from fauxtok.asgi import JSON, Answer, Receive, Request, body
from fauxtok.moods import Moods


def reply(value: object, status: int = 200) -> Answer:
    return Answer.of(msgspec.json.encode(value), status, JSON)


async def answer(request: Request, receive: Receive, moods: Moods) -> Answer:
    """Do what is asked; what cannot be read is 400, said in a sentence."""
    name = request.path.removeprefix("/__fauxtok/")
    if request.method == "GET":
        return reply(moods.stats()) if name == "stats" else reply({"error": "only stats can be read here"}, 404)
    try:
        return _do(name, moods, msgspec.json.decode(await body(receive) or b"{}", type=dict[str, Any]))
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as problem:
        return reply({"error": f"cannot be done: {problem!r}"}, 400)


def _do(name: str, moods: Moods, wish: dict[str, Any]) -> Answer:
    if name == "mood":
        moods.set(wish)
    elif name == "delay":
        moods.delay = float(wish["ms"]) / 1000
    elif name == "links":
        moods.link_seconds = int(wish["seconds"])
    elif name == "reset":
        moods.reset()
    else:
        return reply({"error": "there are mood, delay, links, reset and stats"}, 404)
    return reply({"ok": True})
