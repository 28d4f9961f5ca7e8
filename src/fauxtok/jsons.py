"""Writing JSON, that with halves of surrogate pairs in it too, which no strict writer would."""

import msgspec

from fauxtok import words

_HALVES = ((words.LONE_HIGH.encode(), rb"\ud83d"), (words.LONE_LOW.encode(), rb"\udc4d"))
_FIRST = words.LONE_HIGH.encode()[:1]


def plain(value: object) -> bytes:
    """JSON as an API answers it."""
    text = msgspec.json.encode(value)
    if _FIRST in text:  # a byte that hardly any text has, and found twenty times as fast as four
        for stand_in, escape in _HALVES:
            text = text.replace(stand_in, escape)
    return text


def script(value: object) -> bytes:
    """JSON as it stands in a page's script: no slash, so that nothing can close the element."""
    return plain(value).replace(b"/", b"\\u002F").replace(b"<", b"\\u003C")
