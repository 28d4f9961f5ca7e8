from io import BytesIO

import pytest
from PIL import Image

from fauxtok import images
from fauxtok.ids import EXAMPLE_ID
from fauxtok.links import AVATAR, COVER, PHOTO, File


@pytest.mark.parametrize(
    ("file", "size"),
    [
        (File(EXAMPLE_ID, COVER), (360, 640)),
        (File(EXAMPLE_ID, AVATAR), (320, 320)),
        (File(EXAMPLE_ID, PHOTO, 1), (1080, 1920)),
    ],
)
def test_pictures_open(file, size):
    """Every picture is a JPEG of its size, with more than one colour."""
    picture = Image.open(BytesIO(images.jpeg(file)))
    assert (picture.format, picture.size) == ("JPEG", size)
    assert len(picture.convert("P").getcolors() or ()) > 4


def test_each_id_has_its_own_picture():
    """Two videos do not look alike."""
    assert images.jpeg(File(EXAMPLE_ID, COVER)) != images.jpeg(File(EXAMPLE_ID + 1, COVER))
