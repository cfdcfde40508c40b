"""Drafts of captions by faster-whisper, in a process of their own (docs/architecture.md).

    python -m recordings.captioning <recording> <language> <model> <models>

`model` is a name that faster-whisper knows, which it downloads to the folder `models` once, or a
folder with a model of one's own. What is done is kept in `captions/<language>.draft.jsonl`, a line
for each stretch of sound, so that a process that was killed goes on where it was.
"""

import json
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from recordings.catalogue import INDEX_NAME, VOICE, Catalogue
from recordings.spoken import Samples, Stretch, stretches
from recordings.webvtt import MAX_TEXT, Cue
from recordings.work import Hopeless, Teller, run

MAX_LETTERS = 84  # of one caption: two lines on a phone
SHORTEST = 700  # ms a caption is shown at least; less is a flicker
ALIVE_SECONDS = 5.0  # between signs of life while a model is loaded
LOADING_SECONDS = 3600.0  # after which nobody waits any more: half a gigabyte at 1 Mbit/s


class Model(Protocol):
    """The part of faster_whisper.WhisperModel that is used here."""

    def transcribe(self, audio: Samples, **options: Any) -> tuple[Iterable[Any], Any]:
        """Return what is said, lazily, and facts about it."""
        ...


def load_model(name: str, models: Path) -> Model:
    """Return a model of faster-whisper; raises Hopeless where it is not installed."""
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415  (an extra, and slow to import)
    except ImportError as error:
        raise Hopeless(
            "captions-not-installed", "Install it: pip install 'darsgoh[captions]'."
        ) from error
    # One thread and whole numbers: the lessons that are on come first.
    model: Model = WhisperModel(
        name, device="cpu", compute_type="int8", cpu_threads=1, download_root=str(models)
    )
    return model


def recognise(model: Model, stretch: Stretch, language: str) -> list[Cue]:
    """Return what is said in a stretch."""
    segments, _ = model.transcribe(
        stretch.samples,
        language=language,
        beam_size=5,
        vad_filter=True,  # silence makes these models invent
        condition_on_previous_text=False,  # and repeat themselves
    )
    return [cue for segment in segments for cue in _cues(segment, stretch)]


def _cues(segment: Any, stretch: Stretch) -> list[Cue]:
    at = stretch.at + max(0, round(segment.start * 1000))
    to = min(stretch.to, stretch.at + round(segment.end * 1000))
    text = " ".join(str(segment.text).split())[:MAX_TEXT]
    return split(Cue(at, max(to, at + SHORTEST), text)) if text else []


def split(cue: Cue) -> list[Cue]:
    """Return a long caption as several that can be read, each with its share of the time."""
    pieces = list(_pieces(cue.text))
    letters = sum(len(piece) for piece in pieces)
    found, done = [], 0
    for piece in pieces:
        at = cue.at + (cue.to - cue.at) * done // letters
        done += len(piece)
        found.append(Cue(at, cue.at + (cue.to - cue.at) * done // letters, piece))
    return [one for one in found if one.at < one.to]


def _pieces(text: str) -> Iterator[str]:
    while len(text) > MAX_LETTERS:
        end = text.rfind(" ", 1, MAX_LETTERS + 1)
        end = MAX_LETTERS if end < 0 else end
        yield text[:end].strip()
        text = text[end:].strip()
    yield text


# --- what is done already ---------------------------------------------------------------------


def draft_path(folder: Path, language: str) -> Path:
    """Return where the stretches that are done are kept."""
    return folder / "captions" / f"{language}.draft.jsonl"


def read_draft(path: Path, model: str) -> dict[tuple[str, int], list[Cue]]:
    """Return the stretches that this model has done, by run and position; torn lines are not."""
    found: dict[tuple[str, int], list[Cue]] = {}
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            entry = json.loads(line)
            if entry["model"] == model:
                cues = [Cue(int(at), int(to), str(text)) for at, to, text in entry["cues"]]
                found[str(entry["run"]), int(entry["at"])] = cues
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _append(path: Path, model: str, stretch: Stretch, cues: Iterable[Cue]) -> None:
    told = [[cue.at, cue.to, cue.text] for cue in cues]
    entry = {"model": model, "run": stretch.run, "at": stretch.at, "cues": told}
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(entry, ensure_ascii=False) + "\n")  # apart from a torn line


# --- the process ------------------------------------------------------------------------------


def work(tell: Teller) -> None:
    """Make a draft of the captions of one recording."""
    folder, language, name, models = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
    catalogue = Catalogue()
    catalogue.feed((folder / INDEX_NAME).read_bytes())
    runs = catalogue.track_runs(VOICE)
    if not runs:
        raise Hopeless("no-voice", "Nothing was said in this lesson.")
    path = draft_path(folder, language)
    path.parent.mkdir(exist_ok=True)
    done = read_draft(path, name)
    with _alive(tell):
        model = load_model(name, models)
    tell(0.0, f"{name} in {language}; {len(done)} stretches were done before")
    length = sum(run.end - run.parts[0].at for run in runs)
    heard = 0
    for stretch in stretches(folder, runs):
        if (stretch.run, stretch.at) not in done:
            _append(path, name, stretch, recognise(model, stretch, language))
        heard += stretch.to - stretch.at
        tell(min(1.0, heard / length))
    tell(1.0, "done")


@contextmanager
def _alive(tell: Teller) -> Iterator[None]:
    """Give signs of life meanwhile: a model may have to be downloaded."""
    loaded = threading.Event()

    def say() -> None:
        for _ in range(int(LOADING_SECONDS / ALIVE_SECONDS)):
            if loaded.wait(ALIVE_SECONDS):
                return
            tell(0.0)

    thread = threading.Thread(target=say, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loaded.set()
        thread.join()


if __name__ == "__main__":
    run(work)
