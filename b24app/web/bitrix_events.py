"""POST /bitrix/events: what happens on portals, kept as it comes and answered at once."""

from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from b24app import clock
from b24app.actions import lifecycle, portals
from b24app.bitrix.payloads import MAX_PAIRS, PortalEvent, parse_form
from b24app.db import transaction
from b24app.errors import AppError, Invalid
from b24app.web import answers, refusals

BODY_LIMIT_BYTES = 1 << 20
FORM = "application/x-www-form-urlencoded"

blueprint = Blueprint("bitrix_events", __name__)


@blueprint.post("/bitrix/events")
def receive() -> tuple[str, int]:
    now = clock.now()
    event = _event()
    portal_id = portals.verify_event(event, now)
    with transaction():
        lifecycle.receive(portal_id, event, now)
    return "", 200


@blueprint.errorhandler(AppError)
def refused(error: AppError) -> tuple[Response, int]:
    refusals.note("events", error)
    return answers.refused(error)


def _event() -> PortalEvent:
    """The event in the request's body.

    Raises:
        Invalid: no event, or one in no encoding that Bitrix24 uses.
    """
    request.max_content_length = BODY_LIMIT_BYTES
    if request.mimetype != FORM:
        raise Invalid("Bitrix24 sends events as forms.")
    try:
        text = request.get_data(cache=False).decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PAIRS)
    except ValueError as error:
        raise Invalid("The form is not encoded as it should be.") from error
    return PortalEvent.from_form(parse_form(pairs))
