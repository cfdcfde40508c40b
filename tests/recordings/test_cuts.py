"""What an audience is shown."""

from recordings.catalogue import Catalogue
from recordings.cuts import Cuts, apply, merged, shown_lines, shown_parts
from tests.recordings.test_catalogue import RUN, lines, part


def catalogue(keys: str = "K..K..K..") -> Catalogue:
    """Return a camera of one-second parts, a keyframe at each K, and a voice as long."""
    voice = {**RUN, "run": "voice-0001", "track": "voice", "codec": "opus"}
    found = Catalogue()
    found.feed(lines(RUN, voice))
    for number, letter in enumerate(keys):
        offset = 700 + 100 * number
        picture = part(1000 * number, offset, key=letter == "K")
        found.feed(lines(picture, part(1000 * number, offset, run="voice-0001")))
    return found


def seconds(found: Catalogue, track: str, cuts: Cuts) -> list[int]:
    (run,) = found.track_runs(track)
    return [one.at // 1000 for one in shown_parts(run, cuts)]


def test_without_cuts_it_is_the_same_recording() -> None:
    found = catalogue()
    assert apply(found, Cuts()) is found


def test_a_picture_begins_with_a_keyframe_and_nothing_reaches_over_an_edge() -> None:
    cuts = Cuts(kept=((500, 7999),))
    assert seconds(catalogue(), "camera", cuts) == [3, 4, 5, 6]
    assert seconds(catalogue(), "voice", cuts) == [1, 2, 3, 4, 5, 6]


def test_what_was_rehearsed_is_cut_whatever_is_kept() -> None:
    cuts = Cuts(start=4000, kept=((0, 2000), (3000, 9000)))
    assert seconds(catalogue(), "voice", cuts) == [4, 5, 6, 7, 8]
    assert apply(catalogue(), Cuts(start=4000)).length == 9000


def test_a_muted_turn_is_left_out_of_the_voice_alone() -> None:
    cuts = Cuts(muted=((3500, 4500),))
    assert seconds(catalogue(), "voice", cuts) == [0, 1, 2, 5, 6, 7, 8]
    assert seconds(catalogue(), "camera", cuts) == list(range(9))
    gaps = apply(catalogue(), cuts).gaps
    assert [(one.track, one.at, one.length, one.why) for one in gaps] == [
        ("voice", 3500, 1000, "muted")
    ]


def test_a_hole_between_what_is_kept_is_a_gap() -> None:
    shown = apply(catalogue(), Cuts(kept=((0, 3000), (6000, 8000))))
    assert {(one.track, one.at, one.length) for one in shown.gaps} == {
        ("camera", 3000, 3000),
        ("voice", 3000, 3000),
    }
    assert shown.length == 8000


def test_line_numbers_stay_those_of_the_index() -> None:
    found = catalogue()
    told, next_line = shown_lines(found, Cuts(kept=((3000, 6000),)), 0, 10)
    assert next_line == 10
    assert [one["at"] for one in told if one["type"] == "part"] == [3000, 3000]
    assert shown_lines(found, Cuts(), 18, 100)[1] == 20


def test_the_slide_that_stood_there_is_shown_after_a_cut() -> None:
    found = catalogue()
    stills = [{"type": "still", "number": n, "at": 2000 * n, "widths": [640]} for n in range(4)]
    found.feed(lines(*stills))
    shown = apply(found, Cuts(kept=((3000, 5000),)))
    assert [one.number for one in shown.stills] == [1, 2]


def test_intervals_that_touch_are_one() -> None:
    assert merged([[5, 7], [1, 3], [3, 4], [9, 9]]) == [(1, 4), (5, 7)]
