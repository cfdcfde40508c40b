"""The life of a voice note: pure rules."""

from enum import StrEnum

from server.errors import Conflict


class State(StrEnum):
    """Where a note is in its life."""

    SENDING = "sending"  # its pieces are arriving
    REFUSED = "refused"  # what arrived can not be played
    READY = "ready"
    PLAYING = "playing"  # on air
    PLAYED = "played"
    DISMISSED = "dismissed"  # put aside by a teacher
    WITHDRAWN = "withdrawn"  # taken back by its person, and its sound deleted


class Step(StrEnum):
    """What can be done with a note."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    PLAY = "play"
    END = "end"
    DISMISS = "dismiss"
    RESTORE = "restore"
    WITHDRAW = "withdraw"


class Reason(StrEnum):
    """Why a note is on air no more."""

    FINISHED = "finished"
    TEACHER = "teacher"
    NEXT = "next"  # another note is played
    TURN = "turn"  # a guest speaks
    LESSON_ENDED = "lesson-ended"
    SERVER_RESTARTED = "server-restarted"
    NO_SOUND = "no-sound"  # its file can not be read


KEPT = frozenset({State.READY, State.PLAYING, State.PLAYED, State.DISMISSED})
STEPS: dict[tuple[State, Step], State] = {
    (State.SENDING, Step.ACCEPT): State.READY,
    (State.SENDING, Step.REFUSE): State.REFUSED,
    (State.READY, Step.PLAY): State.PLAYING,
    (State.PLAYED, Step.PLAY): State.PLAYING,
    (State.DISMISSED, Step.PLAY): State.PLAYING,
    (State.PLAYING, Step.END): State.PLAYED,
    (State.READY, Step.DISMISS): State.DISMISSED,
    (State.PLAYED, Step.DISMISS): State.DISMISSED,
    (State.DISMISSED, Step.RESTORE): State.READY,
    (State.READY, Step.WITHDRAW): State.WITHDRAWN,
    (State.PLAYED, Step.WITHDRAW): State.WITHDRAWN,
    (State.DISMISSED, Step.WITHDRAW): State.WITHDRAWN,
}
LEADS_TO = {step: after for (_, step), after in STEPS.items()}


def take(state: State, step: Step) -> State:
    """Return the state after a step; one that leads where the note is changes nothing.

    Raises Conflict when the step is not possible.
    """
    if state is LEADS_TO[step]:
        return state
    after = STEPS.get((state, step))
    if after is None:
        detail = f"This is not possible: the voice note is {state.value}."
        raise Conflict("note-state", detail, state=state.value)
    return after
