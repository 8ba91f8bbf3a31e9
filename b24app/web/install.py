"""/api/v1/install: the steps that an administrator watches, and the end of the installation."""

from flask import Response, jsonify
from pydantic import BaseModel, Field

from b24app import clock
from b24app.actions import bindings, lifecycle, portals
from b24app.db import reading, transaction
from b24app.models import Portal
from b24app.web import api, guard

blueprint = api.blueprint("install")


class ByStep(BaseModel):
    step: str = Field(pattern=r"^[a-z_]{1,20}$")


@blueprint.get("/install")
@guard.installer
def steps() -> Response:
    asking = guard.viewer()
    with reading() as session:
        portal = session.get_one(Portal, asking.portal_id)
        listed = bindings.steps(portal.id, asking.language)
        return jsonify(steps=listed, finished=portal.works)


@blueprint.post("/install/finish")
@guard.installer
def finish() -> Response:
    """Before the page calls installFinish; the portal works from here on."""
    asking = guard.viewer()
    with transaction():
        bindings.demand_all_run(asking.portal_id)
        lifecycle.finish_install(asking.portal_id, asking.user_id, clock.now())
    return jsonify(ok=True)


@blueprint.post("/install/<step>")
@guard.installer
def run(path: ByStep) -> Response:
    asking = guard.viewer()
    client = portals.client(asking.portal_id)
    bindings.run(asking.portal_id, path.step, client, clock.now())
    with reading():
        found = bindings.steps(asking.portal_id, asking.language)
        return jsonify(next(step for step in found if step["id"] == path.step))
