"""Neighbouring colours are colours of the list, and none neighbours itself."""

from tumangang_watch.model.words import COLOURS, named_alike, neighbours


def test_every_named_colour_has_neighbours_among_the_others():
    for colour in set(COLOURS) - {"unknown"}:
        near = neighbours(colour)
        assert near
        assert set(near) <= set(COLOURS) - {colour, "unknown"}
        assert set(named_alike(colour)) <= set(near)
    assert named_alike("no colour") == ()


def test_grey_and_light_grey_are_words_for_one_another():
    assert "grey" in named_alike("light_grey")
    assert "light_grey" in named_alike("grey")
