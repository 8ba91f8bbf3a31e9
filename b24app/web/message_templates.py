"""/api/v1/channels/<id>/templates: messages that the messenger has approved."""

from flask import Response, jsonify

from b24app import clock
from b24app.actions import channels, message_templates
from b24app.db import transaction
from b24app.web import api, guard
from b24app.web.api import ById

blueprint = api.blueprint("message_templates")


@blueprint.get("/channels/<int:number>/templates")
@guard.employee
def index(path: ById) -> Response:
    """What is known; `asking`: the messenger is asked, and news `templates` tell of its answer."""
    with transaction():
        row = channels.found(guard.viewer().portal_id, path.number)
        return jsonify(message_templates.listed(row, clock.now()))


@blueprint.post("/channels/<int:number>/templates/refresh")
@guard.employee
def refresh(path: ById) -> Response:
    with transaction():
        row = channels.found(guard.viewer().portal_id, path.number)
        return jsonify(message_templates.listed(row, clock.now(), again=True))
