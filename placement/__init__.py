"""Where Bitrix24 shows us: one file a place, found by itself through its PLACEMENT."""

from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from b24app import clock, i18n
from b24app.actions import bindings, portals
from b24app.bitrix.payloads import Frame
from b24app.errors import AppError, Busy, Denied, Invalid, NotFound, Stranger
from b24app.i18n import N_, say
from b24app.web import guard, refusals, shell
from b24app.web.assets import NotBuilt
from b24app.web.guard import Viewer
from b24app.web.i18n import reader
from b24app.web.shell import Scene
from placement.door import Opening, Placement, Stub

BODY_LIMIT_BYTES = 64 * 1024
# Titles by status. A refusal of ours says the rest itself; what Bitrix24 sent wrong does not
# concern who reads it.
TITLES = {
    401: N_("Access denied"),
    403: N_("Access denied"),
    404: N_("Nothing here"),
    502: N_("Bitrix24 does not answer"),
    503: N_("This page could not be opened"),
}
TITLE = N_("This page could not be opened")
TEXTS = {
    400: N_("Bitrix24 sent something we do not understand."),
    404: N_("There is no such page in the application."),
    413: N_("The request is too large."),
}
TEXT = N_("Close this page and open it again in a minute.")
OUTSIDE = (
    N_("Open this page inside Bitrix24"),
    N_("CallGear Chats works in the left menu, in CRM cards and in the Contact Center."),
)

blueprint = Blueprint("placement", __name__)
PLACES: dict[str, Placement] = {}


def init_app(app: Flask) -> None:
    """Find the places and tell what each wants registered on a portal."""
    for found in iter_modules(__path__):
        place = getattr(import_module(f"{__name__}.{found.name}"), "PLACEMENT", None)
        if place is not None:
            PLACES[place.name] = place
            bindings.want_placement(place.name, place.bound, place.title)


@blueprint.before_request
def limit() -> None:
    request.max_content_length = BODY_LIMIT_BYTES
    request.max_form_memory_size = BODY_LIMIT_BYTES


@blueprint.get("/placement/<name>")
def outside(name: str) -> Response:
    """Somebody opened the address itself; HEAD is how the market tries it."""
    _place(name)
    return _plain(OUTSIDE, 200)


@blueprint.post("/placement/<name>")
def opened(name: str) -> Response:
    g.language = i18n.language(request.args.get("LANG"))
    place = _place(name)
    frame = Frame.from_request(request.args, request.form)
    if frame.placement not in place.codes:
        raise Invalid(f"{frame.placement} does not open {name}.", code="wrong_placement")
    now = clock.now()
    seen = (portals.install if place.installs else portals.verify_frame)(frame, now)
    opening = Opening(
        portal_id=seen.portal_id,
        user_id=seen.user_id,
        is_admin=seen.is_admin,
        status=seen.status,
        options=frame.options,
        may_configure=seen.may_configure,
    )
    return shell.page(_scene(place, opening, now), now)


@blueprint.errorhandler(Stub)
def stub(found: Stub) -> Response:
    return _plain((found.title, found.text), found.status)


@blueprint.errorhandler(AppError)
def refused(error: AppError) -> Response:
    if isinstance(error, Denied | Invalid | NotFound | Stranger):
        refusals.note("placement", error)
    own = isinstance(error, Denied | Stranger | Busy | NotBuilt)
    text = error.message if own else TEXTS.get(error.status, TEXT)
    return _plain((TITLES.get(error.status, TITLE), text), error.status)


@blueprint.errorhandler(HTTPException)
def http_refused(error: HTTPException) -> Response:
    code = error.code or 500
    refusals.note("placement", AppError(code=f"http_{code}"))
    return _plain((TITLES.get(code, TITLE), TEXTS.get(code, TEXT)), code)


def _scene(place: Placement, opening: Opening, now: datetime) -> Scene:
    """What the place shows, and a session that may touch that and no more."""
    sight = place.decide(opening)
    viewer = Viewer(
        portal_id=opening.portal_id,
        user_id=opening.user_id,
        is_admin=opening.is_admin,
        placement=place.name,
        auth_at=now,
        epoch=guard.epoch(opening.portal_id),
        language=g.language,
        entity=sight.entity,
        line=sight.line,
    )
    return Scene(sight.entry, viewer, sight.conversation, sight.connected)


def _place(name: str) -> Placement:
    if name not in PLACES:
        raise NotFound("There is no such place.")
    return PLACES[name]


def _plain(texts: tuple[str, str], status: int) -> Response:
    language = reader()
    title, text = (say(told, language) for told in texts)
    return shell.plain(title, text, status, language)
