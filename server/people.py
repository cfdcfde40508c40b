"""The people of this installation, as staff keep them."""

from datetime import timedelta

from aiohttp import web
from sqlalchemy import select

from server import accounts
from server.access import require_site
from server.auth import own_facts
from server.clock import to_iso
from server.errors import NotFound
from server.models import Person
from server.rights import Right
from server.services import SERVICES, Services
from server.settings import Language
from server.texts import Login, Name
from server.web import Body, json_answer, own_origin, path_id, read_body

routes = web.RouteTableDef()
MAX_PEOPLE = 5000  # one page shows them all; a larger school will need a search


class NewPerson(Body):
    """A person to add."""

    name: Name
    login: Login | None = None
    staff: bool = False
    language: Language | None = None


def link_life(services: Services) -> timedelta:
    """Return how long a one-time link can be used."""
    return timedelta(hours=services.settings.auth.link_hours)


def staff_facts(person: Person) -> dict[str, object]:
    """Return what staff may know of a person."""
    return {**own_facts(person), "login": person.login, "created_at": to_iso(person.created_at)}


@routes.get("/api/people")
async def list_people(request: web.Request) -> web.Response:
    """List everybody but the guests."""
    await require_site(request, Right.MANAGE)
    query = select(Person).where(Person.guest.is_(False)).order_by(Person.name, Person.id)
    async with request.app[SERVICES].database.read() as session:
        people = (await session.scalars(query.limit(MAX_PEOPLE))).all()
    return json_answer({"people": [staff_facts(person) for person in people]})


@routes.post("/api/people")
async def add_person(request: web.Request) -> web.Response:
    """Add a person and give out their first sign-in link."""
    await require_site(request, Right.MANAGE)
    services = request.app[SERVICES]
    new = await read_body(request, NewPerson)
    now = services.clock.now()
    async with services.database.write() as session:
        person = await accounts.add_person(
            session, now, new.name, login=new.login, staff=new.staff, language=new.language
        )
        link = await accounts.add_link(session, person.id, now, link_life(services))
    url = link.url(own_origin(request, services.settings))
    return json_answer({"person": staff_facts(person), "link": url}, status=201)


@routes.post("/api/people/{person}/link")
async def add_link(request: web.Request) -> web.Response:
    """Give out a new sign-in link; those not used yet become worthless."""
    await require_site(request, Right.MANAGE)
    services = request.app[SERVICES]
    person_id = path_id(request, "person")
    now = services.clock.now()
    async with services.database.write() as session:
        if await session.get(Person, person_id) is None:
            raise NotFound
        await accounts.drop_unused_links(session, person_id)
        link = await accounts.add_link(session, person_id, now, link_life(services))
    url = link.url(own_origin(request, services.settings))
    return json_answer({"link": url, "expires_at": to_iso(link.expires_at)})
