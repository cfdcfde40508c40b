"""HLS playlists."""

import itertools
from datetime import UTC, datetime

import pytest

from recordings.catalogue import Catalogue
from recordings.cuts import Cuts, apply
from recordings.playlist import MAX_SEGMENT_MS, master_playlist, media_playlist
from tests.recordings.test_catalogue import RUN, lines, part
from tests.recordings.test_cuts import catalogue

BEGAN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


def playlist(found: Catalogue, track: str = "camera", *, live: bool = False, start: int = 0) -> str:
    return media_playlist(found, track, live=live, began=BEGAN, start=start)


def test_a_finished_track_is_segments_of_some_seconds_by_byte_range() -> None:
    assert playlist(catalogue("K...K....")) == "\n".join(
        [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            "#EXT-X-TARGETDURATION:12",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            "#EXT-X-MEDIA-SEQUENCE:0",
            '#EXT-X-MAP:URI="camera-0001.mp4",BYTERANGE="700@0"',
            "#EXT-X-PROGRAM-DATE-TIME:2026-09-01T09:00:00.000Z",
            "#EXTINF:4.000,",
            "#EXT-X-BYTERANGE:400@700",
            "camera-0001.mp4",
            "#EXTINF:5.000,",
            "#EXT-X-BYTERANGE:500@1100",
            "camera-0001.mp4",
            "#EXT-X-ENDLIST",
            "",
        ]
    )


def test_a_live_playlist_only_grows() -> None:
    before = ""
    for count in range(1, 20):
        now = playlist(catalogue(("K..." * 5)[:count]), live=True)
        head, _, segments = now.partition("#EXT-X-MEDIA-SEQUENCE:0\n")
        assert "TYPE:EVENT" in head
        assert segments.startswith(before)
        assert "ENDLIST" not in segments
        before = segments


def test_a_gap_keeps_its_time_and_a_new_run_has_its_own_beginning() -> None:
    found = catalogue("K...")
    second = {**RUN, "run": "camera-0002"}
    found.feed(lines(second, part(4000 + MAX_SEGMENT_MS + 5000, 700, run="camera-0002")))
    text = playlist(found)
    assert text.count("#EXT-X-GAP") == 2
    assert "#EXTINF:12.000," in text
    assert "#EXTINF:5.000," in text
    assert "#EXT-X-DISCONTINUITY" not in text
    assert '#EXT-X-MAP:URI="camera-0002.mp4"' in text
    lengths = [float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF")]
    assert sum(lengths) == pytest.approx((4000 + MAX_SEGMENT_MS + 6000) / 1000)


@pytest.mark.parametrize("live", [True, False])
def test_no_segment_is_longer_than_the_target_whatever_the_publisher_does(live: bool) -> None:
    found = catalogue("K" + "." * 100)
    second = {**RUN, "run": "camera-0002"}
    found.feed(lines(second, part(101_000 + 3_600_000, 700, run="camera-0002")))
    text = playlist(found, live=live)
    target = int(text.partition("#EXT-X-TARGETDURATION:")[2].partition("\n")[0])
    lengths = [float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF")]
    assert max(lengths) <= target
    assert len(lengths) >= 100 // 12


def test_a_camera_that_is_off_is_a_gap_that_only_grows() -> None:
    voice = {**RUN, "run": "voice-0001", "track": "voice"}
    again = {**RUN, "run": "camera-0002"}
    found = catalogue("K...")
    found.feed(lines(voice))
    told = [playlist(found, live=True)]
    for second in range(4, 70):
        found.feed(lines(part(1000 * second, 100 * second + 700, run="voice-0001")))
        if second == 60:
            found.feed(lines(again))
        if second >= 60:
            offset = 700 + 100 * (second - 60)
            found.feed(lines(part(1000 * second, offset, run="camera-0002")))
        told.append(playlist(found, live=True))
    for before, after in itertools.pairwise(told):
        assert after.startswith(before)
    assert told[-1].count("#EXT-X-GAP") == 5
    assert "camera-0002.mp4" in told[-1]
    over = playlist(found)
    assert over.startswith(told[-1].replace("EVENT", "VOD"))


def test_a_track_that_ends_before_the_lesson_is_a_gap_to_its_end() -> None:
    voice = {**RUN, "run": "voice-0001", "track": "voice"}
    found = catalogue("K...")
    found.feed(lines(voice, *(part(1000 * n, 100 * n + 700, run="voice-0001") for n in range(30))))
    text = playlist(found)
    lengths = [float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF")]
    assert sum(lengths) == pytest.approx(30)


def test_cut_bytes_are_in_no_segment() -> None:
    text = playlist(apply(catalogue(), Cuts(kept=((3000, 6000),))), start=3000)
    assert "#EXT-X-BYTERANGE:300@1000" in text
    assert text.count("#EXTINF") == 1


def test_the_master_names_a_picture_with_the_voice() -> None:
    text = master_playlist(catalogue())
    assert 'CODECS="avc1.42e01f,opus",RESOLUTION=1280x720,AUDIO="voice"\ncamera.m3u8' in text
    assert 'URI="voice.m3u8"' in text
    sound = master_playlist(catalogue(), audio_only=True)
    assert "camera" not in sound
    assert sound.endswith("voice.m3u8\n")


def test_all_variants_of_a_master_show_the_same() -> None:
    found = catalogue("K...K....")
    screen = {**RUN, "run": "screen-0001", "track": "screen"}
    found.feed(lines(screen, part(0, 700, run="screen-0001")))
    assert "screen" not in master_playlist(found), "players would change between them"
    wanted = master_playlist(found, picture="screen")
    assert "\nscreen.m3u8" in wanted
    assert "camera" not in wanted


def test_a_master_names_one_voice() -> None:
    found = catalogue()
    opus, aac = master_playlist(found), master_playlist(found, found)
    assert opus.count("#EXT-X-STREAM-INF") == aac.count("#EXT-X-STREAM-INF") == 1
    assert 'AUDIO="voice-aac"' in aac
    assert 'URI="voice.m3u8"' not in aac, "players would change from one codec to the other"


def test_a_codec_can_not_leave_its_quotes() -> None:
    found = Catalogue()
    found.feed(lines({**RUN, "codec": 'x"\n#EXT-X-KEY:URI="evil'}, part(0, 700)))
    assert "EXT-X-KEY:" not in master_playlist(found)
