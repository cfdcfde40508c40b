"""Who may do what: the one table that every route and socket event asks.

| right    | opens                                                                  |
|----------|------------------------------------------------------------------------|
| see      | title, time, teachers, state, timeline                                 |
| watch    | receiving pictures and sound                                           |
| replay   | the recording: rewinding while the lesson is on, replaying it after    |
| speak    | sending the guest's picture and sound                                  |
| publish  | sending camera, voice and screen                                       |
| teach    | opening, going live, ending; lessons and join code of the course       |
| moderate | deciding about what others ask and say                                 |
| manage   | members, and deleting what has happened                                |
"""

from collections.abc import Mapping
from enum import StrEnum

from server.models import CourseRole, LessonRole


class Right(StrEnum):
    """One thing a person may do in a course or a lesson; the order is the one shown."""

    SEE = "see"
    WATCH = "watch"
    REPLAY = "replay"
    SPEAK = "speak"
    PUBLISH = "publish"
    TEACH = "teach"
    MODERATE = "moderate"
    MANAGE = "manage"


class Opening(StrEnum):
    """For whom a recording is open beside those who teach."""

    CLOSED = "closed"
    AUDIENCE = "audience"  # who may watch: the lesson is live
    RELEASED = "released"  # published and not expired; of a public event, to anybody


class Role(StrEnum):
    """What somebody is toward one course or lesson."""

    STAFF = "staff"
    TEACHER = "teacher"
    STUDENT = "student"
    GUEST = "guest"
    OUTSIDER = "outsider"  # signed in, but not here
    ANONYMOUS = "anonymous"


_EVERYTHING = frozenset(Right)
_NOTHING: frozenset[Right] = frozenset()
_AUDIENCE = frozenset({Right.SEE, Right.WATCH})

_LESSON: Mapping[Role, frozenset[Right]] = {
    Role.STAFF: _EVERYTHING,
    Role.TEACHER: _EVERYTHING - {Right.MANAGE},
    Role.STUDENT: _AUDIENCE,
    Role.GUEST: _AUDIENCE,
    Role.OUTSIDER: _NOTHING,
    Role.ANONYMOUS: _NOTHING,
}
_COURSE: Mapping[Role, frozenset[Right]] = {
    Role.STAFF: frozenset({Right.SEE, Right.TEACH, Right.MANAGE}),
    Role.TEACHER: frozenset({Right.SEE, Right.TEACH}),
    Role.STUDENT: frozenset({Right.SEE}),
    Role.GUEST: _NOTHING,
    Role.OUTSIDER: _NOTHING,
    Role.ANONYMOUS: _NOTHING,
}


def lesson_rights(
    role: Role, *, public: bool, recording: Opening = Opening.CLOSED
) -> frozenset[Right]:
    """Return what a role may do in a lesson; anybody may see that a public event exists."""
    rights = _LESSON[role] | {Right.SEE} if public else _LESSON[role]
    needed = Right.SEE if recording is Opening.RELEASED else Right.WATCH
    is_open = recording is not Opening.CLOSED and needed in rights
    return rights | {Right.REPLAY} if is_open else rights


def opening(*, live: bool, ended: bool, published: bool, expired: bool, gone: bool) -> Opening:
    """Return for whom a recording is open now; `gone` is one that is deleted or was never made."""
    if gone:
        return Opening.CLOSED
    if live:
        return Opening.AUDIENCE
    return Opening.RELEASED if ended and published and not expired else Opening.CLOSED


def course_rights(role: Role) -> frozenset[Right]:
    """Return what a role may do in a course."""
    return _COURSE[role]


def site_rights(role: Role) -> frozenset[Right]:
    """Return what a role may do outside any course: people, new courses, public events."""
    return frozenset({Right.MANAGE}) if role is Role.STAFF else _NOTHING


def site_role(*, signed_in: bool, staff: bool) -> Role:
    """Return what somebody is where there is no course or lesson."""
    if not signed_in:
        return Role.ANONYMOUS
    return Role.STAFF if staff else Role.OUTSIDER


def course_role(*, signed_in: bool, staff: bool, member: CourseRole | None) -> Role:
    """Return what somebody is in a course."""
    if signed_in and not staff and member is not None:
        return Role(member.value)
    return site_role(signed_in=signed_in, staff=staff)


def lesson_role(
    *, signed_in: bool, staff: bool, member: CourseRole | None, own: LessonRole | None
) -> Role:
    """Return what somebody is in a lesson; a role in the lesson itself adds to the course's."""
    role = course_role(signed_in=signed_in, staff=staff, member=member)
    if role in (Role.STAFF, Role.TEACHER, Role.ANONYMOUS) or own is None:
        return role
    if own is LessonRole.TEACHER:
        return Role.TEACHER
    return role if role is Role.STUDENT else Role.GUEST


def in_order(rights: frozenset[Right]) -> list[str]:
    """Return rights as the list that is shown, weakest first."""
    return [right.value for right in Right if right in rights]
