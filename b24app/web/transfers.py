"""/api/v1/…/transfer: a chat goes to a colleague."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import shown, transfers
from b24app.actions.transfers import Wish
from b24app.db import reading, transaction
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number
from b24app.web.standing import chat, standing

blueprint = api.blueprint("transfers")


class TransferBody(Body):
    to: Number | None = None
    group: str = Field("", max_length=24)
    comment: str = Field("", max_length=1000)
    forced: bool = False


@blueprint.get("/transfers")
@guard.employee
def index() -> Response:
    """Offers to who asks, and theirs to others, that wait for an answer."""
    asking = guard.viewer()
    with reading():
        return jsonify(items=transfers.pending(asking.portal_id, asking.user_id), next=None)


@blueprint.post("/conversations/<int:number>/transfer")
@guard.employee
def offer(path: ById, body: TransferBody) -> tuple[Response, int]:
    wish = Wish(int(body.to) if body.to else None, body.group, body.comment, body.forced)
    with transaction():
        one = standing()
        made = transfers.offer(chat(path.number, one), one, wish, clock.now())
        return jsonify(_shown(made)), 201


@blueprint.post("/transfers/<int:number>/accept")
@guard.employee
def accept(path: ById) -> Response:
    with transaction():
        made = transfers.find(guard.viewer().portal_id, path.number)
        return jsonify(shown.conversation(transfers.accept(made, standing(), clock.now())))


@blueprint.post("/transfers/<int:number>/decline")
@guard.employee
def decline(path: ById) -> Response:
    return _end(transfers.decline, path)


@blueprint.post("/transfers/<int:number>/cancel")
@guard.employee
def cancel(path: ById) -> Response:
    return _end(transfers.cancel, path)


def _end(deed: Callable[..., None], path: ById) -> Response:
    with transaction():
        made = transfers.find(guard.viewer().portal_id, path.number)
        deed(made, standing(), clock.now())
        return jsonify(_shown(made))


def _shown(made: Any) -> dict[str, Any]:
    return transfers.shown_many(made.portal_id, [made])[0]
