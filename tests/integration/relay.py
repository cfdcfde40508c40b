"""A real coturn as deploy/ configures it, changed only in addresses, ports and secrets."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONFIGURATION = Path(__file__).parent.parent.parent / "deploy" / "turnserver.conf"
SECRET = "of the tests alone"
HERE = "127.0.0.1"
START_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 20.0

# Only where everything is on one machine: coturn relays to no loopback address otherwise.
LOOPBACK = ("allow-loopback-peers", "cli-password=that it wants for it")


@dataclass(frozen=True)
class Relay:
    """Where it listens, and the certificate that vouches for it."""

    port: int
    certificate: Path

    @property
    def url(self) -> str:
        return f"turns:{HERE}:{self.port}?transport=tcp"


def configured(text: str, values: dict[str, str], more: tuple[str, ...] = ()) -> str:
    """Return a configuration with other values of keys that it has."""
    lines = []
    for line in text.splitlines():
        key, equals, _ = line.partition("=")
        lines.append(f"{key}={values.pop(key)}" if equals and key in values else line)
    assert not values, f"the configuration of deploy/ has no {', '.join(values)}"
    return "\n".join([*lines, *more, ""])


@asynccontextmanager
async def relay(folder: Path, peer: str, *, loopback: bool) -> AsyncIterator[Relay]:
    """Run a coturn that relays to one address."""
    program = shutil.which("turnserver")
    assert program, "The test needs coturn: apt install coturn, or run make test."
    port = _free_port()
    certificate, key = _certify(folder)
    values = {
        "listening-ip": HERE,
        "relay-ip": HERE,
        "static-auth-secret": SECRET,
        "tls-listening-port": str(port),
        "cert": str(certificate),
        "pkey": str(key),
        "allowed-peer-ip": peer,
    }
    more = (f"userdb={folder / 'turndb'}", f"pidfile={folder / 'pid'}")
    path = folder / "turnserver.conf"
    text = configured(CONFIGURATION.read_text(), values, more + (LOOPBACK if loopback else ()))
    path.write_text(text)
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(path),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await _listens(process, port)
        yield Relay(port, certificate)
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT)


async def _listens(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(START_TIMEOUT):
        while True:
            assert process.returncode is None, f"coturn ended with {process.returncode}"
            try:
                _, writer = await asyncio.open_connection(HERE, port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


def _certify(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for this machine and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay of a test")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate, secret = folder / "turn.pem", folder / "turn.key"
    certificate.write_bytes(made.public_bytes(pem))
    secret.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret
