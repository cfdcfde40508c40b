"""The commands about polls, and what is told of them (docs/class-protocol.md)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, field_validator

from server.polls import store
from server.polls.states import State, Step
from server.polls.tables import MAX_OPTIONS, MIN_OPTIONS, OPTION_LENGTH, TEXT_LENGTH, Poll
from server.questions.act import Act
from server.questions.args import Number
from server.questions.events import Entry
from server.texts import clean_line
from server.web import Body

Result = dict[str, Any]


class Make(Body):
    """A new poll."""

    text: Annotated[str, Field(max_length=TEXT_LENGTH)]
    options: Annotated[
        list[Annotated[str, Field(max_length=OPTION_LENGTH)]],
        Field(min_length=MIN_OPTIONS, max_length=MAX_OPTIONS),
    ]
    multiple: bool = False

    @field_validator("text")
    @classmethod
    def _one_line(cls, text: str) -> str:
        return clean_line(text)

    @field_validator("options")
    @classmethod
    def _different(cls, options: list[str]) -> list[str]:
        cleaned = [clean_line(one) for one in options]
        if len({one.casefold() for one in cleaned}) < len(cleaned):
            raise ValueError("has an option twice")
        return cleaned


class One(Body):
    """A poll."""

    poll: Number


class Edit(Make):
    """A draft's new content."""

    poll: Number


class Show(One):
    """Whether students see how a poll stands."""

    on: bool


class Vote(One):
    """The options chosen, counted from 0; none takes the vote back."""

    choices: Annotated[
        list[Annotated[int, Field(ge=0, lt=MAX_OPTIONS)]], Field(max_length=MAX_OPTIONS)
    ]


async def _find(act: Act, number: int, step: Step) -> Poll:
    lesson = act.must_have_lesson()
    poll = await store.find(act.session, lesson.id, number, teacher=act.teacher)
    store.must(poll, step)
    return poll


async def _tell_all(act: Act, kind: str, poll: Poll) -> None:
    """Tell all of a poll; how it stands only to those who may see it."""
    await act.session.flush()
    counts = await store.count(act.session, poll)
    act.tell_all(kind, {"poll": store.facts(poll, counts if poll.shown else None)})
    if not poll.shown and poll.state is State.CLOSED:
        act.tell_teachers("poll.counted", {"poll": {"number": poll.number, **counts.to_json()}})


def _stands(poll: Poll) -> Result:
    return {"poll": poll.number, "state": poll.state.value}


async def make(act: Act, args: Make) -> Result:
    """Keep a new draft."""
    lesson = act.must_have_lesson()
    poll = await store.add(act.session, lesson.id, args.text, args.options, multiple=args.multiple)
    act.tell_teachers("poll.made", {"poll": store.facts(poll, None)})
    return _stands(poll)


async def edit(act: Act, args: Edit) -> Result:
    """Change a draft."""
    poll = await _find(act, args.poll, Step.EDIT)
    poll.text, poll.options, poll.multiple = args.text, args.options, args.multiple
    act.tell_teachers("poll.changed", {"poll": store.facts(poll, None)})
    return _stands(poll)


async def remove(act: Act, args: One) -> Result:
    """Throw a draft away."""
    poll = await _find(act, args.poll, Step.REMOVE)
    await act.session.delete(poll)
    act.tell_teachers("poll.removed", {"poll": {"number": poll.number}})
    return {"poll": args.poll}


async def open_poll(act: Act, args: One) -> Result:
    """Ask the class."""
    poll = await _find(act, args.poll, Step.OPEN)
    await store.must_be_alone(act.session, poll.lesson_id)
    poll.state, poll.opened_at = State.OPEN, act.position()
    await _tell_all(act, "poll.opened", poll)
    return _stands(poll)


async def close(act: Act, args: One) -> Result:
    """Take no more votes, and keep the result."""
    poll = await _find(act, args.poll, Step.CLOSE)
    poll.state, poll.closed_at = State.CLOSED, act.position()
    await _tell_all(act, "poll.closed", poll)
    return _stands(poll)


async def show(act: Act, args: Show) -> Result:
    """Show students how a poll stands, or no longer."""
    poll = await _find(act, args.poll, Step.SHOW)
    if poll.shown != args.on:
        poll.shown = args.on
        await _tell_all(act, "poll.shown", poll)
    return {**_stands(poll), "shown": poll.shown}


async def vote(act: Act, args: Vote) -> Result:
    """Choose, or choose anew while the poll is open; everybody has one vote."""
    poll = await _find(act, args.poll, Step.VOTE)
    chosen = await store.vote(act.session, poll, act.person.id, args.choices)
    classes, lesson_id = act.services.classes, poll.lesson_id

    async def tell() -> None:
        classes.poll_changed(lesson_id)
        await classes.tell_voted(lesson_id, act.person.id, {str(args.poll): chosen})

    act.afterwards.append(tell)
    return {"poll": poll.number, "choices": chosen}


_TEACHER: dict[str, Entry] = {
    "poll_make": Entry(Make, make),
    "poll_edit": Entry(Edit, edit),
    "poll_remove": Entry(One, remove),
    "poll_open": Entry(One, open_poll),
    "poll_close": Entry(One, close),
    "poll_show": Entry(Show, show),
}
COMMANDS: Mapping[str, Entry] = {
    "poll_vote": Entry(Vote, vote, book=False),
    **{name: replace(entry, book=False, teacher=True) for name, entry in _TEACHER.items()},
}
