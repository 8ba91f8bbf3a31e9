"""/api/v1/decisions: why inquiries went where they went; what other rules would have done."""

from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel, Field

from b24app.actions import conversations, dry_run, why
from b24app.db import reading
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number, Query

blueprint = api.blueprint("decisions")


class ListQuery(Query):
    conversation_id: Number | None = None
    request_id: Number | None = None
    cursor: Number | None = None
    limit: int = Field(why.PAGE, ge=1, le=why.PAGE_MAX)


class DryRunPath(BaseModel):
    kind: str = Field(pattern=r"^(chats|requests)$")


class DryRunBody(Body):
    document: dict[str, Any]
    limit: int = Field(dry_run.LIMIT, ge=1, le=dry_run.LIMIT)


@blueprint.get("/decisions")
@guard.employee
def index(query: ListQuery) -> Response:
    asking = guard.viewer()
    with reading():
        found = why.listed(
            asking.portal_id,
            asking.language,
            conversation_id=_number(query.conversation_id),
            request_id=_number(query.request_id),
            before=_number(query.cursor),
            limit=query.limit,
        )
    return jsonify(found)


@blueprint.get("/decisions/<int:number>")
@guard.employee
def show(path: ById) -> Response:
    asking = guard.viewer()
    with reading():
        return jsonify(why.page(why.find(asking.portal_id, path.number), asking.language))


@blueprint.get("/conversations/<int:number>/decision")
@guard.employee
def of_conversation(path: ById) -> Response:
    """The latest decision about a chat."""
    asking = guard.viewer()
    with reading():
        conversations.find(asking.portal_id, path.number)
        return jsonify(why.newest(asking.portal_id, path.number, asking.language))


@blueprint.post("/settings/<string:kind>/dry_run")
@guard.configurer
def try_rules(path: DryRunPath, body: DryRunBody) -> Response:
    """Rules tried on the last inquiries; nothing is written and nobody is asked."""
    asking = guard.viewer()
    with reading():
        return jsonify(dry_run.run(asking.portal_id, path.kind, body.document, body.limit))


def _number(text: str | None) -> int | None:
    return int(text) if text else None
