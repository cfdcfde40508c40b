"""A narrow path: a network namespace behind a veth pair with a token bucket (tc tbf)."""

import ctypes
import os
import socket
import subprocess
import threading
from types import TracebackType
from typing import Final, Self

CLONE_NEWNET: Final = 0x40000000
BURST_BYTES: Final = 3_200  # two packets pass at any speed; tbf needs one
QUEUE_MS: Final = 400  # what waits longer is dropped: a phone network's buffer
NETWORK: Final = "10.213.{}.{}"
LINES: Final = 250  # second numbers of that network


class NarrowError(Exception):
    """The namespace or its queue can not be made."""


class NarrowPath:
    """A way to another network of which the rate can be changed; needs root and iproute2."""

    def __init__(self) -> None:
        line = os.getpid() % LINES
        self.near, self.far = NETWORK.format(line, 1), NETWORK.format(line, 2)
        self._name = f"narrow{line}"
        self._ends = (f"near{line}", f"far{line}")

    def __enter__(self) -> Self:
        near, far = self._ends
        inside = ("-n", self._name)
        try:
            _run("ip", "netns", "add", self._name)
            _run("ip", "link", "add", near, "type", "veth", "peer", far, "netns", self._name)
            _run("ip", "addr", "add", f"{self.near}/30", "dev", near)
            _run("ip", *inside, "addr", "add", f"{self.far}/30", "dev", far)
            _run("ip", "link", "set", near, "up")
            _run("ip", *inside, "link", "set", far, "up")
        except NarrowError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # the veth pair goes with its namespace
        subprocess.run(["ip", "netns", "del", self._name], check=False, capture_output=True)

    def carry(self, kbits: int) -> None:
        """Let so many kbit/s through from now on; what waits keeps its place."""
        bucket = ("rate", f"{kbits}kbit", "burst", str(BURST_BYTES), "latency", f"{QUEUE_MS}ms")
        _run("tc", "qdisc", "replace", "dev", self._ends[0], "root", "handle", "1:", "tbf", *bucket)

    def entrance(self, port: int) -> tuple[str, int]:
        """Return where the far end reaches a port of ours."""
        return (self.near, port)

    def open_socket(self) -> socket.socket:
        """Return a UDP socket of the far end; it stays there whoever uses it."""
        made: list[socket.socket | OSError] = []
        thread = threading.Thread(target=self._open_inside, args=(made,))
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise NarrowError(f"the namespace can not be entered: {made[0]}")
        return made[0]

    def _open_inside(self, made: list[socket.socket | OSError]) -> None:
        """Enter the namespace with this thread, which ends with it."""
        try:
            with open(f"/var/run/netns/{self._name}", "rb") as namespace:  # noqa: PTH123 # a handle
                _enter(namespace.fileno())
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.bind((self.far, 0))
            made.append(opened)
        except OSError as error:
            made.append(error)


def _enter(namespace: int) -> None:
    """Put the calling thread into a namespace (os.setns from Python 3.12 on)."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NarrowError(f"{command[0]} is missing; install iproute2") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip() or "no reason given"
        raise NarrowError(f"'{' '.join(command)}' failed (root is needed): {said}") from error
