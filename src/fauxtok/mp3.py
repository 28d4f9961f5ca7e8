"""Silence as MPEG-1 Layer III: every frame the same 192 bytes, 64 kbit/s, 48 kHz, one channel."""

# 0xFFFB: MPEG-1, Layer III, no CRC; 0x54: 64 kbit/s, 48 kHz, no padding; 0xC4: mono, original.
# All of the side information is zero: no bits of sound, so the frame decodes to silence.
_HEADER = bytes((0xFF, 0xFB, 0x54, 0xC4))
_LENGTH = 144 * 64_000 // 48_000
FRAME = _HEADER.ljust(_LENGTH, b"\0")
_SAMPLES = 1_152
_RATE = 48_000


class Silence:
    """A file of so many seconds, rounded up to whole frames."""

    def __init__(self, seconds: int) -> None:
        self.size = -(-seconds * _RATE // _SAMPLES) * _LENGTH

    def read(self, start: int, stop: int) -> bytes:
        """Any stretch of the file."""
        stop = min(stop, self.size)
        first = start // _LENGTH
        frames = FRAME * (-(-stop // _LENGTH) - first)
        return frames[start - first * _LENGTH : stop - first * _LENGTH]
