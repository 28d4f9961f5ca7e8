"""An MP4 that plays: one H.264 track, the boxes before it, and padding up to the announced size."""

from struct import pack

from fauxtok import h264

_SCALE = 30  # frames per second, and the unit of every time in the file
_MATRIX = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return pack(">I4s", 8 + len(inside), kind) + inside


def full(kind: bytes, flags: int, *content: bytes) -> bytes:
    """A box with version 0 and flags."""
    return box(kind, pack(">I", flags), *content)


class Film:
    """A file of exactly `size` bytes that shows one colour for `seconds`. The padding is never held in memory."""

    def __init__(self, width: int, height: int, seconds: int, size: int, colour: int) -> None:
        self.size = size
        stream = h264.stream(width, height, colour)
        frames = seconds * _SCALE
        lengths = stream.lengths(frames)
        head, film = _head(width, height, stream, lengths), stream.frames(frames)
        if len(head) + len(film) > size:
            raise ValueError(f"{size} bytes cannot hold {seconds} seconds of {width}x{height}")
        self._front = head[:-8] + pack(">I4s", size - len(head) + 8, b"mdat") + film

    def read(self, start: int, stop: int) -> bytes:
        """Any stretch of the file."""
        stop = min(stop, self.size)
        return self._front[start:stop].ljust(max(0, stop - start), b"\0")


def _head(width: int, height: int, stream: h264.Stream, lengths: list[int]) -> bytes:
    """Everything before the frames, closed by an mdat header whose length is still to be written."""
    kind = box(b"ftyp", b"isom", pack(">I", 512), b"isomiso2avc1mp41")
    length = len(_moov(width, height, stream, lengths, 0))
    return kind + _moov(width, height, stream, lengths, len(kind) + length + 8) + pack(">I4s", 0, b"mdat")


def _moov(width: int, height: int, stream: h264.Stream, lengths: list[int], offset: int) -> bytes:
    frames = len(lengths)
    header = full(
        b"mvhd", 0, pack(">4I", 0, 0, _SCALE, frames), pack(">IH10x", 0x10000, 0x100), _MATRIX, pack(">24xI", 2)
    )
    track = full(
        b"tkhd", 3, pack(">5I8x4H", 0, 0, 1, 0, frames, 0, 0, 0, 0), _MATRIX, pack(">2I", width << 16, height << 16)
    )
    media = box(
        b"mdia",
        full(b"mdhd", 0, pack(">4I2H", 0, 0, _SCALE, frames, 0x55C4, 0)),
        full(b"hdlr", 0, pack(">I4s12x", 0, b"vide"), b"VideoHandler\0"),
        _minf(width, height, stream, lengths, offset),
    )
    return box(b"moov", header, box(b"trak", track, media))


def _minf(width: int, height: int, stream: h264.Stream, lengths: list[int], offset: int) -> bytes:
    data = box(b"dinf", full(b"dref", 0, pack(">I", 1), full(b"url ", 1)))
    return box(b"minf", full(b"vmhd", 1, bytes(8)), data, _stbl(width, height, stream, lengths, offset))


def _stbl(width: int, height: int, stream: h264.Stream, lengths: list[int], offset: int) -> bytes:
    frames = len(lengths)
    keys = range(1, frames + 1, h264.GOP)
    return box(
        b"stbl",
        full(b"stsd", 0, pack(">I", 1), _avc1(width, height, stream)),
        full(b"stts", 0, pack(">3I", 1, frames, 1)),
        full(b"stss", 0, pack(f">{len(keys) + 1}I", len(keys), *keys)),
        full(b"stsc", 0, pack(">4I", 1, 1, frames, 1)),
        full(b"stsz", 0, pack(f">{frames + 2}I", 0, frames, *lengths)),
        full(b"stco", 0, pack(">2I", 1, offset)),
    )


def _avc1(width: int, height: int, stream: h264.Stream) -> bytes:
    shape = pack(">6xH16x2H2I4xH32x2H", 1, width, height, 0x480000, 0x480000, 1, 24, 0xFFFF)
    return box(b"avc1", shape, box(b"avcC", stream.configuration))
