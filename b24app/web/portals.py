"""/api/v1/portals: the portals of one customer."""

from typing import Literal

from flask import Response, current_app, jsonify
from pydantic import BaseModel, Field

from b24app import clock
from b24app.actions import portal_list
from b24app.actions.portal_list import Asker, Wish
from b24app.bitrix import wire
from b24app.config import Config
from b24app.db import transaction
from b24app.web import api, guard, signin
from b24app.web.api import Body

blueprint = api.blueprint("portals")
Part = Literal["chats", "requests", "open_lines"]


class Reference(BaseModel):
    """A portal's number, with a `w` before it while the portal waits to join."""

    reference: str = Field(pattern=r"^w?\d{1,15}$")


class Added(Body):
    name: str = Field("", max_length=200)
    domain: str = Field(max_length=500)


class Changed(Body):
    name: str | None = Field(None, max_length=200)
    integration_active: bool | None = None
    parts: dict[Part, bool] | None = None


@blueprint.get("/portals")
@guard.configurer
def index() -> Response:
    with transaction():  # a portal of earlier days gets its account here
        return jsonify(items=portal_list.listed(_asker(), clock.now()), next=None)


@blueprint.post("/portals")
@guard.configurer
def add(body: Added) -> tuple[Response, int]:
    config: Config = current_app.config["CALLGEAR"]
    origin = wire.origin(body.domain, config.allow_private_hosts)
    with transaction():
        made = portal_list.add(_asker(), body.name.strip(), origin, clock.now())
    return jsonify(made), 201


@blueprint.put("/portals/<string:reference>")
@guard.configurer
def change(path: Reference, body: Changed) -> Response:
    parts = {str(part): active for part, active in (body.parts or {}).items()}
    wish = Wish(body.name, body.integration_active, parts)
    with transaction():
        return jsonify(portal_list.change(_asker(), path.reference, wish, clock.now()))


@blueprint.delete("/portals/<string:reference>")
@guard.configurer
def remove(path: Reference) -> tuple[str, int]:
    with transaction():
        portal_list.remove(_asker(), path.reference, clock.now())
    return "", 204


@blueprint.post("/portals/<string:reference>/open")
@guard.configurer
def enter(path: Reference) -> Response:
    """The address that signs the asker in there, for a tab of its own; it counts once."""
    asking, now = guard.viewer(), clock.now()
    with transaction():
        door = portal_list.door(_asker(), path.reference, now)
    return jsonify(url=signin.ticket(door, asking, now))


def _asker() -> Asker:
    asking = guard.viewer()
    return Asker(asking.portal_id, asking.user_id, asking.is_admin)
