import json
import shutil
import subprocess
from struct import unpack_from

import pytest

from fauxtok.h264 import GOP, nal, stream, ue
from fauxtok.mp4 import Film

SHAPES = [(576, 1024, 7), (1024, 576, 9), (1080, 1920, 3), (720, 1280, 66)]


def boxes(data, start=0, stop=None):
    """The boxes of a stretch of a file, by kind."""
    found, stop = {}, len(data) if stop is None else stop
    while start < stop:
        size, kind = unpack_from(">I4s", data, start)
        assert 8 <= size <= stop - start
        found[kind.decode()] = (start + 8, start + size)
        start += size
    return found


def inside(data, *path):
    where = boxes(data)
    for kind in path[:-1]:
        where = boxes(data, *where[kind])
    return where[path[-1]]


@pytest.mark.parametrize(("width", "height", "seconds"), SHAPES)
def test_boxes_and_samples(width, height, seconds):
    """The file is ftyp, moov, mdat to its last byte, and its tables lead to every frame."""
    film = Film(width, height, seconds, 3_000_000, 7)
    data = film.read(0, film.size)
    assert len(data) == 3_000_000
    assert list(boxes(data)) == ["ftyp", "moov", "mdat"]
    table = ("moov", "trak", "mdia", "minf", "stbl")
    at = inside(data, *table, "stsz")[0]
    frames = unpack_from(">I", data, at + 8)[0]
    assert frames == seconds * 30
    sizes = unpack_from(f">{frames}I", data, at + 12)
    place = unpack_from(">I", data, inside(data, *table, "stco")[0] + 8)[0]
    kinds = []
    for size in sizes:
        length, head = unpack_from(">IB", data, place)
        assert length == size - 4
        kinds.append(head & 31)
        place += size
    assert [at for at, kind in enumerate(kinds) if kind == 5] == list(range(0, frames, GOP))
    assert set(kinds) <= {1, 5}
    assert place <= inside(data, "mdat")[1]


def test_any_stretch_is_the_same_file():
    """A stretch read alone is the same bytes as in the whole, into the padding and past the end."""
    film = Film(576, 1024, 7, 400_000, 7)
    whole = film.read(0, film.size)
    for start, stop in ((0, 10), (1_000, 90_000), (399_990, 400_000), (399_990, 500_000), (400_000, 400_001)):
        assert film.read(start, stop) == whole[start:stop]


def test_too_small_a_size_is_refused():
    """A size without room for the film is an error, not a file of another size."""
    with pytest.raises(ValueError, match="cannot hold"):
        Film(1080, 1920, 60, 5_000, 7)


def test_codes():
    """Exp-Golomb codes as the standard lists them, and no start code inside a unit."""
    assert [ue(value) for value in (0, 1, 2, 3, 7)] == ["1", "010", "011", "00100", "0001000"]
    assert nal(1, b"\0\0\0\0\0\1\4") == b"\1\0\0\3\0\0\3\0\1\4"


def test_a_group_is_small():
    """Three seconds of 1080p take some ten thousand bytes."""
    assert len(stream(1080, 1920, 7).group) < 12_000


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(("width", "height", "seconds"), SHAPES[:3])
def test_ffmpeg_plays_it(tmp_path, width, height, seconds):
    """A real decoder finds the size, the length and every frame, and nothing to complain of."""
    film = Film(width, height, seconds, 900_000, 7)
    path = tmp_path / "film.mp4"
    path.write_bytes(film.read(0, film.size))
    asked = ["-show_entries", "stream=codec_name,width,height,duration,nb_read_frames", "-count_frames", "-of", "json"]
    seen = subprocess.run(["ffprobe", "-v", "error", *asked, path], capture_output=True, check=True)
    assert seen.stderr == b""
    (track,) = json.loads(seen.stdout)["streams"]
    assert (track["codec_name"], track["width"], track["height"]) == ("h264", width, height)
    assert (float(track["duration"]), int(track["nb_read_frames"])) == (seconds, seconds * 30)
