"""Our SRTP beside libsrtp's: what either protects, the other opens, byte for byte."""

import random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error, Policy, Session

from media._engine import srtp_protect, srtp_unprotect

if TYPE_CHECKING:
    from media._engine import SrtpProfile

SEQUENCES = 1 << 16
# beyond libsrtp's own default of 128, as our engine keeps 1024
REPLAY_WINDOW = 1024


class Profile(NamedTuple):
    name: "SrtpProfile"
    policy: int
    salt_length: int


PROFILES = [
    Profile("AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 12),
    Profile("AES_CM_128_HMAC_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 14),
]

profiles = st.sampled_from(PROFILES)
master_keys = st.binary(min_size=16, max_size=16)
master_salts = st.binary(min_size=14, max_size=14)


@st.composite
def rtp_packets(draw: st.DrawFn) -> bytes:
    """Return a packet with any header: contributing sources, an extension block, a payload."""
    sources = draw(st.lists(st.binary(min_size=4, max_size=4), max_size=15))
    extension = draw(st.none() | st.integers(0, 8))
    first = 0x80 | (0x10 if extension is not None else 0) | len(sources)
    fixed = draw(st.binary(min_size=11, max_size=11))
    block = b""
    if extension is not None:
        block = (
            b"\xbe\xde"
            + extension.to_bytes(2, "big")
            + draw(st.binary(min_size=4 * extension, max_size=4 * extension))
        )
    return bytes([first]) + fixed + b"".join(sources) + block + draw(st.binary(max_size=1200))


def libsrtp(profile: Profile, key: bytes, salt: bytes, *, inbound: bool = False) -> Session:
    """Open a session of the oracle in one direction."""
    direction = Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND
    policy = Policy(
        key=key + salt[: profile.salt_length], ssrc_type=direction, srtp_profile=profile.policy
    )
    policy.allow_repeat_tx = True
    policy.window_size = REPLAY_WINDOW
    return Session(policy)


def opened(session: Session, packet: bytes) -> bytes | None:
    """Return what the oracle opens, None for what it refuses."""
    try:
        return session.unprotect(packet)
    except Error:
        return None


def packet(sequence: int, ssrc: int = 7) -> bytes:
    """Return a small packet whose payload tells its place."""
    index = sequence % SEQUENCES
    header = b"\x80\x60" + index.to_bytes(2, "big") + bytes(4) + ssrc.to_bytes(4, "big")
    return header + sequence.to_bytes(8, "big")


@given(profiles, master_keys, master_salts, rtp_packets())
def test_any_packet_is_protected_alike(
    profile: Profile, key: bytes, salt: bytes, plain: bytes
) -> None:
    ours = srtp_protect(profile.name, key, salt[: profile.salt_length], plain)

    assert ours == libsrtp(profile, key, salt).protect(plain)
    assert libsrtp(profile, key, salt, inbound=True).unprotect(ours) == plain
    assert srtp_unprotect(profile.name, key, salt[: profile.salt_length], [ours]) == [plain]


@given(profiles, st.integers(0, 255), st.data())
def test_a_changed_byte_is_refused_by_both(
    profile: Profile, change: int, data: st.DataObject
) -> None:
    key, salt = bytes(16), bytes(14)
    protected = bytearray(srtp_protect(profile.name, key, salt[: profile.salt_length], packet(1)))
    at = data.draw(st.integers(0, len(protected) - 1))
    genuine = protected[at] == change
    protected[at] = change

    ours = srtp_unprotect(profile.name, key, salt[: profile.salt_length], [bytes(protected)])
    theirs = opened(libsrtp(profile, key, salt, inbound=True), bytes(protected))

    assert (ours == [packet(1)]) == genuine
    assert (theirs == packet(1)) == genuine


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("seed", range(8))
def test_a_shuffled_stream_over_the_wrap_is_accepted_and_refused_alike(
    profile: Profile, seed: int
) -> None:
    """Loss, reordering, duplicates and three sources, from both sides of the 16-bit wrap."""
    chance = random.Random(seed)
    key, salt = chance.randbytes(16), chance.randbytes(profile.salt_length)
    places = [place for place in range(SEQUENCES - 900, SEQUENCES + 900) if chance.random() > 0.1]
    places += chance.choices(places, k=200)
    places.sort(
        key=lambda place: place + chance.randrange(-1200 if chance.random() < 0.05 else -9, 9)
    )
    stream = [(place, chance.choice((7, 8, 9))) for place in places]
    protected = [
        srtp_protect(profile.name, key, salt, packet(place, ssrc), place // SEQUENCES)
        for place, ssrc in stream
    ]

    session = libsrtp(profile, key, salt, inbound=True)
    theirs = [opened(session, datagram) for datagram in protected]
    ours = srtp_unprotect(profile.name, key, salt, protected)

    assert ours == theirs
    assert None in ours
    assert sum(plain is not None for plain in ours) > len(set(stream)) * 0.9


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_ten_thousand_forgeries_leave_the_stream_alone(profile: Profile) -> None:
    chance = random.Random(1)
    key, salt = bytes(16), bytes(profile.salt_length)
    genuine = srtp_protect(profile.name, key, salt, packet(100))
    forgeries = [genuine[:2] + chance.randbytes(len(genuine) - 2) for _ in range(10_000)]

    ours = srtp_unprotect(profile.name, key, salt, [*forgeries, genuine])

    assert ours == [None] * len(forgeries) + [packet(100)]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_keys_of_the_wrong_length_are_a_value_error(profile: Profile) -> None:
    with pytest.raises(ValueError, match="The SRTP master key has the wrong length or shape"):
        srtp_protect(profile.name, bytes(15), bytes(profile.salt_length), packet(1))
    with pytest.raises(ValueError, match="The SRTP master salt has the wrong length or shape"):
        srtp_unprotect(profile.name, bytes(16), bytes(13), [])
