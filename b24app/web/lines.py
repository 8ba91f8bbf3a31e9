"""/api/v1/lines: what the connector's form and the settings page ask and send."""

from typing import Annotated, Any

from flask import Response, jsonify
from pydantic import BaseModel, Field

from b24app import clock
from b24app.actions import line_making, line_states, line_strays, lines
from b24app.actions.line_making import Wish
from b24app.db import reading, transaction
from b24app.errors import Denied
from b24app.web import api, guard
from b24app.web.api import Body, Number

blueprint = api.blueprint("lines")


class LinePath(BaseModel):
    line: int = Field(ge=1, le=2**53)


class Choice(Body):
    """move: channels of other lines come to this one."""

    channels: Annotated[list[Number], Field(max_length=500)]
    move: bool = False


class NewLine(Choice):
    """client_uuid: made by the screen; the same one again is the same line."""

    client_uuid: str = Field(min_length=8, max_length=64)
    name: str = Field(max_length=200)


@blueprint.get("/lines")
@guard.employee
def index() -> Response:
    return jsonify(items=lines.listed(guard.viewer().portal_id), next=None)


@blueprint.post("/lines")
@guard.admin
def make(body: NewLine) -> tuple[Response, int]:
    asking, chosen, now = guard.viewer(), api.numbers(body.channels), clock.now()
    wish = Wish(body.client_uuid, " ".join(body.name.split()))
    with reading():
        made = line_making.made(asking.portal_id, wish)
        lines.demand_free(asking.portal_id, chosen, made, move=body.move)
    number = line_making.make(asking.portal_id, wish, asking.user_id, now)
    line = {"line": {"id": str(number), "name": wish.name}}
    kept = lines.connect(asking.portal_id, line, chosen, asking.user_id, now, move=body.move)
    return jsonify(kept), 201


@blueprint.get("/lines/strays")
@guard.employee
def strays() -> Response:
    with reading():
        return jsonify(items=line_strays.listed(guard.viewer().portal_id), next=None)


@blueprint.delete("/lines/strays/<int:number>")
@guard.admin
def dismiss(path: api.ById) -> tuple[str, int]:
    asking = guard.viewer()
    with transaction():
        line_strays.dismiss(asking.portal_id, path.number, asking.user_id, clock.now())
    return "", 204


@blueprint.get("/lines/<int:line>")
@guard.employee
def show(path: LinePath) -> Response:
    return jsonify(_line(guard.viewer(), path.line))


@blueprint.put("/lines/<int:line>")
@guard.employee
def connect(path: LinePath, body: Choice) -> Response:
    asking = _may_change(path.line)
    line, chosen = _line(asking, path.line), api.numbers(body.channels)
    kept = lines.connect(
        asking.portal_id, line, chosen, asking.user_id, clock.now(), move=body.move
    )
    return jsonify(kept)


@blueprint.post("/lines/<int:line>/repair")
@guard.employee
def repair(path: LinePath) -> Response:
    """Connect the line at Bitrix24 as it is connected here."""
    asking = _may_change(path.line)
    line_states.mend(asking.portal_id, path.line, asking.user_id, clock.now())
    return jsonify(_line(asking, path.line))


@blueprint.delete("/lines/<int:line>")
@guard.employee
def disconnect(path: LinePath) -> Response:
    asking = _may_change(path.line)
    line = _line(asking, path.line)
    return jsonify(lines.disconnect(asking.portal_id, line, asking.user_id, clock.now()))


def _line(asking: guard.Viewer, line: int) -> dict[str, Any]:
    own = asking.line is not None and asking.line.line_id == line
    return (lines.form if own else lines.show)(asking.portal_id, line)


def _may_change(line: int) -> guard.Viewer:
    """Administrators, and whoever the portal opened this line's own form for."""
    asking = guard.viewer()
    if asking.line and asking.line.line_id == line:
        return asking
    if asking.is_admin:
        return asking
    raise Denied("Only an administrator of this Bitrix24 may do this.", code="not_admin")
