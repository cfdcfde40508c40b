"""Lines that repeat."""

from media.hush import Hush


def test_the_first_line_passes_and_its_repeats_are_counted_into_the_next() -> None:
    hush = Hush(interval=10.0)
    said = [hush.passes(now) for now in (0.0, 0.1, 9.9, 10.0, 10.1, 25.0, 40.0)]
    assert said[:4] == ["", None, None, " (and 2 more like it before)"]
    assert said[4:] == [None, " (and 1 more like it before)", ""]
