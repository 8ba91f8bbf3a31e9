"""/api/v1/conversations/<id>/messages/<message>/versions: what a message said before."""

from flask import Response, jsonify
from pydantic import Field

from b24app.actions import message_versions
from b24app.db import reading
from b24app.web import api, guard
from b24app.web.api import ById
from b24app.web.standing import chat

blueprint = api.blueprint("message_versions")


class VersionsPath(ById):
    message: int = Field(ge=1, le=2**53)


@blueprint.get("/conversations/<int:number>/messages/<int:message>/versions")
@guard.employee
def index(path: VersionsPath) -> Response:
    with reading():
        items = message_versions.listed(chat(path.number), path.message)
    return jsonify(items=items, next=None)
