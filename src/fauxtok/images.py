"""Covers, avatars and photos: a gradient in the colours of the id, with the author's name and the id on it."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from fauxtok.colours import rgb
from fauxtok.links import AVATAR, DISC, PHOTO, File
from fauxtok.world import post


@lru_cache(maxsize=128)
def jpeg(file: File) -> bytes:
    """The picture as a JPEG file."""
    size = (320, 320) if file.kind in (AVATAR, DISC) else (360, 640)
    if file.kind == PHOTO:
        width, height = post(file.post).images[file.at]
        size = (width, height)
    picture = _gradient(size, file)
    _write(picture, file)
    out = BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()


def _gradient(size: tuple[int, int], file: File) -> Image.Image:
    shift = 0.07 * file.at + 0.05 * (ord(file.kind) % 5)
    mask = (
        Image.linear_gradient("L").rotate(25, resample=Image.Resampling.BILINEAR).crop((40, 40, 216, 216)).resize(size)
    )
    top = Image.new("RGB", size, rgb(file.post, shift))
    return Image.composite(Image.new("RGB", size, rgb(file.post, shift + 0.18, 0.3)), top, mask)


def _write(picture: Image.Image, file: File) -> None:
    """The name large, the id small, both inside the picture's width; initials only on round pictures."""
    draw = ImageDraw.Draw(picture)
    name = post(file.post).author.unique_id
    width, height = picture.size
    if file.kind in (AVATAR, DISC):
        draw.text((width / 2, height / 2), name[:1].upper(), fill="white", font=_font(width // 2), anchor="mm")
        return
    draw.text((width / 2, height * 0.46), f"@{name}", fill="white", font=_fitting(f"@{name}", width), anchor="mm")
    draw.text((width / 2, height * 0.53), str(file.post), fill="#ffffffc0", font=_font(width // 18), anchor="mm")
    if file.kind == PHOTO:
        draw.text((width / 2, height * 0.9), str(file.at + 1), fill="white", font=_font(width // 10), anchor="mm")


def _fitting(text: str, width: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return _font(min(width // 10, round(width * 1.5 / max(1, len(text)))))


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, size))
