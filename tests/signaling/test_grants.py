"""A grant opens one lesson for one right until it expires, and nothing else passes for one."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.errors import GrantError
from signaling.grants import LEEWAY, Grant, Right, issue, verify

KEY = b"k" * 32
NOW = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)


def a_grant(**changes: object) -> Grant:
    values: dict[str, object] = {
        "lesson": "algebra",
        "right": Right.PUBLISH,
        "participant": "person-1",
        "name": "Фирӯза",
        "rehearsal": False,
        "expires_at": NOW + timedelta(hours=1),
    }
    return Grant(**(values | changes))  # type: ignore[arg-type]  # values are checked by the test


def forge(header: dict[str, object], claims: dict[str, object], key: bytes = KEY) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signed = f"{part(header)}.{part(claims)}"
    digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def good_claims(**changes: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "aud": "darsgoh-media",
        "sub": "person-1",
        "lesson": "algebra",
        "right": "watch",
        "name": "Ali",
        "rehearsal": False,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
    }
    return claims | changes


@pytest.mark.parametrize("right", list(Right))
def test_a_grant_comes_back_as_it_went(right: Right) -> None:
    grant = a_grant(right=right, rehearsal=True, turn="turn-1" if right is Right.SPEAK else None)
    assert verify(KEY, issue(KEY, grant, NOW), NOW) == grant


def test_our_own_signature_is_plain_hs256() -> None:
    assert verify(KEY, forge({"alg": "HS256"}, good_claims()), NOW).lesson == "algebra"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (0, None),
        (3600 + LEEWAY, None),
        (3600 + LEEWAY + 1, "token-expired"),
        (-LEEWAY, None),
        (-LEEWAY - 1, "token-early"),
    ],
)
def test_times_are_checked_with_leeway(seconds: int, code: str | None) -> None:
    token = issue(KEY, a_grant(), NOW)
    if code is None:
        assert verify(KEY, token, NOW + timedelta(seconds=seconds))
        return
    with pytest.raises(GrantError) as caught:
        verify(KEY, token, NOW + timedelta(seconds=seconds))
    assert caught.value.code == code


def drop_signature(token: str) -> str:
    return token.rsplit(".", 1)[0] + "."


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "." * 3,
        "é.ü.ß",
        "x" * 5000,
        drop_signature(forge({"alg": "HS256"}, good_claims())),
        drop_signature(forge({"alg": "none"}, good_claims())),
        forge({"alg": "none"}, good_claims()),
        forge({"alg": "HS512"}, good_claims()),
        forge({"alg": "RS256"}, good_claims()),
        forge({"alg": "HS256"}, good_claims(), key=b"another key, of the same length!"),
        forge({"alg": "HS256", "kid": "../../dev/null"}, good_claims(), key=b""),
        forge({"alg": "HS256", "jku": "http://127.0.0.1/keys"}, good_claims(), key=b""),
        forge({"alg": "HS256", "crit": ["b64"], "b64": False}, good_claims()),
        forge({"alg": "HS256"}, good_claims(aud="another")),
        forge({"alg": "HS256"}, good_claims(aud=["darsgoh-media", "another"])),
        forge({"alg": "HS256"}, good_claims(right="teach")),
        forge({"alg": "HS256"}, good_claims(right=["watch"])),
        forge({"alg": "HS256"}, good_claims(exp="tomorrow")),
        forge({"alg": "HS256"}, good_claims(exp=10**30)),
        forge({"alg": "HS256"}, good_claims(exp=True)),
        forge({"alg": "HS256"}, good_claims(exp=None)),
        forge({"alg": "HS256"}, good_claims(iat=None)),
        forge({"alg": "HS256"}, good_claims(lesson=7)),
        forge({"alg": "HS256"}, good_claims(sub=None)),
        forge({"alg": "HS256"}, good_claims(rehearsal="yes")),
        forge({"alg": "HS256"}, good_claims(name=None)),
    ],
)
def test_everything_else_is_refused(token: str) -> None:
    with pytest.raises(GrantError) as caught:
        verify(KEY, token, NOW)
    assert caught.value.code == "token-invalid"
    assert caught.value.status == 401
    assert "invalid_token" in caught.value.headers["WWW-Authenticate"]


def test_one_changed_letter_breaks_the_token() -> None:
    token = issue(KEY, a_grant(), NOW)
    for place in range(0, len(token) - 2, 7):
        letter = "A" if token[place] != "A" else "B"
        with pytest.raises(GrantError):
            verify(KEY, token[:place] + letter + token[place + 1 :], NOW)


@given(st.text(max_size=300))
def test_no_text_passes_or_crashes(text: str) -> None:
    with pytest.raises(GrantError):
        verify(KEY, text, NOW)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        issue(b"short", a_grant(), NOW)


@pytest.mark.parametrize(
    "changes", [{"lesson": ""}, {"participant": "p" * 257}, {"name": "n" * 257}]
)
def test_unfit_grants_are_not_issued(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="characters"):
        issue(KEY, a_grant(**changes), NOW)
