"""/api/v1/requests: what was left while nobody could answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from flask import Response, jsonify
from pydantic import Field

from b24app import clock
from b24app.actions import people, requests, shown
from b24app.db import reading, transaction
from b24app.models import OfflineRequest, Operator
from b24app.web import api, guard
from b24app.web.api import Body, ById, Query
from b24app.web.standing import standing

blueprint = api.blueprint("requests")


class ListQuery(Query):
    """mine: of those taken and finished only one's own."""

    status: Literal["new", "active", "done"] | None = None
    kind: str = Field("", max_length=24)
    search: str = Field("", max_length=200)
    mine: bool = False
    cursor: str | None = Field(None, max_length=20)
    limit: int = Field(requests.PAGE, ge=1, le=requests.PAGE_MAX)


class RequestNote(Body):
    text: str = Field(max_length=5000)


@blueprint.get("/requests")
@guard.employee
def index(query: ListQuery) -> Response:
    asking = guard.viewer()
    wanted = requests.Wanted(
        status=query.status,
        kind=query.kind,
        search=query.search,
        mine=asking.user_id if query.mine else None,
        cursor=query.cursor,
        limit=query.limit,
    )
    with reading():
        return jsonify(requests.listed(asking.portal_id, wanted))


@blueprint.get("/requests/counters")
@guard.employee
def counters() -> Response:
    with reading():
        return jsonify(requests.counters(guard.viewer().portal_id))


@blueprint.get("/requests/<int:number>")
@guard.employee
def show(path: ById) -> Response:
    with reading():
        return jsonify(shown.request(_found(path)))


@blueprint.post("/requests/<int:number>/take")
@guard.employee
def take(path: ById) -> Response:
    return _deed(requests.take, path, "accept")


@blueprint.post("/requests/<int:number>/finish")
@guard.employee
def finish(path: ById) -> Response:
    return _deed(requests.finish, path, "close")


@blueprint.post("/requests/<int:number>/reopen")
@guard.employee
def reopen(path: ById) -> Response:
    return _deed(requests.reopen, path, "accept")


@blueprint.put("/requests/<int:number>/note")
@guard.employee
def keep_note(path: ById, body: RequestNote) -> Response:
    asking = guard.viewer()
    with transaction():
        row = _found(path)
        writer = people.operator(asking.portal_id, asking.user_id)
        requests.keep_note(row, body.text, writer, clock.now())
        answer = shown.request(row)
    return jsonify(answer)


def _deed(
    deed: Callable[[OfflineRequest, Operator, datetime], None], path: ById, switch: str
) -> Response:
    asking = guard.viewer()
    with transaction():
        row = _found(path)
        standing().demand(switch)
        deed(row, people.operator(asking.portal_id, asking.user_id), clock.now())
        answer = shown.request(row)
    return jsonify(answer)


def _found(path: ById) -> OfflineRequest:
    return requests.find(guard.viewer().portal_id, path.number)
