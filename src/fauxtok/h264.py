"""The smallest H.264 baseline stream that shows one colour.

The first picture of each group is an IDR slice: its first macroblock holds raw samples (I_PCM), every other one is
predicted from its neighbours (Intra 16x16, DC) and costs about a byte. The pictures after it are P slices that skip
every macroblock, a dozen bytes each. So a second of 1080p is 3 KB, and the group is repeated as often as needed.
"""

from dataclasses import dataclass
from functools import lru_cache
from struct import pack

from fauxtok.colours import yuv

GOP = 90
"""Frames from one sync sample to the next: three seconds."""

_DC = "00100" + "1" + "1"  # mb_type I_16x16 with DC prediction, chroma DC, mb_qp_delta 0
_PLAIN = _DC + "1"  # … and no coefficients, between neighbours that have none
_BESIDE_RAW = _DC + "000011"  # the same beside I_PCM, which counts as 16 coefficients and so picks another code


def ue(value: int) -> str:
    """An unsigned Exp-Golomb code."""
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _bytes(bits: str) -> bytes:
    """Bits closed by the stop bit and filled up to whole bytes."""
    bits += "1"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def nal(kind: int, payload: bytes) -> bytes:
    """A unit of the stream: no three bytes inside it can be taken for a start code."""
    out = bytearray((kind,))
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


@dataclass(frozen=True, slots=True)
class Stream:
    """One group of pictures, with the length of each, and the decoder's configuration (the content of avcC)."""

    configuration: bytes
    group: bytes
    sizes: tuple[int, ...]

    def lengths(self, frames: int) -> list[int]:
        """The length in bytes of each of so many frames."""
        return (list(self.sizes) * (frames // GOP + 1))[:frames]

    def frames(self, count: int) -> bytes:
        """So many frames, one after the other."""
        groups, rest = divmod(count, GOP)
        return self.group * groups + self.group[: sum(self.sizes[:rest])]


@lru_cache(maxsize=16)
def stream(width: int, height: int, colour: int) -> Stream:
    """The stream of a picture size and a colour."""
    sps, pps = nal(0x67, _sps(width, height)), nal(0x68, _pps())
    wide, high = -(-width // 16), -(-height // 16)
    units = [_sized(nal(0x65, _key(wide, high, colour)))]
    units += [_sized(nal(0x41, _skip(number, wide * high))) for number in range(1, GOP)]
    lists = b"\xe1" + pack(">H", len(sps)) + sps + b"\x01" + pack(">H", len(pps)) + pps
    return Stream(b"\x01" + sps[1:4] + b"\xff" + lists, b"".join(units), tuple(map(len, units)))


def _sized(unit: bytes) -> bytes:
    return pack(">I", len(unit)) + unit


def _sps(width: int, height: int) -> bytes:
    """Baseline, level 4: 8-bit frame numbers, pictures shown in the order they come, edges cropped to the real size."""
    right, bottom = -width % 16 // 2, -height % 16 // 2
    crop = f"1{ue(0)}{ue(right)}{ue(0)}{ue(bottom)}" if right or bottom else "0"
    size = ue(-(-width // 16) - 1) + ue(-(-height // 16) - 1)
    # id 0, log2_max_frame_num 8, order type 2, one reference, no gaps; frames only, direct_8x8, crop, no VUI
    bits = ue(0) + ue(4) + ue(2) + ue(1) + "0" + size + "1" + "1" + crop + "0"
    return bytes((66, 0xC0, 40)) + _bytes(bits)


def _pps() -> bytes:
    """CAVLC, one slice group, one reference each way, quantiser 26, nothing else."""
    return _bytes(
        ue(0) + ue(0) + "0" + "0" + ue(0) + ue(0) + ue(0) + "0" + "00" + ue(0) + ue(0) + ue(0) + "0" + "0" + "0"
    )


def _key(wide: int, high: int, colour: int) -> bytes:
    luma, blue, red = yuv(colour)
    raw = bytes((luma,)) * 256 + bytes((blue,)) * 64 + bytes((red,)) * 64
    # first macroblock 0, slice of I only (7), frame_num 0, idr_pic_id 0, two flags of the marking, slice_qp_delta 0
    front = ue(0) + ue(7) + ue(0) + f"{0:08b}" + ue(0) + "00" + ue(0) + ue(25)
    front += "0" * (-len(front) % 8)
    rest = _BESIDE_RAW + _PLAIN * (wide - 2) + _BESIDE_RAW + _PLAIN * (wide * (high - 1) - 1)
    return int(front, 2).to_bytes(len(front) // 8, "big") + raw + _bytes(rest)


def _skip(number: int, macroblocks: int) -> bytes:
    # first macroblock 0, slice of P only (5), frame_num, no override, no reordering, sliding window, slice_qp_delta 0
    return _bytes(ue(0) + ue(5) + ue(0) + f"{number:08b}" + "0" + "0" + "0" + ue(0) + ue(macroblocks))
