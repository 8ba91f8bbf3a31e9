"""/api/v1/conversations/<id>/messages/<id>/layout: a letter as it was laid out."""

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import conversations, layouts
from b24app.db import reading
from b24app.web import api, guard
from b24app.web.api import ById

blueprint = api.blueprint("layouts")


class MessagePath(ById):
    message: int = Field(ge=1, le=2**53)


@blueprint.get("/conversations/<int:number>/messages/<int:message>/layout")
@guard.employee
def show(path: MessagePath) -> Response:
    with reading():
        row = conversations.find(guard.viewer().portal_id, path.number)
        return jsonify(html=layouts.of_message(row, path.message, clock.now()))
