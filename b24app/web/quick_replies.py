"""/api/v1/quick-replies: texts that operators send again and again."""

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import quick_replies
from b24app.actions.quick_replies import Author, Given
from b24app.db import reading, transaction
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number

blueprint = api.blueprint("quick_replies")


class Reply(Body):
    title: str = Field(max_length=200)
    text: str = Field("", max_length=20_000)
    common: bool = False
    attachments: list[Number] = Field(default_factory=list, max_length=20)


@blueprint.get("/quick-replies")
@guard.employee
def index() -> Response:
    author = _author()
    with reading():
        return jsonify(items=quick_replies.listed(author, clock.now()), next=None)


@blueprint.post("/quick-replies")
@guard.employee
def create(body: Reply) -> tuple[Response, int]:
    author = _author()
    with transaction():
        return jsonify(quick_replies.keep(author, None, _given(body), clock.now())), 201


@blueprint.put("/quick-replies/<int:number>")
@guard.employee
def change(path: ById, body: Reply) -> Response:
    author = _author()
    with transaction():
        return jsonify(quick_replies.keep(author, path.number, _given(body), clock.now()))


@blueprint.delete("/quick-replies/<int:number>")
@guard.employee
def remove(path: ById) -> tuple[str, int]:
    author = _author()
    with transaction():
        quick_replies.drop(author, path.number)
    return "", 204


@blueprint.post("/quick-replies/<int:number>/use")
@guard.employee
def use(path: ById) -> Response:
    """Copies of its files, ready to be sent with a message."""
    author = _author()
    with transaction():
        return jsonify(items=quick_replies.use(author, path.number, clock.now()), next=None)


def _given(body: Reply) -> Given:
    return Given(body.title, body.text, body.common, api.numbers(body.attachments))


def _author() -> Author:
    asking = guard.viewer()
    return Author(asking.portal_id, asking.user_id, guard.may_configure(asking))
