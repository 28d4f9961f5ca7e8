from fauxtok.dice import Dice


def test_same_seed_same_throws():
    """What is thrown depends on the seed alone."""
    assert [Dice(7).bits() for _ in range(3)] == [Dice(7).bits()] * 3
    assert Dice(7).bits() != Dice(8).bits()


def test_throws_stay_in_bounds():
    """Every throw lies within its bounds, and all sides come up."""
    dice = Dice(1)
    assert {dice.below(6) for _ in range(200)} == set(range(6))
    assert {dice.between(-2, 2) for _ in range(200)} == {-2, -1, 0, 1}
    assert all(0 <= dice.real() < 1 for _ in range(200))
    assert sorted(dice.some("abcd", 4)) == ["a", "b", "c", "d"]


def test_neighbouring_seeds_differ():
    """Ids that follow each other do not look alike."""
    firsts = [Dice(7500000000000000000 + step).below(100) for step in range(300)]
    assert len(set(firsts)) > 80
