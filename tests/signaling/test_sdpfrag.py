"""Trickle fragments (RFC 8840): whose ICE generation they speak of, and nothing else."""

from __future__ import annotations

import pytest

from media.types import IceCredentials
from signaling.errors import FragmentError
from signaling.sdpfrag import parse_fragment

ICE = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
MEDIA = "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
CANDIDATE = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"
CREDENTIALS = IceCredentials("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")


@pytest.mark.parametrize("text", [ICE + MEDIA + CANDIDATE, MEDIA + ICE + CANDIDATE, ICE])
def test_credentials_may_stand_before_or_in_the_m_line(text: str) -> None:
    assert parse_fragment(text).ice == CREDENTIALS


def test_candidates_are_counted() -> None:
    fragment = parse_fragment(ICE + MEDIA + CANDIDATE * 3 + "a=end-of-candidates\r\n")
    assert (fragment.candidates, fragment.complete) == (3, True)


def test_only_the_first_m_line_counts() -> None:
    second = "m=video 9 RTP/AVP 0\r\na=mid:1\r\na=ice-ufrag:other\r\n" + CANDIDATE * 5
    fragment = parse_fragment(ICE + MEDIA + CANDIDATE + second)
    assert (fragment.ice, fragment.candidates) == (CREDENTIALS, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "ice-missing"),
        (MEDIA + CANDIDATE, "ice-missing"),
        ("a=ice-ufrag:EsAw\r\n", "ice-missing"),
        ("a=ice-ufrag:E\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n", "ice-malformed"),
        ("a=ice-ufrag:EsAw\r\na=ice-pwd:short\r\n", "ice-malformed"),
        ("nonsense", "sdp-malformed"),
        ('{"candidate":"x"}', "sdp-malformed"),
        (ICE + MEDIA * 17, "too-many-media"),
        (ICE + "a=candidate\r\n", "sdp-malformed"),
    ],
)
def test_what_is_no_fragment_is_refused(text: str, code: str) -> None:
    with pytest.raises(FragmentError) as caught:
        parse_fragment(text)
    assert (caught.value.code, caught.value.status) == (code, 400)
