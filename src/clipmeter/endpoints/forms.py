"""The JSON of a video with holes where links belong: written once per answer, filled in for each caller.

An answer that is remembered is asked for by many. All that differs between them is its signed links.
"""

from collections import OrderedDict
from typing import NamedTuple

import msgspec

from clipmeter.media.files import FIELDS, File, file_of
from clipmeter.media.links import Signer
from clipmeter.model import Video

REMEMBERED = 2_000
"""Forms; each takes some 5 KB."""
_KINDS = {field: kind for kind, field in FIELDS.items()}
_encode = msgspec.json.Encoder().encode


class Form(NamedTuple):
    """A body with holes."""

    begin: bytes
    """What stands before the first link."""
    files: tuple[File, ...]
    """Where the holes lead to, in order."""
    between: tuple[bytes, ...]
    """For each file: the end of its link and what follows, up to the next link."""

    def filled(self, signer: Signer) -> bytes:
        """The body with this server's links: byte for byte as if the video with them was written."""
        signed, root = signer.signed(self.files), _encode(signer.root)[1:-1]
        parts = [self.begin]
        for number, rest in enumerate(self.between):
            parts += (root, signed.signature(number), signed.middle, rest)
        return b"".join(parts)


def form_of(video: Video) -> Form:
    """The form of `{"video": video}`."""
    done, files, rest = [], [], b'{"video":{'
    for number, (name, value) in enumerate(msgspec.structs.asdict(video).items()):
        rest += b'%b"%b":' % (b"," if number else b"", name.encode())
        if name in _KINDS and value:
            file = file_of(video, _KINDS[name])
            files.append(file)
            done.append(rest + b'"')
            rest = file.shown.encode() + b'"'
        else:
            rest += _encode(value)
    begin, *between = *done, rest + b"}}"
    return Form(begin, tuple(files), tuple(between))


class Forms:
    """The forms of the videos that were asked for last. A video is known again by being the same object."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._kept: OrderedDict[int, tuple[Video, Form]] = OrderedDict()

    def of(self, video: Video) -> Form:
        """Its form."""
        kept = self._kept.get(id(video))
        if kept is not None and kept[0] is video:
            self._kept.move_to_end(id(video))
            return kept[1]
        form = form_of(video)
        self._kept[id(video)] = video, form  # the video is kept too, so that its id can be nobody else's
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return form
