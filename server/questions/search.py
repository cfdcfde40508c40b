"""Finding questions by their words: the same rows on both databases, for they are our own.

Every question's folded words are rows of one table. A word of the query finds the words that
begin with it; for "already asked" also those it begins with, since endings change in Tajik and
Russian while the beginning of a word stays.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.folding import distinct, words
from server.questions.facts import Sight
from server.questions.states import State
from server.questions.store import visible
from server.questions.tables import Question, Word

MAX_WORDS = 12  # of a query that count
MAX_FOUND = 50
MAX_SIMILAR = 5  # shown under the box while typing
LIKENESS = 0.5  # of the words' weight must be there to be called nearly the same
_STEM = 4  # letters that must agree before an ending may differ
_CANDIDATES = 500  # questions per word, the newest: a word that all have tells nothing
_LAST = "\U0010ffff"
# Words that every question has (folded): they say nothing about what is asked.
_COMMON_TEXT = (
    "ва аз ба бо дар барои ки чи чаро чист кадом кай кучо хам ё магар аст мешавад не на ин он "
    "и в на с к о по за из у от до для что как где кто это почему зачем когда какой ли не же бы "
    "a an and are do does how in is it of on or the to what when where which why you"
)
_COMMON = frozenset(_COMMON_TEXT.split())


async def index(session: AsyncSession, question: Question) -> None:
    """Make a question findable by the words it has now."""
    await session.execute(delete(Word).where(Word.question_id == question.id))
    rows = [
        {"question_id": question.id, "book_id": question.book_id, "word": word}
        for word in distinct(words(question.text))
    ]
    if rows:
        await session.execute(insert(Word), rows)


def _begins(word: str) -> ColumnElement[bool]:
    return and_(Word.word >= word, Word.word < word + _LAST)


def _akin(word: str) -> ColumnElement[bool]:
    """Return the condition for words that one begins with, or that begin with it."""
    if len(word) < _STEM:
        return Word.word == word
    # The ending of the typed word may be another: up to two letters of it, down to the stem.
    bare = word[: max(_STEM, len(word) - 2)]
    shorter = [word[:length] for length in range(_STEM, len(word))]
    return or_(_begins(bare), Word.word.in_(shorter))


async def search(
    session: AsyncSession, book_id: uuid.UUID, text: str, sight: Sight, limit: int
) -> list[Question]:
    """Return the questions in which every word of a text stands or begins a word."""
    wanted = distinct(words(text))[:MAX_WORDS]
    if not wanted:
        return []
    query = select(Question).where(Question.book_id == book_id, visible(sight))
    for word in wanted:
        has = select(Word.question_id).where(Word.book_id == book_id, _begins(word))
        query = query.where(Question.id.in_(has))
    query = query.order_by(Question.votes.desc(), Question.number.desc()).limit(limit)
    return list(await session.scalars(query))


async def similar(
    session: AsyncSession, book_id: uuid.UUID, text: str, sight: Sight
) -> list[Question]:
    """Return the few questions that ask nearly the same, the likest first."""
    wanted = [word for word in distinct(words(text)) if word not in _COMMON][-MAX_WORDS:]
    if not wanted:
        return []
    likeness: dict[uuid.UUID, float] = defaultdict(float)
    whole = sum(_weight(word) for word in wanted)
    for word in wanted:
        for question_id in await _having(session, book_id, word, sight):
            likeness[question_id] += _weight(word) / whole
    near = {one: likeness[one] for one in likeness if likeness[one] >= LIKENESS}
    found = await _questions(session, near)
    found.sort(key=lambda one: (-round(near[one.id], 6), -one.votes, one.number))
    return found[:MAX_SIMILAR]


def _weight(word: str) -> float:
    """Return how much a word says: long ones are rarer."""
    return float(min(len(word), 8))


async def _having(
    session: AsyncSession, book_id: uuid.UUID, word: str, sight: Sight
) -> Iterable[uuid.UUID]:
    query = (
        select(Question.id, func.max(Question.number))
        .join(Word, Word.question_id == Question.id)
        .where(Word.book_id == book_id, _akin(word), visible(sight))
        .where(Question.state != State.MERGED)
        .group_by(Question.id)
        .order_by(func.max(Question.number).desc())
        .limit(_CANDIDATES)
    )
    return [row[0] for row in await session.execute(query)]


async def _questions(session: AsyncSession, ids: Iterable[uuid.UUID]) -> list[Question]:
    query = select(Question).where(Question.id.in_(list(ids)))
    return list(await session.scalars(query))
