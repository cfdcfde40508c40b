"""Whether somebody has anything of their own in a lesson: then not all is as for classmates."""

import uuid
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.hands.states import UP
from server.hands.tables import Hand
from server.models import Lesson
from server.polls.tables import PollChoice
from server.questions.tables import Question, Vote
from server.voice_notes.tables import VoiceNote


class Own(NamedTuple):
    """What somebody has there."""

    asked: bool
    voted: bool
    hand: bool
    note: bool
    choice: bool


NOTHING = Own(*(False,) * len(Own._fields))

_PERSON: BindParameter[uuid.UUID] = bindparam("person")
_LESSON: BindParameter[uuid.UUID] = bindparam("lesson")
_BOOK: BindParameter[uuid.UUID] = bindparam("book")
# Built once: building it costs more than asking it, and a class comes in at once.
_OWN = select(
    exists().where(Question.book_id == _BOOK, Question.asker_id == _PERSON),
    exists().where(
        Vote.person_id == _PERSON, Vote.question_id == Question.id, Question.book_id == _BOOK
    ),
    exists().where(Hand.lesson_id == _LESSON, Hand.person_id == _PERSON, Hand.state.in_(UP)),
    exists().where(VoiceNote.lesson_id == _LESSON, VoiceNote.person_id == _PERSON),
    exists().where(PollChoice.lesson_id == _LESSON, PollChoice.person_id == _PERSON),
)


async def read_own(session: AsyncSession, lesson: Lesson, person: uuid.UUID) -> Own:
    """Return what somebody has of their own in a lesson, by one query."""
    about = {"person": person, "lesson": lesson.id, "book": lesson.course_id or lesson.id}
    return Own(*map(bool, (await session.execute(_OWN, about)).one()))
