"""Janus as Debian packages it, with its videoroom, started and stopped here.

Configured for its best: one event loop for everybody, ICE lite, no other plugin and no header
extension. It is spoken to over its own JSON messages on HTTP.
"""

import http.client
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.cpu import process_ns
from bench.errors import BenchError
from bench.forwarder import Seat
from bench.light_client import SSRC, Answer, Identity, JoinError, LightClient
from bench.publisher import PAYLOAD_TYPE, Publisher
from bench.sink import host

PACKAGE_MISSING: Final = "Janus is missing and was not measured; install it: apt-get install janus"
PLUGIN: Final = "janus.plugin.videoroom"
ROOM: Final = 1
PUBLISHER_PLACE: Final = 60_000  # in the range of addresses, behind all subscribers
START_SECONDS: Final = 15.0  # until its socket is there; it makes a certificate first
ANSWER_SECONDS: Final = 15.0
OTHER_PLUGINS: Final = (
    "audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall voicemail"
)
OTHER_TRANSPORTS: Final = "mqtt nanomsg pfunix rabbitmq websockets"

CORE: Final = """
general: {{
    configs_folder = "{folder}"
    debug_level = 2
    session_timeout = 0
    event_loops = 1
}}
nat: {{ ice_lite = true }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
loggers: {{ disable = "libjanus_jsonlog.so" }}
"""
TRANSPORT: Final = """
general: {{
    json = "compact"
    base_path = "/janus"
    http = true
    ip = "127.0.0.1"
    port = {port}
    https = false
}}
"""
VIDEOROOM: Final = f"""
general: {{ }}
room-{ROOM}: {{
    description = "bench"
    publishers = 1
    bitrate = 3000000
    videocodec = "vp8"
    audiolevel_ext = false
    videoorient_ext = false
    playoutdelay_ext = false
    transport_wide_cc_ext = false
}}
"""


def is_there() -> bool:
    """Tell whether the package is installed."""
    return shutil.which("janus") is not None


def version() -> str:
    """Return what the program calls itself."""
    said = subprocess.run(["janus", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\(([\d.]+)\)", said.stdout)
    return found[1] if found else "unknown"


class Janus:
    """One running Janus with one room, whose publisher has joined."""

    def __init__(self) -> None:
        self._identity = Identity.make()
        self._context = self._identity.context()
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._log = (folder / "log").open("w+")
        port = _free_port()
        self._process = _start(folder, port, self._log)
        try:
            self._await(port)
            self._api = Api(port)
            self._feed, self._publisher = self._publish()
        except (BenchError, JoinError, OSError):
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Return its process."""
        return self._process.pid

    def cpu_ns(self) -> int:
        """Return the CPU time of its process."""
        return process_ns(self.pid)

    def publisher(self) -> tuple[Publisher, Seat]:
        """Return the one who has joined."""
        return self._publisher

    def seat(self, index: int, port: int) -> Seat:
        """Let one subscriber in: attach, join, answer its offer, ICE, DTLS."""
        handle = self._api.attach()
        streams = [{"feed": self._feed, "mid": "0"}]
        body = {"request": "join", "room": ROOM, "ptype": "subscriber", "streams": streams}
        told = self._api.say(handle, body)
        client = LightClient(self._identity, self._context, (host(index), port))
        try:
            sdp = _description(self._identity, client, "recvonly")
            jsep = {"type": "answer", "sdp": sdp}
            self._api.say(handle, {"request": "start"}, jsep)
            client.connect(Answer.read(told["jsep"]["sdp"]), lite=False)
        except JoinError as error:
            raise BenchError(f"subscriber {index} can not join Janus: {error}") from error
        finally:
            client.socket.close()
        assert client.incoming
        return Seat(client.check, client.address, client.incoming)

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def _await(self, port: int) -> None:
        """Return once it listens; raises BenchError."""
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self._log.seek(0)
        raise BenchError(f"Janus did not start:\n{self._log.read()}")

    def _publish(self) -> tuple[int, tuple[Publisher, Seat]]:
        handle = self._api.attach()
        client = LightClient(self._identity, self._context, (host(PUBLISHER_PLACE), 0))
        jsep = {"type": "offer", "sdp": _description(self._identity, client, "sendonly")}
        body = {"request": "joinandconfigure", "room": ROOM, "ptype": "publisher"}
        told = self._api.say(handle, body, jsep)
        client.connect(Answer.read(told["jsep"]["sdp"]), lite=False)
        assert client.outgoing
        assert client.incoming
        publisher = Publisher(client.socket, client.outgoing)
        seat = Seat(client.check, client.address, client.incoming)
        return told["plugindata"]["data"]["id"], (publisher, seat)


class Api:
    """Requests and their answers, one after the other; what it tells by itself is not needed."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        self._asked = 0
        self._path = "/janus"
        self._path = f"/janus/{self._ask('', {'janus': 'create'})['data']['id']}"

    def attach(self) -> int:
        """Return a new handle of the videoroom."""
        attached = self._ask("", {"janus": "attach", "plugin": PLUGIN})
        return int(attached["data"]["id"])

    def say(
        self, handle: int, body: dict[str, object], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Send a message to the plugin and return its event; raises BenchError."""
        request = {"janus": "message", "body": body} | ({"jsep": jsep} if jsep else {})
        told = self._ask(f"/{handle}", request)
        while told["janus"] != "event" or told.get("transaction") != str(self._asked):
            told = self._call("GET", "")
        if "error" in told["plugindata"]["data"]:
            raise BenchError(f"Janus refused {body}: {told['plugindata']['data']['error']}")
        return told

    def _ask(self, place: str, request: dict[str, Any]) -> dict[str, Any]:
        self._asked += 1
        return self._call("POST", place, request | {"transaction": str(self._asked)})

    def _call(self, method: str, place: str, body: object = None) -> dict[str, Any]:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, self._path + place, text)
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        if answer["janus"] == "error":
            raise BenchError(f"Janus refused {body}: {answer['error']['reason']}")
        return answer


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _start(folder: Path, port: int, log: Any) -> "subprocess.Popen[bytes]":
    """Write the configuration and run Janus with it."""
    core = CORE.format(
        folder=folder,
        plugins=",".join(f"libjanus_{name}.so" for name in OTHER_PLUGINS.split()),
        transports=",".join(f"libjanus_{name}.so" for name in OTHER_TRANSPORTS.split()),
    )
    (folder / "janus.jcfg").write_text(core)
    (folder / "janus.transport.http.jcfg").write_text(TRANSPORT.format(port=port))
    (folder / f"{PLUGIN}.jcfg").write_text(VIDEOROOM)
    command = ["janus", "--configs-folder", str(folder), "--config", str(folder / "janus.jcfg")]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _description(identity: Identity, client: LightClient, direction: str) -> str:
    """Return an offer or answer of one picture, with everything known before it is sent."""
    address, port = client.socket.getsockname()
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        f"m=video 9 UDP/TLS/RTP/SAVPF {PAYLOAD_TYPE}",
        "c=IN IP4 127.0.0.1",
        "a=mid:0",
        f"a={direction}",
        "a=rtcp-mux",
        f"a=ice-ufrag:{client.ufrag}",
        f"a=ice-pwd:{client.pwd}",
        f"a=fingerprint:sha-256 {identity.fingerprint}",
        "a=setup:active",
        f"a=rtpmap:{PAYLOAD_TYPE} VP8/90000",
        f"a=rtcp-fb:{PAYLOAD_TYPE} nack",
        f"a=rtcp-fb:{PAYLOAD_TYPE} nack pli",
        f"a=candidate:1 1 udp 2130706431 {address} {port} typ host",
        *([f"a=ssrc:{SSRC} cname:bench"] if direction == "sendonly" else []),
    ]
    return "\r\n".join(lines) + "\r\n"
