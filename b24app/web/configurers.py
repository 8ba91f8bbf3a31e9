"""/api/v1/configurers: whom an administrator trusts with the settings."""

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import configurers
from b24app.db import reading, transaction
from b24app.web import api, guard
from b24app.web.api import Body, Number

blueprint = api.blueprint("configurers")


class Named(Body):
    user_ids: list[Number] = Field(max_length=500)


@blueprint.get("/configurers")
@guard.admin
def index() -> Response:
    with reading():
        return jsonify(items=configurers.listed(guard.viewer().portal_id), next=None)


@blueprint.put("/configurers")
@guard.admin
def name(body: Named) -> Response:
    asking, chosen = guard.viewer(), set(api.numbers(body.user_ids))
    with transaction():
        named = configurers.name(asking.portal_id, chosen, asking.user_id, clock.now())
    return jsonify(items=named, next=None)
