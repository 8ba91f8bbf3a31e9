"""/api/v1/conversations/<id>/pin and /candidates: in which card a chat belongs."""

from typing import Literal

from flask import Response, jsonify

from b24app import clock
from b24app.actions import pins
from b24app.rules.target import Target
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number

blueprint = api.blueprint("pins")


class PinBody(Body):
    type: Literal["deal", "lead", "contact", "company"]
    id: Number


@blueprint.put("/conversations/<int:number>/pin")
@guard.employee
def pin(path: ById, body: PinBody) -> Response:
    asking = guard.viewer()
    target = Target(pins.TYPES[body.type], int(body.id))
    shown = pins.pin(asking.portal_id, path.number, asking.user_id, target, clock.now())
    return jsonify(shown)


@blueprint.delete("/conversations/<int:number>/pin")
@guard.employee
def unpin(path: ById) -> Response:
    asking = guard.viewer()
    return jsonify(pins.unpin(asking.portal_id, path.number, asking.user_id, clock.now()))


@blueprint.get("/conversations/<int:number>/candidates")
@guard.employee
def candidates(path: ById) -> Response:
    asking = guard.viewer()
    found = pins.candidates(
        asking.portal_id, path.number, asking.user_id, asking.language, clock.now()
    )
    return jsonify({"items": found})
