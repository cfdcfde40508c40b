"""What the commands about questions carry."""

import uuid
from datetime import date
from typing import Annotated

from pydantic import Field

from server.questions.tables import LABEL_LENGTH
from server.questions.texts import MAX_SENT
from server.web import Body

MAX_NUMBER = 2**31 - 1  # what a column of both databases holds
MAX_POSITION = 2**53  # what every JSON reader holds
MAX_SEEN = 50  # questions on one screen

Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
Sent = Annotated[str, Field(max_length=MAX_SENT)]


class Ask(Body):
    """A new question."""

    text: Sent
    anonymous: bool = False
    at: Annotated[int | None, Field(ge=0, le=MAX_POSITION)] = None
    about: uuid.UUID | None = None  # in a book: the lesson whose recording is asked about


class One(Body):
    """A question."""

    question: Number


class Edit(One):
    """A question's new text."""

    text: Sent


class Switch(One):
    """Something of a question, on or off."""

    on: bool


class Undo(One):
    """The step to take back, by the version it gave."""

    version: Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class Merge(One):
    """A question and the one it is the same as."""

    into: Number


class Label(One):
    """A short word on a question."""

    label: Annotated[str | None, Field(max_length=4 * LABEL_LENGTH)]


class Assign(One):
    """Who answers a question, until when."""

    owner: uuid.UUID | None = None
    due: date | None = None


class Show(Body):
    """The question on screen, or none."""

    question: Number | None


class Seen(Body):
    """The questions a teacher has had before their eyes."""

    questions: Annotated[list[Number], Field(min_length=1, max_length=MAX_SEEN)]


class Set(Body):
    """Settings to change."""

    anonymous: bool | None = None
    review: bool | None = None
    paused: bool | None = None


class Give(One):
    """An answer to a question."""

    text: Sent


class OneAnswer(One):
    """An answer."""

    answer: Number


class EditAnswer(OneAnswer):
    """An answer's new text."""

    text: Sent


class SwitchAnswer(OneAnswer):
    """An answer taken away, or back."""

    on: bool


class Mark(OneAnswer):
    """Whether an answer is good."""

    good: bool
