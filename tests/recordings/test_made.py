"""What the made recording is worth: it is what the recorder's format says, and it plays."""

import json
from pathlib import Path

import av

from recordings.catalogue import Catalogue
from tests.recordings.made import MadeRecording


def test_a_made_recording_decodes_at_its_positions(tmp_path: Path) -> None:
    made = MadeRecording(tmp_path)
    names = made.run("camera", 5000, 4), made.run("voice", 5000, 4)
    for name in names:
        with av.open(str(tmp_path / f"{name}.mp4")) as container:
            times = [frame.time for frame in container.decode(container.streams[0])]
        assert times
        assert 4.9 <= times[0] <= 5.1
        assert 8.7 <= times[-1] <= 9.1
    catalogue = Catalogue()
    catalogue.feed((tmp_path / "index.jsonl").read_bytes())
    lines = (tmp_path / "index.jsonl").read_text().splitlines()
    assert catalogue.lines == [json.loads(line) for line in lines]
    assert [part.at for part in catalogue.track_parts("camera")] == [5000, 6000, 7000, 8000]
    for run in catalogue.runs.values():
        assert run.size == (tmp_path / f"{run.name}.mp4").stat().st_size
