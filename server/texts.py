"""Text that people type: one spelling, one line where one is meant, nothing invisible."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from server.models import CODE_LENGTH, DESCRIPTION_LENGTH, LOGIN_LENGTH, NAME_LENGTH, TITLE_LENGTH

MIN_PASSWORD = 10  # characters; ASVS asks for 8 or more, we have no second factor yet
MAX_PASSWORD = 256  # characters; bounds the work of hashing
# Directions that a name could use to show another name than it has (Unicode TR 36).
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HIDDEN = frozenset({"Cc", "Cs", "Co", "Cn"})
_LOGIN = re.compile(r"[\w.@+-]{2,64}", re.ASCII | re.IGNORECASE)
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def _check_characters(value: str, allowed: frozenset[str]) -> None:
    for character in value:
        if character in allowed:
            continue
        if unicodedata.category(character) in _HIDDEN or character in _BIDI_CONTROLS:
            raise ValueError("has a character that can not be shown")


def clean_line(value: str) -> str:
    """Return one line without surrounding or doubled white space; raises ValueError."""
    _check_characters(value, frozenset("\t\n\r"))
    line = " ".join(unicodedata.normalize("NFC", value).split())
    if not any(unicodedata.category(character)[0] in "LNPS" for character in line):
        raise ValueError("is empty")
    return line


def clean_block(value: str) -> str:
    """Return text of several lines; raises ValueError."""
    _check_characters(value, frozenset("\t\n\r"))
    return unicodedata.normalize("NFC", value).replace("\r\n", "\n").strip()


def clean_login(value: str) -> str:
    """Return the one spelling of a login; raises ValueError."""
    login = unicodedata.normalize("NFKC", value).strip().casefold()
    if not _LOGIN.fullmatch(login):
        raise ValueError("may have 2 to 64 letters a-z, digits and . @ + - _")
    return login


def clean_code(value: str) -> str:
    """Return the six digits of a join code, however they were grouped; raises ValueError."""
    code = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", value))
    if not _CODE.fullmatch(code):
        raise ValueError(f"has {CODE_LENGTH} digits")
    return code


def _check_password(value: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise ValueError("has a character that can not be typed")
    return value


Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH), AfterValidator(clean_line)]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH), AfterValidator(clean_line)]
Description = Annotated[str, Field(max_length=DESCRIPTION_LENGTH), AfterValidator(clean_block)]
Login = Annotated[str, Field(min_length=1, max_length=LOGIN_LENGTH), AfterValidator(clean_login)]
Code = Annotated[str, Field(min_length=1, max_length=4 * CODE_LENGTH), AfterValidator(clean_code)]
Password = Annotated[
    str, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD), AfterValidator(_check_password)
]
