"""/api/v1/session/renew and /api/v1/live/ticket: how an opened page stays in."""

from dataclasses import replace
from datetime import datetime

from flask import Response, jsonify, request
from flask_openapi.blueprint import APIBlueprint
from pydantic import Field

from b24app import clock
from b24app.actions import portals
from b24app.errors import Stranger
from b24app.i18n import N_
from b24app.web import api, cookies, guard
from b24app.web.api import Body
from b24app.web.guard import Viewer

CONFIRM = N_("Bitrix24 must confirm who you are.")
SIGN_IN = N_("You are not signed in any more. Sign in again.")
# Not api.blueprint: renewing is for tokens past their time as well.
blueprint = APIBlueprint("api_session", __name__, url_prefix="/api/v1", abp_security=api.SECURITY)


class Renewal(Body):
    """auth_id: what the SDK's refreshAuth gave, when our word alone does not do any more."""

    auth_id: str | None = Field(default=None, max_length=1000)


@blueprint.post("/session/renew")
def renew(body: Renewal) -> Response:
    """A fresh token for one of ours, which may be past its time when `auth_id` is given."""
    guard.check_origin()
    now = clock.now()
    asking = guard.read(guard.bearer(), now, may_be_stale=True)
    if asking.standalone:
        renewed = _signed_in(asking, now)
    elif body.auth_id:
        renewed = _vouched(asking, body.auth_id, now)
    else:
        renewed = _still_in(asking, now)
    seconds = int(guard.TOKEN_LIFE.total_seconds())
    return jsonify(token=guard.mint(renewed, now), expires_in=seconds)


@blueprint.post("/live/ticket")
@guard.employee
def ticket() -> Response:
    return jsonify(ticket=guard.mint_ticket(guard.viewer(), clock.now()))


def _still_in(asking: Viewer, now: datetime) -> Viewer:
    """The session as it is, while our token and Bitrix24's word for it are fresh enough."""
    try:
        guard.read(guard.bearer(), now)
        guard.status_of(asking)
    except Stranger as error:
        raise Stranger(CONFIRM, code="session_over") from error
    if now - asking.auth_at >= guard.SESSION_LIFE:
        raise Stranger(CONFIRM, code="session_over")
    return asking


def _signed_in(asking: Viewer, now: datetime) -> Viewer:
    """The session of a page outside Bitrix24: its browser must still be signed in as the same.

    The cookie alone renews nothing (the page shows its token as well), and counts only
    for a page of our own, which says so.
    """
    known = cookies.session(now) if request.headers.get("Origin") == guard.own_origin() else None
    if known is None or (known.portal_id, known.user_id) != (asking.portal_id, asking.user_id):
        raise Stranger(SIGN_IN, code="signed_out")
    try:
        found, _ = cookies.viewer(known, asking.placement)
    except Stranger as error:
        raise Stranger(SIGN_IN, code="signed_out") from error
    return replace(found, language=asking.language)


def _vouched(asking: Viewer, auth_id: str, now: datetime) -> Viewer:
    """The session begun anew: Bitrix24 says that the same employee is still there."""
    seen = portals.verify_again(asking.portal_id, asking.user_id, auth_id, now)
    epoch = guard.epoch(asking.portal_id)
    return replace(asking, auth_at=now, is_admin=seen.is_admin, epoch=epoch)
