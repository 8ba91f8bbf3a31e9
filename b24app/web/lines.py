"""/api/v1/lines: what the connector's form and the settings page ask and send."""

from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel, Field

from b24app import clock
from b24app.actions import lines
from b24app.errors import Denied
from b24app.web import api, guard
from b24app.web.api import Body, Number

blueprint = api.blueprint("lines")


class LinePath(BaseModel):
    line: int = Field(ge=1, le=2**53)


class Choice(Body):
    channels: list[Number]


@blueprint.get("/lines")
@guard.employee
def index() -> Response:
    return jsonify(items=lines.listed(guard.viewer().portal_id), next=None)


@blueprint.get("/lines/<int:line>")
@guard.employee
def show(path: LinePath) -> Response:
    return jsonify(_line(guard.viewer(), path.line))


@blueprint.put("/lines/<int:line>")
@guard.employee
def connect(path: LinePath, body: Choice) -> Response:
    asking = _may_change(path.line)
    line, chosen = _line(asking, path.line), api.numbers(body.channels)
    kept = lines.connect(asking.portal_id, line, chosen, asking.user_id, clock.now())
    return jsonify(kept)


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
