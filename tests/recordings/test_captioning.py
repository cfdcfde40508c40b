"""Drafts of captions: how sound is cut, captions are split, and what is done is kept."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recordings import spoken
from recordings.captioning import MAX_LETTERS, draft_path, load_model, read_draft, recognise, split
from recordings.catalogue import VOICE, Catalogue
from recordings.spoken import RATE, Stretch, stretches
from recordings.webvtt import Cue
from recordings.work import Hopeless
from tests.recordings.made import MadeRecording


def catalogue(folder: Path) -> Catalogue:
    found = Catalogue()
    found.feed((folder / "index.jsonl").read_bytes())
    return found


def test_the_voice_is_heard_where_it_was_said(tmp_path: Path) -> None:
    made = MadeRecording(tmp_path)
    made.run("voice", 60_000, 3)
    made.run("camera", 60_000, 2)
    made.run("voice", 90_000, 2)
    found = list(stretches(tmp_path, catalogue(tmp_path).track_runs(VOICE)))
    assert [round(one.at, -2) for one in found] == [60_000, 90_000]
    assert [round(len(one.samples) / RATE) for one in found] == [3, 2]
    assert found[0].samples.dtype == np.float32
    assert 0.1 < float(np.abs(found[0].samples).max()) <= 1.0


def test_a_long_voice_is_cut_where_it_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken, "STRETCH_SECONDS", 8)
    monkeypatch.setattr(spoken, "SEARCH_SECONDS", 4)
    sound = np.ones(20 * RATE, np.float32)
    sound[6 * RATE : 7 * RATE] = 0
    pieces = [(n * 1000, sound[n * RATE : (n + 1) * RATE]) for n in range(20)]
    found = list(spoken._cut("voice-0001", iter(pieces)))
    assert 6000 <= found[0].to <= 7000
    assert [one.at for one in found][1:] == [one.to for one in found][:-1]
    assert sum(len(one.samples) for one in found) == len(sound)
    assert np.array_equal(np.concatenate([one.samples for one in found]), sound)


def test_a_run_that_is_spoiled_is_passed_over_and_one_that_is_gone_is_not(tmp_path: Path) -> None:
    made = MadeRecording(tmp_path)
    first = made.run("voice", 0, 2)
    made.run("voice", 5000, 2)
    (tmp_path / f"{first}.mp4").write_bytes(b"not a film" * 100)
    runs = catalogue(tmp_path).track_runs(VOICE)
    assert [round(one.at, -2) for one in stretches(tmp_path, runs)] == [5000]
    (tmp_path / f"{first}.mp4").unlink()
    with pytest.raises(FileNotFoundError):
        list(stretches(tmp_path, runs))


def test_long_captions_are_split_between_words() -> None:
    words = "Як байт аз ҳашт бит иборат аст ва ҳар бит ё сифр аст ё як. " * 4
    found = split(Cue(1000, 9000, words.strip()))
    assert all(0 < len(one.text) <= MAX_LETTERS for one in found)
    assert " ".join(one.text for one in found) == words.strip()
    assert (found[0].at, found[-1].to) == (1000, 9000)
    assert [one.to for one in found[:-1]] == [one.at for one in found[1:]]
    assert [len(one.text) for one in split(Cue(0, 5000, "x" * 200))] == [84, 84, 32]


def test_what_a_model_says_stays_within_its_stretch() -> None:
    said = [
        SimpleNamespace(start=-0.5, end=1.0, text=" Салом "),
        SimpleNamespace(start=1.0, end=99.0, text="то охир"),
        SimpleNamespace(start=1.0, end=1.0, text=" "),
    ]

    class Model:
        def transcribe(self, audio: Any, **options: Any) -> tuple[Any, Any]:
            assert options["language"] == "tg"
            return iter(said), None

    stretch = Stretch("voice-0001", 10_000, np.zeros(2 * RATE, np.float32))
    assert recognise(Model(), stretch, "tg") == [
        Cue(10_000, 11_000, "Салом"),
        Cue(11_000, 12_000, "то охир"),
    ]


def test_what_is_done_is_found_again_whatever_was_torn(tmp_path: Path) -> None:
    path = draft_path(tmp_path, "ru")
    assert read_draft(path, "small") == {}
    path.parent.mkdir()
    path.write_text(
        '{"model":"small","run":"voice-0001","at":0,"cues":[[0,900,"да"]]}\n'
        '{"model":"tiny","run":"voice-0001","at":9000,"cues":[]}\n'
        "[1]\n\n\0\n"
        '{"model":"small","run":"voice-0001","at":120000,"cu',
        encoding="utf-8",
    )
    assert read_draft(path, "small") == {("voice-0001", 0): [Cue(0, 900, "да")]}


def test_without_the_extra_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(Hopeless, match=r"pip install 'darsgoh\[captions\]'"):
        load_model("small", tmp_path)
