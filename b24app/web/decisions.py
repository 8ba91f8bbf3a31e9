"""/api/v1/decisions: why inquiries went where they went; what other rules would have done."""

from typing import Any, Literal

from flask import Response, jsonify
from pydantic import AwareDatetime, BaseModel, Field

from b24app.actions import conversations, decisions, dry_run, why
from b24app.db import reading
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number, Query

blueprint = api.blueprint("decisions")


class ListQuery(Query):
    """since: RFC 3339; search: of the client's name, phone or e-mail."""

    conversation_id: Number | None = None
    request_id: Number | None = None
    settings_kind: Literal["chats", "requests"] | None = None
    result: Literal["primary", "repeat", "known", "filtered", "none", "failed"] | None = None
    since: AwareDatetime | None = None
    search: str = Field("", max_length=200)
    cursor: Number | None = None
    limit: int = Field(decisions.PAGE, ge=1, le=decisions.PAGE_MAX)


class DryRunPath(BaseModel):
    kind: str = Field(pattern=r"^(chats|requests)$")


class DryRunBody(Body):
    document: dict[str, Any]
    limit: int = Field(dry_run.LIMIT, ge=1, le=dry_run.LIMIT)


@blueprint.get("/decisions")
@guard.employee
def index(query: ListQuery) -> Response:
    asking = guard.viewer()
    wanted = decisions.Wanted(
        conversation_id=_number(query.conversation_id),
        request_id=_number(query.request_id),
        settings_kind=query.settings_kind,
        result=query.result,
        since=query.since,
        search=query.search.strip(),
        before=_number(query.cursor),
        limit=query.limit,
    )
    with reading():
        found = decisions.listed(asking.portal_id, asking.language, wanted)
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
