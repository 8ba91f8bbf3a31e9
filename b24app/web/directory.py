"""/api/v1/directory: what the portal has to choose from."""

from flask import Response, jsonify

from b24app import clock
from b24app.actions import directory
from b24app.db import reading, transaction
from b24app.web import api, guard

blueprint = api.blueprint("directory")


@blueprint.get("/directory")
@guard.employee
def show() -> Response:
    with reading():
        return jsonify(directory.shown(guard.viewer().portal_id))


@blueprint.post("/directory/refresh")
@guard.configurer
def refresh() -> tuple[Response, int]:
    """Screens hear `directory` when it is done."""
    with transaction():
        directory.ask(guard.viewer().portal_id, clock.now())
    return jsonify(refreshing=True), 202
