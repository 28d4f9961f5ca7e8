"""The colour of an id, for pictures and for film."""

import colorsys


def rgb(number: int, shift: float = 0.0, light: float = 0.55) -> tuple[int, int, int]:
    """Any hue, never pale."""
    red, green, blue = colorsys.hls_to_rgb((number % 997 / 997 + shift) % 1, light, 0.65)
    return round(red * 255), round(green * 255), round(blue * 255)


def yuv(number: int) -> tuple[int, int, int]:
    """The same colour as film has it: luma 16-235, chroma 16-240 (BT.601)."""
    red, green, blue = rgb(number)
    luma = 16 + (66 * red + 129 * green + 25 * blue) // 256
    return luma, 128 + (-38 * red - 74 * green + 112 * blue) // 256, 128 + (112 * red - 94 * green - 18 * blue) // 256
