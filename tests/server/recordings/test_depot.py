"""Recordings and an S3-compatible store: sent, let go, read from it, deleted; the store down."""

import asyncio
import os
import signal
import sys
import textwrap
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store
from pydantic import ValidationError

from recordings.catalogue import Catalogue
from recordings.objects import Objects, StoreAddress, StoreAway
from recordings.recovery import recover
from recordings.stored import STORED_NAME, Stored, away, read_stored, unsent
from recordings.verify import Depth
from server.doctor import State, look_at_store
from server.errors import StartError
from server.recordings import keeper, library
from server.recordings.depot import Depot
from server.recordings.shelf import RecordingShelf
from server.settings import RecordingSettings, Settings
from tests.media.waiting import PATIENCE
from tests.recordings.made import MadeRecording
from tests.server.conftest import World
from tests.server.recordings.conftest import Replay, live_replay

BUCKET, PREFIX = "darsgoh", "lessons"
YEAR = 365 * 24 * 3600.0
LESSON = uuid.UUID("01990000-0000-7000-8000-000000000001")


class Bucket:
    """A store that can be taken away and comes back with what it held."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0)
        self._server.start()
        self.host, self.port = self._server.get_host_and_port()
        request = urllib.request.Request(f"{self.endpoint}/{BUCKET}", method="PUT")
        urllib.request.urlopen(request).close()

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def address(self) -> StoreAddress:
        return StoreAddress(f"s3://{BUCKET}/{PREFIX}", self.endpoint, "us-east-1", "key", "secret")

    def go_down(self) -> None:
        self._server.stop()

    def come_back(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", self.port)
        self._server.start()

    def names(self) -> list[str]:
        store = S3Store(
            BUCKET, endpoint=self.endpoint, region="us-east-1", access_key_id="key",
            secret_access_key="secret", client_options={"allow_http": True},
        )  # fmt: skip
        return sorted(one["path"] for batch in obstore.list(store) for one in batch)

    def empty(self) -> None:
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(request).close()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    held = Bucket()
    yield held
    held.empty()
    held.go_down()


@pytest.fixture
def shelf(bucket: Bucket, tmp_path: Path) -> Iterator[RecordingShelf]:
    shelf = RecordingShelf(tmp_path, Objects(bucket.address))
    yield shelf
    shelf.close()


def depot_of(shelf: RecordingShelf, days: int = 0) -> Depot:
    return Depot(shelf, RecordingSettings(keep_local_days=days))


async def work(shelf: RecordingShelf, days: int = 0, now: float = YEAR * 100) -> None:
    assert shelf.objects is not None
    await depot_of(shelf, days).work(shelf.objects, now)


def recording(shelf: RecordingShelf, *, ended: bool = True) -> MadeRecording:
    made = MadeRecording(shelf.folder(LESSON))
    made.run("camera", 0, 3)
    made.run("voice", 0, 3)
    (made.folder / "stills").mkdir()
    (made.folder / "stills" / "1-320.webp").write_bytes(b"picture")
    if ended:
        made.end(3000)
    return made


def names(*files: str) -> list[str]:
    return sorted(f"{PREFIX}/{LESSON}/{file}" for file in files)


async def test_what_is_closed_goes_up_and_then_leaves_the_disk(
    bucket: Bucket, shelf: RecordingShelf
) -> None:
    made = recording(shelf, ended=False)
    await work(shelf)
    assert bucket.names() == names("stills/1-320.webp")  # both runs still grow
    made.run("camera", 5000, 3)
    await work(shelf)
    assert bucket.names() == names("camera-0001.mp4", "stills/1-320.webp")
    assert not away(made.folder)  # the lesson is on
    made.end(8000)
    whole = (made.folder / "camera-0001.mp4").read_bytes()
    await work(shelf, now=0)  # nothing is old enough
    assert not away(made.folder)
    assert unsent(made.folder) == []
    await work(shelf)
    assert away(made.folder) == {"camera-0001", "voice-0002", "camera-0003"}
    assert f"{PREFIX}/{LESSON}/index.jsonl" in bucket.names()
    path = made.folder / "camera-0001.mp4"
    got = b"".join([piece async for piece in shelf.pieces(path, 100, len(whole))])
    assert got == whole[100:]
    await depot_of(shelf).bring_back(LESSON)
    assert path.read_bytes() == whole
    assert unsent(made.folder) == []


async def test_a_store_that_is_down_costs_nothing_and_gets_everything_later(
    bucket: Bucket, shelf: RecordingShelf
) -> None:
    made = recording(shelf)
    bucket.go_down()
    with pytest.raises(StoreAway) as caught:
        await work(shelf)
    assert "secret" not in str(caught.value)
    assert not away(made.folder)
    assert len(unsent(made.folder)) == 4
    bucket.come_back()
    await work(shelf, days=1, now=0)
    assert unsent(made.folder) == []
    assert len(bucket.names()) == 4


async def test_a_start_keeps_the_runs_that_only_the_store_has(shelf: RecordingShelf) -> None:
    made = recording(shelf)
    await work(shelf)
    index = (made.folder / "index.jsonl").read_bytes()
    found = recover(made.folder)
    assert found.ended
    assert found.ends.keys() == {"camera", "voice"}
    before, after = Catalogue(), Catalogue()
    before.feed(index)
    after.feed((made.folder / "index.jsonl").read_bytes())
    assert before.runs == after.runs
    assert unsent(made.folder) == []


async def test_a_deleted_recording_is_deleted_in_the_store_even_if_that_was_down(
    bucket: Bucket, shelf: RecordingShelf
) -> None:
    recording(shelf)
    await work(shelf)
    bucket.go_down()
    shelf.remove(LESSON)
    with pytest.raises(StoreAway):
        await work(shelf)
    bucket.come_back()
    await work(shelf)
    assert bucket.names() == []
    assert shelf.removed() == []


async def test_what_is_settled_is_not_read_again_until_it_changes(
    shelf: RecordingShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, read, depot = recording(shelf), list[Path](), depot_of(shelf, 1)

    def count(folder: Path) -> list[Stored]:
        read.append(folder)
        return unsent(folder)

    monkeypatch.setattr("server.recordings.depot.unsent", count)
    assert shelf.objects is not None
    for now in (0.0, 60.0, 120.0, 180.0):
        await depot.work(shelf.objects, now)
    assert len(read) == 2  # the second time to see that nothing is left
    (made.folder / "stills" / "2-320.webp").write_bytes(b"another")
    await depot.work(shelf.objects, 240.0)
    assert len(read) == 3
    assert unsent(made.folder) == []
    await depot.work(shelf.objects, YEAR)
    assert len(read) == 4


async def test_captions_that_are_deleted_here_are_deleted_there(
    bucket: Bucket, shelf: RecordingShelf
) -> None:
    made = recording(shelf)
    captions = made.folder / "captions" / "tg.vtt"
    captions.parent.mkdir()
    for text in (b"WEBVTT", b"WEBVTT\n\nagain"):
        captions.write_bytes(text)
        await work(shelf, days=1, now=0)
        assert names("captions/tg.vtt")[0] in bucket.names()
        captions.unlink()
        await work(shelf, days=1, now=0)
        assert names("captions/tg.vtt")[0] not in bucket.names()
    assert len(bucket.names()) == 4


def test_a_line_that_a_kill_tore_off_means_sending_again(shelf: RecordingShelf) -> None:
    made = recording(shelf)
    (made.folder / STORED_NAME).write_bytes(b'{"name":"camera-0001.mp4","size":')
    assert read_stored(made.folder) == {}
    assert len(unsent(made.folder)) == 4


SENDER = textwrap.dedent("""
    import asyncio, sys, time
    from pathlib import Path
    from recordings.objects import Objects, StoreAddress
    from server.recordings.depot import Depot
    from server.recordings.shelf import RecordingShelf
    from server.settings import RecordingSettings, Settings

    async def main():
        address = StoreAddress(sys.argv[2], sys.argv[3], "us-east-1", "key", "secret")
        shelf = RecordingShelf(Path(sys.argv[1]), Objects(address))
        print("sending", flush=True)
        await Depot(shelf, RecordingSettings(keep_local_days=1)).work(shelf.objects, time.time())
        print("sent", flush=True)

    asyncio.run(main())
""")


async def test_a_process_killed_while_it_sends_loses_nothing(
    bucket: Bucket, shelf: RecordingShelf
) -> None:
    made = recording(shelf)
    big = made.folder / "stills" / "2-1280.webp"
    big.write_bytes(os.urandom(1024) * 1024 * 24)  # several chunks
    arguments = [str(shelf.root.parent), bucket.address.url, bucket.endpoint]
    for wait in (0.0, 0.3, 0.6):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SENDER, *arguments, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(3 * PATIENCE):  # it starts Python with everything
            assert (await process.stdout.readline()) == b"sending\n"
        await asyncio.sleep(wait)
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
        for one in read_stored(made.folder).values():
            assert f"{PREFIX}/{LESSON}/{one.name}" in bucket.names()
    await work(shelf, days=1, now=0)
    assert unsent(made.folder) == []
    assert len(bucket.names()) == 5
    assert shelf.objects is not None
    pieces = shelf.objects.read(f"{LESSON}/stills/2-1280.webp", 0, big.stat().st_size)
    assert b"".join([piece async for piece in pieces]) == big.read_bytes()


@pytest.fixture
async def replay(bucket: Bucket, small_world: World) -> Replay:
    small_world.services.recordings.objects = Objects(bucket.address)
    replay = await live_replay(small_world)
    replay.world.clock.pass_time(seconds=6)
    await replay.end()
    return replay


async def get(replay: Replay, **options: Any) -> tuple[int, bytes]:
    answer = await replay.student.get(replay.url(f"{replay.camera}.mp4"), **options)
    return answer.status, await answer.read()


async def test_a_replay_is_read_from_the_store_and_says_when_that_is_down(
    bucket: Bucket, replay: Replay
) -> None:
    shelf = replay.world.services.recordings
    whole = (replay.made.folder / f"{replay.camera}.mp4").read_bytes()
    await work(shelf)
    assert replay.camera in away(replay.made.folder)
    assert await get(replay) == (200, whole)
    assert await get(replay, headers={"Range": "bytes=10-19"}) == (206, whole[10:20])
    bucket.go_down()
    status, body = await get(replay)
    assert status == 503
    assert b"store-away" in body
    bucket.come_back()
    assert await get(replay) == (200, whole)
    await replay.teacher.delete(replay.api())
    replay.world.clock.pass_time(days=8)
    await library.tidy(replay.world.services)
    await work(shelf)
    assert bucket.names() == []


def with_store(replay: Replay, bucket: Bucket, **values: Any) -> Settings:
    section = {
        "store": bucket.address.url,
        "store_endpoint": bucket.endpoint,
        "store_key": "key",
        "store_secret": "very secret",
        **values,
    }
    return replay.world.services.settings.with_values(recordings=section)


async def test_the_command_line_checks_what_only_the_store_has(
    bucket: Bucket, replay: Replay
) -> None:
    await work(replay.world.services.recordings)
    assert away(replay.made.folder)
    (found,) = await keeper.find_recordings(with_store(replay, bucket))
    report = await asyncio.to_thread(keeper.check, found, Depth.ALL, lambda _size: None)
    assert (report.runs, report.flaws) == (2, [])
    bucket.go_down()
    with pytest.raises(StartError, match="does not answer"):
        await asyncio.to_thread(keeper.check, found, Depth.ALL, lambda _size: None)
    bucket.come_back()


async def test_the_doctor_asks_the_store(bucket: Bucket, replay: Replay) -> None:
    good = await look_at_store(with_store(replay, bucket))
    assert good.state is State.GOOD
    wrong = await look_at_store(with_store(replay, bucket, store="s3://nowhere"))
    assert wrong.state is State.WRONG
    assert "secret" not in str(wrong)


@pytest.mark.parametrize("url", ["bucket", "http://s3.example", "s3://key:secret@bucket", "s3://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="should look like"):
        RecordingSettings(store=url)
