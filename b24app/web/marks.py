"""/api/v1: what operators put on a chat for themselves: pins, tags, notes."""

from flask import Response, jsonify
from pydantic import Field
from sqlalchemy.exc import IntegrityError

from b24app import clock
from b24app.actions import favourites, notes, people, shown, tags
from b24app.db import reading, transaction
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number
from b24app.web.standing import chat, standing

blueprint = api.blueprint("marks")


class NoteBody(Body):
    client_uuid: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    text: str = Field(max_length=notes.LONGEST)


class NotePath(ById):
    note: int = Field(ge=1, le=2**53)


class TagBody(Body):
    name: str = Field(max_length=200)
    colour: str = Field("blue", max_length=12)


class TagsBody(Body):
    tags: list[Number] = Field(max_length=100)


@blueprint.put("/conversations/<int:number>/favourite")
@guard.employee
def pin(path: ById) -> Response:
    with transaction():
        kept = favourites.pin(chat(path.number), guard.viewer().user_id, clock.now())
        return jsonify(ids=kept)


@blueprint.delete("/conversations/<int:number>/favourite")
@guard.employee
def unpin(path: ById) -> Response:
    with transaction():
        kept = favourites.unpin(chat(path.number), guard.viewer().user_id, clock.now())
        return jsonify(ids=kept)


@blueprint.post("/conversations/<int:number>/notes")
@guard.employee
def note(path: ById, body: NoteBody) -> tuple[Response, int]:
    try:
        return _note(path, body)
    except IntegrityError:  # the same uuid was being kept by another request
        return _note(path, body)


@blueprint.delete("/conversations/<int:number>/notes/<int:note>")
@guard.employee
def erase(path: NotePath) -> Response:
    now = clock.now()
    with transaction():
        row = notes.erase(chat(path.number), path.note, guard.viewer().user_id, now)
        return jsonify(shown.message(row, now))


@blueprint.put("/conversations/<int:number>/tags")
@guard.employee
def mark(path: ById, body: TagsBody) -> Response:
    with transaction():
        row = chat(path.number)
        tags.mark(row, api.numbers(body.tags), guard.viewer().user_id, clock.now())
        return jsonify(shown.conversation(row))


@blueprint.get("/tags")
@guard.employee
def index() -> Response:
    with reading():
        return jsonify(items=tags.listed(guard.viewer().portal_id), next=None)


@blueprint.post("/tags")
@guard.employee
def make(body: TagBody) -> tuple[Response, int]:
    asking = guard.viewer()
    with transaction():
        standing().demand_right("tags")
        made = tags.make(asking.portal_id, body.name, body.colour, asking.user_id, clock.now())
        return jsonify(made), 201


@blueprint.put("/tags/<int:number>")
@guard.employee
def change(path: ById, body: TagBody) -> Response:
    asking = guard.viewer()
    with transaction():
        row = tags.find(asking.portal_id, path.number)
        standing().demand_right("tags")
        return jsonify(tags.change(row, body.name, body.colour, asking.user_id, clock.now()))


@blueprint.delete("/tags/<int:number>")
@guard.employee
def remove(path: ById) -> tuple[str, int]:
    asking = guard.viewer()
    with transaction():
        row = tags.find(asking.portal_id, path.number)
        standing().demand_right("tags")
        tags.remove(row, asking.user_id, clock.now())
    return "", 204


def _note(path: ById, body: NoteBody) -> tuple[Response, int]:
    now, asking = clock.now(), guard.viewer()
    with transaction():
        row = chat(path.number)
        operator = people.operator(asking.portal_id, asking.user_id)
        kept, fresh = notes.write(row, operator, body.client_uuid, body.text, now)
        return jsonify(shown.message(kept, now)), 201 if fresh else 200
