"""No text whatever makes the SDP parsers do anything but return a value or refuse with a code.

FUZZ_EXAMPLES in the environment makes it longer.
"""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.types import Candidate, Fingerprint, IceCredentials
from signaling.answers import AnsweredMedia, Connection, Sending, write_answer, write_fragment
from signaling.capabilities import negotiate
from signaling.errors import SignalingError
from signaling.sdp import parse_offer, split
from signaling.sdpfrag import parse_fragment
from tests.signaling.offers import PLAYERS, PUBLISHERS, recorded

RECORDED = [recorded(name) for name in (*PUBLISHERS, *PLAYERS)]
LINES = sorted({line for offer in RECORDED for line in offer.split("\r\n")})
CONNECTION = Connection(
    IceCredentials("ufrag123", "p" * 24),
    Fingerprint("sha-256", ":".join(["AB"] * 32)),
    (Candidate("192.0.2.1", 4000),),
)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "200"))
LONGER = settings(max_examples=EXAMPLES, deadline=None)
SENDING = Sending(1, 2, "cname", "stage", "stage")
BITS = ["", "0", "1", "-1", "65536", "4294967296", "9" * 5000, " ", ":", "/", ";", "=", "\0", "\r"]
BITS += ["é", "０", "\ud800", "\u202e", "a=", "m=", "m=video 9 UDP/TLS/RTP/SAVPF", "BUNDLE", "*"]


def exercise(text: str) -> None:
    """Go the whole way of an offer and of a fragment; any other exception is a bug."""
    try:
        offer = parse_offer(text)
        answered = [AnsweredMedia(negotiate(media), SENDING) for media in offer.active]
    except SignalingError as error:
        check_refusal(error, range(400, 500))
    else:
        for one in answered:
            one.negotiated.track()
        answer = write_answer(offer, answered, CONNECTION, 7)
        assert len(split(answer)) == len(offer.media) + 1
        assert parse_fragment(write_fragment(offer, CONNECTION)).ice == CONNECTION.ice
    try:
        parse_fragment(text)
    except SignalingError as error:
        check_refusal(error, range(400, 401))


def check_refusal(error: SignalingError, statuses: range) -> None:
    assert error.status in statuses
    assert error.code
    assert error.detail


@LONGER
@given(st.text())
def test_any_text(text: str) -> None:
    exercise(text)


@LONGER
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=60))
def test_any_lines_of_offers(lines: list[str]) -> None:
    exercise("v=0\r\n" + "\r\n".join(lines) + "\r\n")


@LONGER
@given(st.sampled_from(RECORDED), st.data())
def test_an_offer_with_lines_lost_doubled_or_moved(offer: str, data: st.DataObject) -> None:
    lines = offer.split("\r\n")
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                lines.insert(place, lines[data.draw(st.integers(0, len(lines) - 1))])
            case 1 if len(lines) > 1:
                del lines[place]
            case _:
                lines.append(lines.pop(place))
    exercise("\r\n".join(lines))


@LONGER
@given(st.sampled_from(RECORDED), st.data())
def test_an_offer_with_pieces_put_in(offer: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(offer)))
        length = data.draw(st.integers(0, 12))
        bit = data.draw(st.sampled_from(BITS) | st.text(max_size=6))
        offer = offer[:start] + bit + offer[start + length :]
    exercise(offer)


@pytest.mark.parametrize("name", ["obs_publish", "firefox_publish", "aiortc_watch"])
def test_every_line_cut_behind_every_separator(name: str) -> None:
    lines = recorded(name).split("\r\n")
    for number, line in enumerate(lines):
        for end in (place for place, letter in enumerate(line, 1) if letter in ":= /;,"):
            for rest in ("", " ", line[end:][::-1]):
                cut = [*lines[:number], line[:end] + rest, *lines[number + 1 :]]
                exercise("\r\n".join(cut))


@pytest.mark.parametrize("seed", range(4))
def test_mutations_of_every_recorded_offer(seed: int) -> None:
    dice = random.Random(seed)
    for offer in RECORDED:
        for _ in range(EXAMPLES // 2):
            text = list(offer)
            for _ in range(dice.randint(1, 8)):
                text[dice.randrange(len(text))] = chr(dice.randrange(0x180))
            exercise("".join(text[: dice.randint(1, len(text))] if dice.random() < 0.2 else text))
