"""/api/v1/channels/abilities: what may be sent by each kind of channel."""

from flask import Response, jsonify

from b24app.actions import abilities
from b24app.web import api, guard

blueprint = api.blueprint("abilities")


@blueprint.get("/channels/abilities")
@guard.employee
def index() -> Response:
    return jsonify(items=abilities.listed(guard.viewer().language), next=None)
