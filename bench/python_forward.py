"""Forwarding in Python alone: protect each packet for each subscriber with pylibsrtp and send it.

This is what an SFU on aiortc's parts costs when nothing else is done. Arguments and output are
those of media/engine/examples/floor.rs, without its last.
"""

import json
import socket
import sys
import time

from bench.keys import subscriber
from bench.sink import host


def main() -> None:
    """Send frames to every subscriber and print packets and CPU time."""
    subscribers, port, frames, packets, size, rate = map(int, sys.argv[1:])
    sessions = [
        (subscriber(index).session("from-engine"), (host(index), port))
        for index in range(subscribers)
    ]
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    begin = time.monotonic()
    before = time.process_time_ns()
    for frame in range(frames):
        if rate:
            time.sleep(max(0.0, begin + frame / rate - time.monotonic()))
        for packet in _frame(frame * packets, packets, size):
            for session, address in sessions:
                out.sendto(session.protect(packet), address)
    cpu = time.process_time_ns() - before
    print(json.dumps({"packets": frames * packets * subscribers, "cpu_ns": cpu}))


def _frame(first: int, packets: int, size: int) -> list[bytes]:
    filling = bytes(size - 12)
    return [
        b"\x80\x60" + ((first + number) & 0xFFFF).to_bytes(2) + bytes(8) + filling
        for number in range(packets)
    ]


if __name__ == "__main__":
    main()
