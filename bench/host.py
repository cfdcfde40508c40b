"""The engine alone in a process of its own: `python -m bench.host SUBSCRIBERS THREADS`.

Prints {"port": ...} when ready and ends when its standard input does. Python only takes the events
away now and then; each answer tells that thread's CPU time, so that it can be left out.
"""

import json
import select
import sys
import threading
from typing import TYPE_CHECKING

from bench.cpu import thread_ns
from bench.keys import KEY_BYTES, PROFILE, PUBLISHER, Peer, subscriber
from bench.publisher import PAYLOAD_TYPE, SSRC
from media._engine import Engine

if TYPE_CHECKING:  # shapes that exist for the type checker only
    from media._engine import ConsumerParameters, ProducerParameters

ROUTER, PUBLISHER_TRANSPORT, PRODUCER = 1, 1, 1
FIRST_TRANSPORT, FIRST_CONSUMER = 1_000, 100_000
FIRST_SSRC = 0x20000000
POLL_SECONDS = 0.5
TRANSPORT_CC_ID = 4  # as Chromium's offers number it

PRODUCED: "ProducerParameters" = {
    "kind": "video",
    "mid": "0",
    "ssrcs": [SSRC],
    "rtx_ssrcs": [],
    "rids": [],
    "codecs": [
        {
            "name": "VP8",
            "payload_type": PAYLOAD_TYPE,
            "clock_rate": 90_000,
            "rtx_payload_type": None,
        }
    ],
    "extensions": {},
    "nack": True,
    "pli": True,
    "remb": False,
}


def consumed(index: int) -> "ConsumerParameters":
    """Return the slot of the n-th subscriber."""
    return {
        "kind": "video",
        "mid": "0",
        "ssrc": FIRST_SSRC + index,
        "rtx_ssrc": FIRST_SSRC + 0x1000000 + index,
        "cname": "bench",
        "codecs": PRODUCED["codecs"],
        "extensions": {"transport_cc": TRANSPORT_CC_ID},
        "nack": True,
        "remb": False,
    }


def _open(engine: Engine, transport: int, peer: Peer) -> None:
    engine.transport_create(transport, ROUTER, peer.ufrag, peer.pwd)
    out, back = peer.key("from-engine"), peer.key("to-engine")
    engine.transport_set_keys(
        transport, PROFILE, out[:KEY_BYTES], out[KEY_BYTES:], back[:KEY_BYTES], back[KEY_BYTES:]
    )


def furnish(engine: Engine, subscribers: int) -> None:
    """Open one router with a publisher and this many subscribers."""
    engine.router_create(ROUTER)
    _open(engine, PUBLISHER_TRANSPORT, PUBLISHER)
    engine.producer_create(PRODUCER, PUBLISHER_TRANSPORT, PRODUCED)
    for index in range(subscribers):
        _open(engine, FIRST_TRANSPORT + index, subscriber(index))
        engine.consumer_create(FIRST_CONSUMER + index, FIRST_TRANSPORT + index, consumed(index))
        engine.consumer_set_producer(FIRST_CONSUMER + index, PRODUCER)


def main() -> None:
    """Serve until standard input ends."""
    engine = Engine(address="0.0.0.0", port=0, threads=int(sys.argv[2]))
    furnish(engine, int(sys.argv[1]))
    print(json.dumps({"port": engine.port}), flush=True)
    own = threading.get_native_id()
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], POLL_SECONDS)
        engine.poll_events()
        if not ready:
            continue
        if not sys.stdin.readline():
            break
        said = {"python_ns": thread_ns(own), "counters": engine.counters()}
        print(json.dumps(said), flush=True)
    engine.close()


if __name__ == "__main__":
    main()
