"""/api/v1/me, preferences, operators: who works here."""

from typing import Literal

from flask import Response, jsonify

from b24app import clock
from b24app.actions import people
from b24app.db import reading, transaction
from b24app.models import Portal
from b24app.web import api, guard
from b24app.web.api import Body

blueprint = api.blueprint("me")


class Preferences(Body):
    theme: Literal["light", "dark"] | None = None
    sound: bool | None = None
    send_on_enter: bool | None = None
    desktop: bool | None = None
    lang: Literal["en", "ru"] | None = None


@blueprint.get("/me")
@guard.employee
def me() -> Response:
    asking = guard.viewer()
    with transaction() as session:
        row = people.operator(asking.portal_id, asking.user_id)
        portal = session.get_one(Portal, asking.portal_id)
        return jsonify(
            user={"id": str(row.user_id), "name": row.name, "admin": asking.is_admin},
            portal={"id": str(portal.id), "domain": portal.domain, "status": portal.status},
            preferences=row.preferences,
        )


@blueprint.put("/preferences")
@guard.employee
def prefer(body: Preferences) -> Response:
    asking = guard.viewer()
    with transaction():
        row = people.operator(asking.portal_id, asking.user_id)
        return jsonify(people.prefer(row, body.model_dump(exclude_none=True), clock.now()))


@blueprint.get("/operators")
@guard.employee
def operators() -> Response:
    with reading():
        return jsonify(items=people.listed(guard.viewer().portal_id), next=None)
