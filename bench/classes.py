"""Classes that are taught for a bench: a real server, and a publisher over WHIP for each lesson."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.errors import BenchError
from bench.light_client import SSRC, Identity, JoinError, LightClient
from bench.pictures import (
    FRAMES_PER_SECOND,
    H264_TYPE,
    OPUS_TYPE,
    Loop,
    make_loop,
    rtp,
    sender_report,
)
from bench.process import running

CHECK_EVERY = 60  # pictures between consent checks
PACKETS_PER_SECOND = 50  # of voice
NTP_TO_UNIX = 2_208_988_800  # seconds
ANSWER_SECONDS = 30  # for any answer of a busy server


@dataclass(frozen=True, slots=True)
class School:
    """A running server, its teacher's and a student's cookies, and a token for each lesson."""

    pid: int
    base: str
    teacher: str
    student: str
    lessons: dict[str, str]

    def call(self, method: str, path: str, body: object = None, *, student: bool = False) -> Any:
        """Do something over HTTP; raises BenchError."""
        connection = http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=ANSWER_SECONDS)
        headers = {"Cookie": self.student if student else self.teacher}
        headers |= {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status >= 300:
            raise BenchError(f"{method} {path} answered {response.status}: {text[:200]!r}")
        return json.loads(text) if text else None

    def set_state(self, lesson: str, state: str) -> None:
        """Take a lesson's next step."""
        self.call("POST", f"/api/lessons/{lesson}/state", {"state": state})


@contextlib.contextmanager
def open_school(directory: Path, lessons: int) -> Iterator[School]:
    """Run a server with so many lessons that have not begun."""
    with running("bench.school", directory, lessons) as (process, told):
        yield School(process.pid, **told)


@contextlib.contextmanager
def on_the_air(school: School) -> Iterator[None]:
    """Publish in all lessons from a thread."""
    identity = Identity.make()
    context = identity.context()
    teachers: list[Teacher] = []
    stop = threading.Event()
    thread = threading.Thread(target=_teach, args=(teachers, stop))
    try:
        for lesson, token in school.lessons.items():
            client = LightClient(identity, context)
            client.join(f"{school.base}/whip/{lesson}", token, publish=True, codec="H264")
            client.socket.setblocking(False)
            teachers.append(Teacher(client, make_loop()))
        thread.start()
        yield
    except JoinError as error:
        raise BenchError(f"a publisher can not join: {error}") from error
    finally:
        stop.set()
        if thread.is_alive():
            thread.join()
        for teacher in teachers:
            teacher.client.socket.close()


class Teacher:
    """One publisher; a picture and what is said meanwhile at a time."""

    def __init__(self, client: LightClient, loop: Loop) -> None:
        self.client = client
        self._loop = loop
        self._sequences = [0, 0]
        self._said = 0

    def frame(self, number: int) -> None:
        """Send the n-th picture and the voice until then."""
        pictures = self._loop.pictures
        payloads = pictures[number % len(pictures)]
        for index, payload in enumerate(payloads):
            last = index == len(payloads) - 1
            self._send(0, H264_TYPE, number * 90_000 // FRAMES_PER_SECOND, payload, last=last)
        while self._said * FRAMES_PER_SECOND < number * PACKETS_PER_SECOND:
            payload = self._loop.voice[self._said % len(self._loop.voice)]
            self._send(1, OPUS_TYPE, self._said * 960, payload, last=False)
            self._said += 1
        if number % FRAMES_PER_SECOND == 0:
            self._report(number)
        if number % CHECK_EVERY == 0:
            self.client.recheck()

    def _send(self, track: int, kind: int, stamp: int, payload: bytes, *, last: bool) -> None:
        packet = rtp(SSRC + track, kind, self._sequences[track], stamp, payload, last=last)
        self._sequences[track] += 1
        assert self.client.outgoing
        with contextlib.suppress(BlockingIOError):
            self.client.socket.send(self.client.outgoing.protect(packet))

    def _report(self, number: int) -> None:
        assert self.client.outgoing
        seconds = time.time() + NTP_TO_UNIX
        for track, rate in enumerate((90_000, 48_000)):
            stamp = number * rate // FRAMES_PER_SECOND
            report = sender_report(SSRC + track, seconds, stamp)
            with contextlib.suppress(BlockingIOError):
                self.client.socket.send(self.client.outgoing.protect_rtcp(report))


def _teach(teachers: list[Teacher], stop: threading.Event) -> None:
    begin = time.monotonic()
    number = 0
    while not stop.wait(max(0.0, begin + number / FRAMES_PER_SECOND - time.monotonic())):
        for teacher in teachers:
            teacher.frame(number)
        number += 1
