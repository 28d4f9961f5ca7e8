from fauxtok.captions import Extra, paragraphs, units


def test_units_are_those_of_javascript():
    """Characters beyond the basic plane count twice."""
    assert units("a🌈") == 3


def test_paragraphs_move_their_extras():
    """Each paragraph's extras are counted from its own start."""
    parts = paragraphs("🌈 one\n#two three", (Extra(7, 11, "tag", "two", "1"),))
    assert parts == [("🌈 one", ()), ("#two three", (Extra(0, 4, "tag", "two", "1"),))]
