"""/api/v1/conversations/<id>/scheduled: messages for later."""

from flask import Response, jsonify
from pydantic import AwareDatetime, Field
from sqlalchemy.exc import IntegrityError

from b24app import clock
from b24app.actions import people, scheduled
from b24app.actions.scheduled import Plan
from b24app.db import reading, transaction
from b24app.models import Conversation
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number
from b24app.web.standing import chat, standing

blueprint = api.blueprint("scheduled")


class PlanBody(Body):
    client_uuid: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    text: str = ""
    attachments: list[Number] = Field(default_factory=list, max_length=20)
    due_at: AwareDatetime = Field(strict=False)


class ChangeBody(Body):
    text: str = ""
    due_at: AwareDatetime = Field(strict=False)


class PlanPath(ById):
    plan: int = Field(ge=1, le=2**53)


@blueprint.get("/conversations/<int:number>/scheduled")
@guard.employee
def index(path: ById) -> Response:
    with reading():
        return jsonify(items=scheduled.listed(chat(path.number), clock.now()), next=None)


@blueprint.post("/conversations/<int:number>/scheduled")
@guard.employee
def plan(path: ById, body: PlanBody) -> tuple[Response, int]:
    try:
        return _plan(path, body), 201
    except IntegrityError:  # the same uuid was being kept by another request
        return _plan(path, body), 201


@blueprint.put("/conversations/<int:number>/scheduled/<int:plan>")
@guard.employee
def change(path: PlanPath, body: ChangeBody) -> Response:
    now = clock.now()
    with transaction():
        return jsonify(scheduled.change(_changed(path), path.plan, body.text, body.due_at, now))


@blueprint.delete("/conversations/<int:number>/scheduled/<int:plan>")
@guard.employee
def cancel(path: PlanPath) -> tuple[str, int]:
    with transaction():
        scheduled.cancel(_changed(path), path.plan, clock.now())
    return "", 204


def _plan(path: ById, body: PlanBody) -> Response:
    given = Plan(body.client_uuid, body.text, body.due_at, api.numbers(body.attachments))
    asking = guard.viewer()
    with transaction():
        operator = people.operator(asking.portal_id, asking.user_id)
        return jsonify(scheduled.plan(_changed(path), operator, given, clock.now()))


def _changed(path: ById) -> Conversation:
    """A chat in which the employee may write now."""
    one = standing()
    one.demand("write")
    return chat(path.number, one)
