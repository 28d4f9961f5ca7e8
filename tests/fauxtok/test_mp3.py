from fauxtok.mp3 import FRAME, Silence


def test_length_in_seconds():
    """Frames of 24 ms each add up to the duration."""
    for seconds in (1, 7, 66):
        sound = Silence(seconds)
        assert abs(sound.size / len(FRAME) * 0.024 - seconds) < 0.03


def test_every_frame_has_its_header():
    """MPEG-1 Layer III at 64 kbit/s, so a frame of 48 kHz is 192 bytes."""
    data = Silence(3).read(0, 10**6)
    assert len(data) == Silence(3).size
    assert {data[at : at + 4] for at in range(0, len(data), 192)} == {b"\xff\xfb\x54\xc4"}


def test_any_stretch_is_the_same_file():
    """A stretch read alone is the same bytes as in the whole."""
    sound = Silence(2)
    whole = sound.read(0, sound.size)
    for start, stop in ((0, 1), (190, 195), (1_000, 3_000), (sound.size - 3, sound.size + 9)):
        assert sound.read(start, stop) == whole[start:stop]
