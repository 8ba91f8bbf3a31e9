"""/api/v1/channels: accounts of messengers, shown to employees, changed by administrators."""

from typing import Any

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import channels, login_steps, widget
from b24app.actions.channels import Admin
from b24app.actions.login_steps import Answers
from b24app.db import reading, transaction
from b24app.web import api, guard
from b24app.web.api import Body, ById

blueprint = api.blueprint("channels")


class Connect(Body):
    kind: str = Field(max_length=24)
    name: str = Field("", max_length=200)
    settings: dict[str, Any] = Field(default_factory=dict)
    step: str = Field("", max_length=20_000)
    answers: dict[str, str] = Field(default_factory=dict)


class Settings(Body):
    settings: dict[str, Any] = Field(default_factory=dict)
    step: str = Field("", max_length=20_000)
    answers: dict[str, str] = Field(default_factory=dict)


class Change(Body):
    name: str | None = Field(None, min_length=1, max_length=200)
    silence_hours: int | None = Field(None, ge=0, le=168)


class Look(Body):
    settings: dict[str, Any] = Field(default_factory=dict)


@blueprint.get("/channels")
@guard.employee
def index() -> Response:
    with reading():
        return jsonify(items=channels.listed(guard.viewer().portal_id), next=None)


@blueprint.get("/channels/kinds")
@guard.employee
def kinds() -> Response:
    return jsonify(items=channels.kinds(guard.viewer().language), next=None)


@blueprint.post("/channels")
@guard.admin
def connect(body: Connect) -> tuple[Response, int]:
    answers = Answers(body.step, body.answers)
    try:
        made = channels.connect(_admin(), body.kind, body.name, body.settings, clock.now(), answers)
    except channels.Unfinished as unfinished:
        return _step(unfinished, body.kind)
    return jsonify(made), 201


@blueprint.get("/channels/<int:number>")
@guard.employee
def show(path: ById) -> Response:
    with reading():
        row = channels.found(guard.viewer().portal_id, path.number)
        return jsonify(channels.shown(row))


@blueprint.patch("/channels/<int:number>")
@guard.admin
def change(path: ById, body: Change) -> Response:
    now = clock.now()
    with transaction():
        if body.name is not None:
            channels.rename(_admin(), path.number, body.name, now)
        if body.silence_hours is not None:
            channels.watch(_admin(), path.number, body.silence_hours, now)
        return jsonify(channels.shown(channels.found(_admin().portal_id, path.number)))


@blueprint.post("/channels/look")
@guard.admin
def look(body: Look) -> Response:
    """How the site widget would look and what would be wrong with it; nothing is kept."""
    return jsonify(widget.rehearsed(body.settings, guard.viewer().language, clock.now()))


@blueprint.get("/channels/<int:number>/chats")
@guard.admin
def chats(path: ById) -> Response:
    with reading():
        return jsonify(items=channels.chats(guard.viewer().portal_id, path.number), next=None)


@blueprint.delete("/channels/<int:number>")
@guard.admin
def remove(path: ById) -> tuple[str, int]:
    channels.delete(_admin(), path.number, clock.now())
    return "", 204


@blueprint.post("/channels/<int:number>/check")
@guard.admin
def check(path: ById) -> Response:
    return jsonify(channels.check(guard.viewer().portal_id, path.number, clock.now()))


@blueprint.post("/channels/<int:number>/reconnect")
@guard.admin
def reconnect(path: ById, body: Settings) -> tuple[Response, int]:
    answers = Answers(body.step, body.answers)
    try:
        made = channels.reconnect(_admin(), path.number, body.settings, clock.now(), answers)
    except channels.Unfinished as unfinished:
        with reading():
            kind = channels.found(guard.viewer().portal_id, path.number).kind
        return _step(unfinished, kind)
    return jsonify(made), 200


@blueprint.post("/channels/<int:number>/disconnect")
@guard.admin
def disconnect(path: ById) -> Response:
    return jsonify(channels.disconnect(_admin(), path.number, clock.now()))


def _step(unfinished: channels.Unfinished, kind: str) -> tuple[Response, int]:
    """What is asked next; 202: nothing is connected yet."""
    asking = guard.viewer()
    step = login_steps.shown(unfinished.step, asking.portal_id, kind, asking.language)
    return jsonify(step=step), 202


def _admin() -> Admin:
    asking = guard.viewer()
    return Admin(asking.portal_id, asking.user_id)
