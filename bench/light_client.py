"""A WHEP player and WHIP publisher that cost next to nothing, so that they do not hide the server.

One text offer, one connectivity check, one DTLS handshake on OpenSSL, then SRTP keys. All clients
share one certificate. Blocking; one client at a time per object.
"""

import contextlib
import datetime
import http.client
import socket
import time
from dataclasses import dataclass
from secrets import token_hex
from typing import Final, Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from pylibsrtp import Error, Policy, Session

from bench.sink import answer_to, check_with, is_media

WAIT_SECONDS: Final = 5.0  # for any answer
RETRY_SECONDS: Final = 0.25  # a lost datagram on loopback means that the server is overloaded
SETTLE_SECONDS: Final = 0.02  # until an end that checks as well is ready for DTLS
KEY_BYTES: Final = 28  # key and salt of AEAD_AES_128_GCM (RFC 7714)
MTU: Final = 1200  # bytes of DTLS in a datagram
EXPORTER: Final = b"EXTRACTOR-dtls_srtp"  # RFC 5764 section 4.2
CHECK: Final = b"\x00\x01"  # a binding request begins so (RFC 8489)
SSRC: Final = 0x10000001
VIDEO: Final = {
    "VP8": ("96", ["a=rtpmap:96 VP8/90000"]),
    "H264": (
        "102",
        [
            "a=rtpmap:102 H264/90000",
            "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        ],
    ),
}


class JoinError(Exception):
    """A step of joining did not work; the text says which."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate for DTLS."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls) -> Self:
        """Make a self-signed P-256 certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def fingerprint(self) -> str:
        """Return the certificate's SHA-256 as SDP writes it (RFC 8122)."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    def context(self) -> SSL.Context:
        """Return what every client's DTLS connection is made of."""
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(self.certificate)
        context.use_privatekey(self.key)
        context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
        return context


def offer(identity: Identity, *, publish: bool, codec: str = "VP8") -> str:
    """Return an offer of one video and one audio (opus) m-line."""
    number, described = VIDEO[codec]
    direction = "sendonly" if publish else "recvonly"
    common = [
        "c=IN IP4 0.0.0.0",
        "a=rtcp-mux",
        f"a={direction}",
        f"a=ice-ufrag:{token_hex(4)}",
        f"a=ice-pwd:{token_hex(12)}",
        f"a=fingerprint:sha-256 {identity.fingerprint}",
        "a=setup:actpass",
    ]
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        f"m=video 9 UDP/TLS/RTP/SAVPF {number}",
        "a=mid:0",
        *common,
        *described,
        f"a=rtcp-fb:{number} nack",
        f"a=rtcp-fb:{number} nack pli",
        *([f"a=ssrc:{SSRC} cname:bench"] if publish else []),
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:1",
        *common,
        "a=rtpmap:111 opus/48000/2",
        *([f"a=ssrc:{SSRC + 1} cname:bench"] if publish else []),
    ]
    return "\r\n".join(lines) + "\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer tells about the other end."""

    ufrag: str
    pwd: str
    address: tuple[str, int]

    @classmethod
    def read(cls, text: str) -> Self:
        """Take the first of each attribute, and the loopback candidate if there is one."""
        values: dict[str, list[str]] = {}
        for line in text.splitlines():
            name, _, value = line.removeprefix("a=").partition(":")
            values.setdefault(name, []).append(value)
        candidates = [line.split() for line in values.get("candidate", [])]
        udp = [(part[4], int(part[5])) for part in candidates if part[2].lower() == "udp"]
        if not udp:
            raise JoinError("the answer names no UDP candidate")
        return cls(values["ice-ufrag"][0], values["ice-pwd"][0], udp[0])


class LightClient:
    """One peer; `join` brings it from nothing to SRTP keys."""

    def __init__(
        self, identity: Identity, context: SSL.Context, source: tuple[str, int] | None = None
    ) -> None:
        self._identity = identity
        self._context = context
        self._dtls = SSL.Connection(context, None)
        self._dtls.set_connect_state()
        self._dtls.set_ciphertext_mtu(MTU)
        self._session_url: str | None = None
        self._token = ""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if source is not None:  # which a class's socket may hold as well; this one comes first
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(source)
        self.socket.settimeout(RETRY_SECONDS)
        self.address = ("", 0)
        self.ufrag, self.pwd = token_hex(4), token_hex(12)
        self.check = b""  # a connectivity check, to be sent again to renew consent
        self.outgoing: Session | None = None
        self.incoming: Session | None = None

    def join(self, url: str, token: str, *, publish: bool = False, codec: str = "VP8") -> None:
        """POST the offer, check the path, shake hands; raises JoinError."""
        self.connect(self._post(url, token, offer(self._identity, publish=publish, codec=codec)))

    def connect(self, answer: Answer, *, lite: bool = True) -> None:
        """Check the path, with an end that is not ICE lite both ways, and shake hands.

        The other end waits for our handshake. Raises JoinError.
        """
        self.address = answer.address
        self.socket.connect(self.address)
        self._check_path(answer, lite=lite)
        self._shake_hands()
        self._take_keys()

    def _post(self, url: str, token: str, body: str) -> Answer:
        headers = {"Content-Type": "application/sdp"}
        status, reply_headers, text = self._request("POST", url, token, body, headers)
        if status != 201:
            raise JoinError(f"POST answered {status}: {text[:200]}")
        self._session_url, self._token = reply_headers["Location"], token
        return Answer.read(text)

    def _request(
        self,
        method: str,
        url: str,
        token: str,
        body: str = "",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=WAIT_SECONDS)
        authorization = {"Authorization": f"Bearer {token}", **(headers or {})}
        connection.request(method, parts.path, body.encode() or None, authorization)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, dict(response.getheaders()), text

    def _check_path(self, answer: Answer, *, lite: bool) -> None:
        """Send a connectivity check until it is answered, and the other end's has come."""
        self.check = check_with(f"{answer.ufrag}:bench", answer.pwd)
        answered, asked = False, lite
        give_up = time.monotonic() + WAIT_SECONDS
        self.socket.send(self.check)
        while time.monotonic() < give_up:
            try:
                reply = self.socket.recv(2048)
            except TimeoutError:
                self.socket.send(self.check)
                continue
            if reply[:2] == b"\x01\x01":
                answered = True
            elif reply[:2] == CHECK:
                self._answer_check(reply)
                asked = True
            else:
                raise JoinError("the connectivity check was refused")
            if answered and asked:
                time.sleep(0.0 if lite else SETTLE_SECONDS)
                return
        raise JoinError("the connectivity check was not answered")

    def _answer_check(self, datagram: bytes) -> None:
        """Answer the check of an end that is not ICE lite, or not wholly (RFC 8445 section 7.3)."""
        self.socket.send(answer_to(datagram, self.address, self.pwd))

    def recheck(self) -> None:
        """Renew the consent of the other end, and read away what it sent (RFC 7675)."""
        with contextlib.suppress(BlockingIOError):
            self.socket.send(self.check)
            while True:
                self.socket.recv(2048)

    def _shake_hands(self) -> None:
        give_up = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up:
            try:
                self._dtls.do_handshake()
            except SSL.WantReadError:
                self._flush()
                self._feed()
                continue
            except SSL.Error as error:
                raise JoinError(f"the DTLS handshake failed: {error}") from error
            self._flush()
            return
        raise JoinError("the DTLS handshake took too long")

    def _flush(self) -> None:
        records = b""
        try:
            while True:
                records += self._dtls.bio_read(65536)
        except SSL.WantReadError:
            self._send_records(records)

    def _send_records(self, flight: bytes) -> None:
        """Send DTLS records, as many in each datagram as it holds, as browsers do."""
        datagram = b""
        while flight:
            length = 13 + int.from_bytes(flight[11:13])
            record, flight = flight[:length], flight[length:]
            if len(datagram) + length > MTU:
                self.socket.send(datagram)
                datagram = b""
            datagram += record
        if datagram:
            self.socket.send(datagram)

    def _feed(self) -> None:
        try:
            datagram = self.socket.recv(2048)
        except TimeoutError:
            self._dtls.DTLSv1_handle_timeout()
            return
        if datagram[:2] == CHECK:
            self._answer_check(datagram)
        elif 20 <= datagram[0] <= 63:
            self._dtls.bio_write(datagram)

    def _take_keys(self) -> None:
        """Derive both directions; we are the DTLS client (RFC 5764 section 4.2)."""
        material = self._dtls.export_keying_material(EXPORTER, 2 * KEY_BYTES)
        keys, salts = material[:32], material[32:]
        self.outgoing = _session(keys[:16] + salts[:12], Policy.SSRC_ANY_OUTBOUND)
        self.incoming = _session(keys[16:] + salts[12:], Policy.SSRC_ANY_INBOUND)

    def first_media(self) -> bytes:
        """Return the first RTP packet that opens; raises JoinError."""
        assert self.incoming
        give_up = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up:
            try:
                datagram = self.socket.recv(2048)
            except TimeoutError:
                continue
            if not is_media(datagram):
                continue
            try:
                return self.incoming.unprotect(datagram)
            except Error as error:
                raise JoinError(f"the first packet does not open: {error}") from error
        raise JoinError("no media arrived")

    def leave(self, base: str) -> None:
        """DELETE the session and close the socket."""
        try:
            if self._session_url is not None:
                url = self._session_url
                url = url if url.startswith("http") else base + url
                status, _, text = self._request("DELETE", url, self._token)
                if status not in (200, 204):
                    raise JoinError(f"DELETE answered {status}: {text[:200]}")
        finally:
            self.socket.close()


def _session(key: bytes, ssrc_type: int) -> Session:
    profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    return Session(Policy(key=key, ssrc_type=ssrc_type, srtp_profile=profile))
