"""What each mode of a lesson costs, before a student chooses one."""

from aiohttp import web

from media.modes import costs
from media.types import Source
from server.access import lesson_access
from server.rights import Right
from server.services import SERVICES
from server.viewer import viewer_of
from server.web import client_address, json_answer, network_of, path_id

routes = web.RouteTableDef()

# Of a lesson that is not on air yet: what most have.
EXPECTED = {Source.SCREEN: (), Source.CAMERA: ()}


@routes.get("/api/lessons/{lesson}/modes")
async def give_modes(request: web.Request) -> web.Response:
    """Return bits a second of each mode, as the lesson is sent now."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson_id = path_id(request, "lesson")
    async with services.database.read() as session:
        await lesson_access(session, viewer, lesson_id, Right.WATCH)
    room = services.rooms.room(lesson_id)
    known = None if room is None or not room.sources() else room.pictures()
    told = costs(EXPECTED if known is None else known, stills=room is None or room.stills)
    pages = services.settings.pages
    price = {"megabyte": pages.megabyte_price, "currency": pages.currency}
    return json_answer(
        {
            "bits": {mode.value: bits for mode, bits in told.items()},
            "price": price if pages.megabyte_price else None,
            "network": network_of(client_address(request, services.settings)),
        }
    )
