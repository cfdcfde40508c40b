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

from bench.sink import check_with, is_media

WAIT_SECONDS: Final = 5.0  # for any answer
RETRY_SECONDS: Final = 0.25  # a lost datagram on loopback means that the server is overloaded
KEY_BYTES: Final = 28  # key and salt of AEAD_AES_128_GCM (RFC 7714)
EXPORTER: Final = b"EXTRACTOR-dtls_srtp"  # RFC 5764 section 4.2
SSRC: Final = 0x10000001


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


def offer(identity: Identity, *, publish: bool) -> str:
    """Return an offer of one video (VP8) and one audio (opus) m-line."""
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
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=mid:0",
        *common,
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
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

    def __init__(self, identity: Identity, context: SSL.Context) -> None:
        self._identity = identity
        self._context = context
        self._dtls = SSL.Connection(context, None)
        self._dtls.set_connect_state()
        self._dtls.set_ciphertext_mtu(1200)
        self._session_url: str | None = None
        self._token = ""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(RETRY_SECONDS)
        self.address = ("", 0)
        self._request_check = b""
        self.outgoing: Session | None = None
        self.incoming: Session | None = None

    def join(self, url: str, token: str, *, publish: bool = False) -> None:
        """POST the offer, check the path, shake hands; raises JoinError."""
        answer = self._post(url, token, offer(self._identity, publish=publish))
        self.address = answer.address
        self.socket.connect(self.address)
        self._check(answer)
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

    def _check(self, answer: Answer) -> None:
        """Send a connectivity check until it is answered."""
        request = self._request_check = check_with(f"{answer.ufrag}:bench", answer.pwd)
        for _ in range(round(WAIT_SECONDS / RETRY_SECONDS)):
            self.socket.send(request)
            try:
                reply = self.socket.recv(2048)
            except TimeoutError:
                continue
            if reply[:2] == b"\x01\x01":
                return
            raise JoinError("the connectivity check was refused")
        raise JoinError("the connectivity check was not answered")

    def recheck(self) -> None:
        """Renew the consent of the other end, and read away what it sent (RFC 7675)."""
        with contextlib.suppress(BlockingIOError):
            self.socket.send(self._request_check)
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
        try:
            while True:
                self._send_records(self._dtls.bio_read(65536))
        except SSL.WantReadError:
            return

    def _send_records(self, flight: bytes) -> None:
        """Send DTLS records, each in a datagram of its own."""
        while flight:
            length = 13 + int.from_bytes(flight[11:13])
            self.socket.send(flight[:length])
            flight = flight[length:]

    def _feed(self) -> None:
        try:
            datagram = self.socket.recv(2048)
        except TimeoutError:
            self._dtls.DTLSv1_handle_timeout()
            return
        if 20 <= datagram[0] <= 63:
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
