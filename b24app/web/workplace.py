"""/api/v1/workplace: rights and statuses of who asks, their colleagues, who looks at what."""

from typing import Any, Literal

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import (
    colleagues,
    conversations,
    favourites,
    people,
    tags,
    transfers,
    workplace,
)
from b24app.db import reading, transaction
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number
from b24app.web.standing import standing

blueprint = api.blueprint("workplace")


class StatusBody(Body):
    status: str = Field(max_length=24)


class RoleBody(Body):
    role: Literal["operator", "manager"]


class PresenceBody(Body):
    conversation_id: Number | None = None
    deed: Literal["looking", "typing", "gone"] = "looking"


@blueprint.get("/workplace")
@guard.employee
def show() -> Response:
    """All that the workplace needs to know at its start."""
    asking = guard.viewer()
    with reading():
        return jsonify(
            **workplace.shown(standing()),
            pins=favourites.listed(asking.portal_id, asking.user_id),
            tags=tags.listed(asking.portal_id),
            transfers=transfers.pending(asking.portal_id, asking.user_id),
        )


@blueprint.put("/workplace/status")
@guard.employee
def choose(body: StatusBody) -> Response:
    with transaction():
        _kept()
        workplace.choose(standing(), body.status, clock.now())
        return jsonify(workplace.shown(standing()))


@blueprint.get("/colleagues")
@guard.employee
def index() -> Response:
    with reading():
        return jsonify(colleagues.listed(guard.viewer().portal_id, clock.now()))


@blueprint.put("/colleagues/<int:number>/role")
@guard.configurer
def appoint(path: ById, body: RoleBody) -> tuple[str, int]:
    asking = guard.viewer()
    with transaction():
        workplace.appoint(asking.portal_id, path.number, body.role, asking.user_id, clock.now())
    return "", 204


@blueprint.post("/presence")
@guard.employee
def presence(body: PresenceBody) -> tuple[str, int]:
    asking = guard.viewer()
    with transaction():
        chat = None
        if body.conversation_id:
            chat = conversations.find(asking.portal_id, int(body.conversation_id))
        colleagues.look(_kept(), chat, body.deed, clock.now())
    return "", 204


def _kept() -> Any:
    asking = guard.viewer()
    return people.operator(asking.portal_id, asking.user_id)
