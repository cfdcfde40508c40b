"""A network of the bench's own, which ends with its process.

Some peers (libnice, and so Janus) never speak over the loopback interface and hold every packet to
the interface of their address. Here such an interface has the class's whole range of addresses as
its own, so that the packets of every forwarder stay in this machine and take the same way.
"""

import ctypes
import os
import subprocess
from typing import Final

from bench.errors import BenchError

CLONE_NEWNET: Final = 0x40000000  # linux/sched.h; Python has os.unshare only from 3.12 on
COMMANDS: Final = (
    "ip link set lo up",
    "ip link add media type veth peer name beyond",
    "ip address add 10.77.0.1/32 dev media",
    "ip link set media up",
    "ip link set beyond up",
    "ip route add local 127.1.0.0/16 dev media",  # where sink.py has its subscribers
)


def enter_own_network() -> None:
    """Leave the machine's network for an own one; raises BenchError where that is not allowed."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise BenchError(f"no network of its own: {reason}; put before it: unshare --map-root-user")
    for command in COMMANDS:
        try:
            subprocess.run(command.split(), check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise BenchError("ip is missing; install it: apt-get install iproute2") from error
        except subprocess.CalledProcessError as error:
            raise BenchError(f"{command}: {error.stderr.strip()}") from error
