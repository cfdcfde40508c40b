"""Sockets that stand for a whole class.

One socket on 0.0.0.0 is thousands of receivers: subscriber n is 127.1.0.1 + n, and IP_PKTINFO
chooses the address it speaks from. A classic BPF filter drops SRTP in the kernel, which counts the
drops exactly; STUN, DTLS and RTCP pass. Receiving so costs no time in user space.
"""

import ctypes
import ipaddress
import socket
import struct
from secrets import token_bytes
from typing import Final

from aioice import stun

from bench.keys import Peer

SO_ATTACH_FILTER: Final = 26
IP_PKTINFO: Final = 8  # linux/in.h; Python names it only from 3.12 on
SO_MEMINFO: Final = 55
SO_TIMESTAMPNS: Final = 35
SK_MEMINFO_DROPS: Final = 8  # the ninth 32-bit number of SO_MEMINFO
BUFFER_BYTES: Final = 4 * 1024 * 1024
FIRST_HOST: Final = int(ipaddress.IPv4Address("127.1.0.1"))

UDP_HEADER: Final = 8  # the filter of a UDP socket sees its header first
# A classic BPF program: (code, jump if true, jump if false, operand) of linux/filter.h.
LOAD_BYTE, JUMP_AT_LEAST, RETURN = 0x30, 0x35, 0x06
FILTER: Final = (
    (LOAD_BYTE, 0, 0, UDP_HEADER),
    (JUMP_AT_LEAST, 0, 3, 128),  # below: STUN or DTLS (RFC 7983), go to pass
    (LOAD_BYTE, 0, 0, UDP_HEADER + 1),
    (JUMP_AT_LEAST, 0, 2, 192),  # below: RTP, go to drop
    (JUMP_AT_LEAST, 1, 0, 224),  # 192..223: RTCP (RFC 5761), fall into pass
    (RETURN, 0, 0, 0xFFFF),  # pass
    (RETURN, 0, 0, 0),  # drop, counted
)


def host(index: int) -> str:
    """Return the address of the n-th subscriber."""
    return str(ipaddress.IPv4Address(FIRST_HOST + index))


def _filter_program() -> tuple[bytes, ctypes.Array[ctypes.c_char]]:
    """Return the option's value and the memory it points to, which must outlive the call."""
    code = b"".join(struct.pack("HBBI", *row) for row in FILTER)
    buffer = ctypes.create_string_buffer(code)
    return struct.pack("HL", len(FILTER), ctypes.addressof(buffer)), buffer


class Sink:
    """All subscribers that only count."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        program, _memory = _filter_program()
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
        # For sockets that are one of the addresses while they shake hands: the kernel prefers them.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.socket.bind(("0.0.0.0", 0))
        self.socket.setblocking(False)

    @property
    def port(self) -> int:
        """Return the port all its subscribers share."""
        return int(self.socket.getsockname()[1])

    def send_from(self, index: int, datagram: bytes, to: tuple[str, int]) -> None:
        """Send as the n-th subscriber."""
        source = struct.pack("=I4s4s", 0, socket.inet_aton(host(index)), bytes(4))
        self.socket.sendmsg([datagram], [(socket.IPPROTO_IP, IP_PKTINFO, source)], 0, to)

    def counted(self) -> int:
        """Return how many media packets have arrived since the socket was made."""
        info = self.socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)
        return int(struct.unpack("9I", info)[SK_MEMINFO_DROPS])

    def drain(self) -> int:
        """Read away what the filter let through and return how many datagrams that was."""
        count = 0
        try:
            while True:
                self.socket.recv(2048)
                count += 1
        except BlockingIOError:
            return count

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class Listener:
    """One subscriber with a socket of its own, whose datagrams carry the kernel's arrival time."""

    def __init__(self, index: int, port: int = 0) -> None:
        self.count = 0  # media packets since the beginning
        self.received: list[tuple[int, bytes]] = []  # nanoseconds since 1970, SRTP packet
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.socket.bind((host(index), port))
        self.socket.setblocking(False)

    def drain(self) -> None:
        """Keep the media packets that wait."""
        try:
            while True:
                datagram, control, _, _ = self.socket.recvmsg(2048, 64)
                if is_media(datagram):
                    self.count += 1
                    self.received.append((arrival(control), datagram))
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


def arrival(control: list[tuple[int, int, bytes]]) -> int:
    """Return when the kernel took a datagram in, nanoseconds since 1970."""
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return int(seconds * 1_000_000_000 + nanoseconds)
    raise RuntimeError("the kernel gave no arrival time")


def is_media(datagram: bytes) -> bool:
    """Tell SRTP from STUN, DTLS and SRTCP (RFC 7983, RFC 5761)."""
    return len(datagram) > 12 and datagram[0] >= 128 and not 192 <= datagram[1] <= 223


def check(peer: Peer) -> bytes:
    """Return the connectivity check of a subscriber with known credentials."""
    return check_with(f"{peer.ufrag}:bench", peer.pwd)


def check_with(user: str, pwd: str) -> bytes:
    """Return the check of a controlling agent, with integrity (RFC 8445, RFC 8489)."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = user
    request.attributes["PRIORITY"] = 1845501695
    request.attributes["ICE-CONTROLLING"] = int.from_bytes(token_bytes(8))
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(pwd.encode())
    request.add_fingerprint()
    return bytes(request)


def answer_to(request: bytes, source: tuple[str, int], pwd: str) -> bytes:
    """Return the answer to a check that came from there, of an agent with this password."""
    asked = stun.parse_message(request)
    answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
    answer.attributes["XOR-MAPPED-ADDRESS"] = source
    answer.add_message_integrity(pwd.encode())
    answer.add_fingerprint()
    return bytes(answer)
