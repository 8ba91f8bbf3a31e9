"""/api/v1/conversations: the operator's work."""

from typing import Any, Literal

from flask import Response, jsonify
from pydantic import Field
from sqlalchemy.exc import IntegrityError

from b24app import clock
from b24app.actions import colleagues, conversations, people, replies, shown, workplace
from b24app.db import reading, transaction
from b24app.errors import Denied
from b24app.values import Filled
from b24app.web import api, guard
from b24app.web.api import Body, ById, Number, Query
from b24app.web.standing import chat, standing

blueprint = api.blueprint("conversations")


class ListQuery(Query):
    status: Literal["new", "active", "closed"] | None = None
    search: str = Field("", max_length=200)
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(conversations.PAGE, ge=1, le=conversations.PAGE_MAX)
    mine: bool = False
    scope: Literal["desk", "others"] | None = None
    channel: int | None = Field(None, ge=1, le=2**53)
    tag: int | None = Field(None, ge=1, le=2**53)
    responsible: int | None = Field(None, ge=1, le=2**53)
    waiting: bool = False
    entity_type: Literal["deal", "lead", "contact", "company"] | None = None
    entity_id: int | None = Field(None, ge=1)


class LogQuery(Query):
    before: str | None = Field(None, max_length=20)
    limit: int = Field(50, ge=1, le=conversations.PAGE_MAX)


class TemplateBody(Body):
    """A template of the channel with what fills its holes."""

    name: str = Field(max_length=200)
    language: str = Field(max_length=20)
    values: list[str] = Field(default_factory=list, max_length=50)
    header_value: str = Field("", max_length=1000)


class MessageBody(Body):
    client_uuid: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    text: str = ""
    attachments: list[Number] = Field(default_factory=list)
    quote_id: Number | None = None
    template: TemplateBody | None = None


class ReadBody(Body):
    message_id: Number


class DraftBody(Body):
    """window: a name of the page that writes; it does not hear of its own drafts."""

    text: str = Field(max_length=20_000)
    window: str = Field("", max_length=64)


class MessagePath(ById):
    message: int = Field(ge=1, le=2**53)


@blueprint.get("/conversations")
@guard.employee
def index(query: ListQuery) -> Response:
    asking = guard.viewer()
    entity_type, entity_id = _entity(asking, query)
    with reading():
        scope = query.scope if entity_id else _scope(query)
        wanted = conversations.Wanted(
            status=query.status,
            search=query.search,
            mine=asking.user_id if query.mine else None,
            desk_of=asking.user_id if scope == "desk" else None,
            others_than=asking.user_id if scope == "others" else None,
            responsible=query.responsible,
            channel=query.channel,
            tag=query.tag,
            waiting=query.waiting,
            entity_type=entity_type,
            entity_id=entity_id,
            cursor=query.cursor,
            limit=query.limit,
        )
        return jsonify(conversations.listed(asking.portal_id, wanted))


@blueprint.get("/conversations/counters")
@guard.employee
def counters() -> Response:
    asking = guard.viewer()
    with reading():
        return jsonify(conversations.counters(asking.portal_id, asking.user_id))


@blueprint.get("/conversations/<int:number>")
@guard.employee
def show(path: ById) -> Response:
    with reading():
        return jsonify(shown.conversation(_found(path)))


@blueprint.get("/conversations/<int:number>/messages")
@guard.employee
def log(path: ById, query: LogQuery) -> Response:
    with reading():
        page = conversations.messages(_found(path), clock.now(), query.before, query.limit)
    return jsonify(page)


@blueprint.post("/conversations/<int:number>/messages")
@guard.employee
def send(path: ById, body: MessageBody) -> tuple[Response, int]:
    draft = replies.Draft(
        client_uuid=body.client_uuid,
        text=body.text,
        attachments=api.numbers(body.attachments),
        quote_id=int(body.quote_id) if body.quote_id else None,
        template=_filled(body.template),
    )
    try:
        return _send(path, draft)
    except IntegrityError:  # the same uuid was being kept by another request
        return _send(path, draft)


@blueprint.post("/conversations/<int:number>/messages/<int:message>/retry")
@guard.employee
def retry(path: MessagePath) -> Response:
    now = clock.now()
    with transaction():
        standing().demand("write")
        return jsonify(shown.message(replies.retry(_found(path), path.message, now), now))


@blueprint.post("/conversations/<int:number>/accept")
@guard.employee
def accept(path: ById) -> Response:
    """Whoever comes too late is told so, whatever they may see."""
    with transaction():
        row, one = conversations.find(guard.viewer().portal_id, path.number), standing()
        one.demand("accept")
        conversations.accept(row, _operator(), clock.now())
        return jsonify(shown.conversation(row))


@blueprint.post("/conversations/<int:number>/close")
@guard.employee
def close(path: ById) -> Response:
    return _deed(conversations.close, path, "close")


@blueprint.post("/conversations/<int:number>/reopen")
@guard.employee
def reopen(path: ById) -> Response:
    return _deed(conversations.reopen, path, "accept")


@blueprint.post("/conversations/<int:number>/read")
@guard.employee
def read(path: ById, body: ReadBody) -> tuple[str, int]:
    with transaction():
        conversations.read(_found(path), int(body.message_id), clock.now())
    return "", 204


@blueprint.post("/conversations/<int:number>/typing")
@guard.employee
def typing(path: ById) -> tuple[str, int]:
    now = clock.now()
    with transaction():
        row, operator = _found(path), _operator()
        conversations.tell_typing(row, operator.name, now)
        colleagues.look(operator, row, "typing", now)
    return "", 204


@blueprint.put("/conversations/<int:number>/draft")
@guard.employee
def draft(path: ById, body: DraftBody) -> tuple[str, int]:
    asking = guard.viewer()
    with transaction():
        writer = conversations.Writer(asking.user_id, body.window)
        conversations.keep_draft(_found(path), body.text, writer, clock.now())
    return "", 204


def _send(path: ById, draft: replies.Draft) -> tuple[Response, int]:
    now = clock.now()
    with transaction():
        row, one = _found(path), standing()
        one.demand("write")
        if row.status == "new":  # who answers takes the chat
            one.demand("accept")
        message, fresh = replies.reply(row, _operator(), draft, now)
        answer = shown.message(message, now)
    return jsonify(answer), 201 if fresh else 200


def _filled(given: TemplateBody | None) -> Filled | None:
    if given is None:
        return None
    return Filled(given.name, given.language, tuple(given.values), given.header_value)


def _deed(deed: Any, path: ById, switch: str) -> Response:
    with transaction():
        conversation, one = _found(path), standing()
        one.demand(switch)
        deed(conversation, _operator(), clock.now())
        answer = shown.conversation(conversation)
    return jsonify(answer)


def _found(path: ById) -> Any:
    return chat(path.number)


def _scope(query: ListQuery) -> str | None:
    """Colleagues' chats are for those who have the right; others see their own."""
    if query.status == "new":
        return query.scope
    rights = standing().rights
    if query.scope == "others" and "others" not in rights:
        raise Denied(workplace.OTHERS, code="others_chat")
    return query.scope if "others" in rights else "desk"


def _operator() -> Any:
    asking = guard.viewer()
    return people.operator(asking.portal_id, asking.user_id)


def _entity(asking: guard.Viewer, query: ListQuery) -> tuple[str | None, int | None]:
    """The card whose chats are asked for; a card's frame may ask for its own card only."""
    if query.entity_type is None or query.entity_id is None:
        return None, None
    own = asking.entity
    if own and (own.type, own.id) != (query.entity_type, query.entity_id):
        raise Denied("This frame was opened for another card.", code="other_card")
    return query.entity_type, query.entity_id
