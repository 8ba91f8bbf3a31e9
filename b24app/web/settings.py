"""/api/v1/settings/<kind>: read by employees, changed by administrators."""

from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel, Field, RootModel

from b24app import clock
from b24app.actions import settings
from b24app.db import reading, transaction
from b24app.web import api, guard

blueprint = api.blueprint("settings")


class KindPath(BaseModel):
    kind: str = Field(max_length=24)


class Document(RootModel[dict[str, Any]]):
    """The settings to change; each kind knows its own names."""


@blueprint.get("/settings/<string:kind>")
@guard.employee
def show(path: KindPath) -> Response:
    with reading():
        return jsonify(settings.shown(guard.viewer().portal_id, path.kind))


@blueprint.put("/settings/<string:kind>")
@guard.admin
def change(path: KindPath, body: Document) -> Response:
    asking = guard.viewer()
    given = body.root.get("document", body.root)
    with transaction():
        kept = settings.change(asking.portal_id, path.kind, given, asking.user_id, clock.now())
    return jsonify(kept)
