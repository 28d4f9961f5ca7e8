"""The JSON of a video with holes where links belong: written once per answer, filled in for each caller.

An answer that is remembered is asked for by many. All that differs between them is its signed links.
"""

from collections import OrderedDict
from typing import Generic, NamedTuple, TypeVar

import msgspec

from clipmeter.media.files import FIELDS, File, file_of
from clipmeter.media.links import Signer
from clipmeter.model import Video

REMEMBERED = 2_000
"""Forms; each takes some 5 KB."""
BODIES = 4_000
"""Bodies as they were sent to accounts, some 3 KB each: who asks again soon for the same gets the same."""
K = TypeVar("K")
V = TypeVar("V")
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
    """The forms of the videos asked for last, and the bodies. A video is known again by being the same object."""

    def __init__(self, most: int = REMEMBERED, bodies: int = BODIES) -> None:
        self._forms: _Kept[int, Form] = _Kept(most)
        self._bodies: _Kept[tuple[int, Signer], bytes] = _Kept(bodies)

    def body(self, video: Video, signer: Signer) -> bytes:
        """The JSON of the video with the signer's links; the same object when the same is asked for again."""
        key = id(video), signer
        body = self._bodies.get(key, video)
        return self._bodies.put(key, video, self.of(video).filled(signer)) if body is None else body

    def of(self, video: Video) -> Form:
        """Its form."""
        form = self._forms.get(id(video), video)
        return self._forms.put(id(video), video, form_of(video)) if form is None else form


class _Kept(Generic[K, V]):
    """What was made of videos lately. Each video is kept too, so that its id can be nobody else's."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, tuple[Video, V]] = OrderedDict()

    def get(self, key: K, video: Video) -> V | None:
        kept = self._kept.get(key)
        if kept is None or kept[0] is not video:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def put(self, key: K, video: Video, value: V) -> V:
        self._kept[key] = video, value
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return value
