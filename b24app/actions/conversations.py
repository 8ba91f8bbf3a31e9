"""Conversations of a portal: found, listed, accepted, closed, reopened, read."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, tuple_, update

from b24app.actions import journal, promises, read_marks, search, shown
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound
from b24app.models import Conversation, ConversationTag, Message, Operator, Portal
from b24app.models.event import announce
from b24app.rules import texts

PAGE = 30
PAGE_MAX = 100
DRAFT = 20_000  # characters
COUNT_CAP = 1000
ENTITY_COLUMNS = {
    "deal": Conversation.deal_id,
    "lead": Conversation.lead_id,
    "contact": Conversation.crm_contact_id,
    "company": Conversation.crm_company_id,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations a screen asks for; None and "" mean any.

    desk_of: those that this employee or nobody answers for; others_than: those of colleagues.
    """

    status: str | None = None
    search: str = ""
    mine: int | None = None
    desk_of: int | None = None
    others_than: int | None = None
    responsible: int | None = None
    channel: int | None = None
    tag: int | None = None
    waiting: bool = False
    entity_type: str | None = None
    entity_id: int | None = None
    cursor: str | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes a draft, and in which of their windows."""

    user_id: int
    window: str


def find(portal_id: int, conversation_id: int) -> Conversation:
    """The conversation of this portal; NotFound for any other."""
    found = db.session.scalar(
        select(Conversation).where(
            Conversation.portal_id == portal_id, Conversation.id == conversation_id
        )
    )
    if found is None:
        raise NotFound("There is no such chat.")
    return found


def listed(portal_id: int, wanted: Wanted) -> dict[str, Any]:
    """A page of conversations, newest activity first; `next` is the cursor of the next page."""
    limit = max(1, min(wanted.limit, PAGE_MAX))
    rows = _page(portal_id, replace(wanted, limit=limit))
    people = shown.operators(portal_id, [row.responsible_id for row in rows])
    portal = db.session.get_one(Portal, portal_id)
    return {
        "items": [shown.conversation(row, people, portal) for row in rows[:limit]],
        "next": _cursor(rows[limit - 1]) if len(rows) > limit else None,
    }


def counters(portal_id: int, user_id: int) -> dict[str, int]:
    """How many are new, in work (mine, mine unread, colleagues') and closed, up to a cap."""
    here = Conversation.portal_id == portal_id
    active = and_(here, Conversation.status == "active")
    mine, nobodys = Conversation.responsible_id == user_id, Conversation.responsible_id.is_(None)
    unread = Conversation.unread > 0
    return {
        "new": _count(here, Conversation.status == "new"),
        "active": _count(active, mine) + _count(active, nobodys),
        "active_unread": _count(active, mine, unread) + _count(active, nobodys, unread),
        "others": _count(active, Conversation.responsible_id != user_id),
        "closed": _count(here, Conversation.status == "closed"),
    }


def messages(
    conversation: Conversation, now: datetime, before: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """A page of the log, oldest first; `next` is the cursor of older messages."""
    limit = max(1, min(limit, PAGE_MAX))
    query = select(Message).where(Message.conversation_id == conversation.id)
    if before:
        query = query.where(Message.id < _number(before))
    rows = list(db.session.scalars(query.order_by(Message.id.desc()).limit(limit + 1)))
    page = rows[:limit]
    return {
        "items": [shown.message(row, now) for row in reversed(page)],
        "next": str(page[-1].id) if len(rows) > limit else None,
    }


def accept(conversation: Conversation, operator: Operator, now: datetime) -> None:
    """The operator takes the chat; Conflict if somebody was faster."""
    if conversation.status == "active" and conversation.responsible_id == operator.user_id:
        return
    _claim(conversation, "new")
    conversation.accept(operator.user_id, now)
    journal.note(conversation, "accepted", {"name": operator.name}, now)
    promises.line_deed(conversation, "accept", operator.user_id, now)
    promises.crm(conversation, now)
    shown.tell_conversation(conversation, now)


def close(conversation: Conversation, operator: Operator, now: datetime) -> None:
    if conversation.status == "closed":
        return
    _claim(conversation, conversation.status)
    conversation.close(now)
    journal.note(conversation, "closed", {"name": operator.name}, now)
    promises.line_deed(conversation, "close", operator.user_id, now)
    promises.crm(conversation, now)
    shown.tell_conversation(conversation, now)


def reopen(conversation: Conversation, operator: Operator, now: datetime) -> None:
    """Take a closed chat up again; Conflict if the client has a newer one open."""
    newer = db.session.scalar(
        select(Conversation.id).where(
            Conversation.identity_id == conversation.identity_id,
            Conversation.status != "closed",
        )
    )
    if newer:
        raise Conflict("This client already has another open chat.", code="other_open")
    conversation.reopen(operator.user_id, now)
    journal.note(conversation, "reopened", {"name": operator.name}, now)
    promises.line_deed(conversation, "reopen", operator.user_id, now)
    promises.crm(conversation, now)
    shown.tell_conversation(conversation, now)


def read(conversation: Conversation, message_id: int, now: datetime) -> None:
    """An operator saw the chat up to a message."""
    if conversation.unread == 0:
        return
    conversation.unread = (
        db.session.scalar(
            select(func.count()).where(
                Message.conversation_id == conversation.id,
                Message.direction == "in",
                Message.id > message_id,
            )
        )
        or 0
    )
    read_marks.promise_mark(conversation, message_id, now)
    shown.tell_conversation(conversation, now)


def keep_draft(conversation: Conversation, text: str, writer: Writer, now: datetime) -> None:
    """What an operator has not sent yet; their other windows show it, too."""
    cleaned = texts.clean(text)[:DRAFT]
    if cleaned == conversation.draft:
        return
    conversation.draft = cleaned
    told = {
        "conversation_id": str(conversation.id),
        "text": cleaned,
        "user_id": str(writer.user_id),
        "window": writer.window,
    }
    announce(conversation.portal_id, "draft", told, now)


def tell_typing(conversation: Conversation, name: str, now: datetime) -> None:
    """The visitor of our own widget sees that somebody answers."""
    if conversation.channel.kind != "webchat":
        return
    visitor = shown.visitor(conversation)
    data = {"conversation_id": str(conversation.id), "operator": name}
    announce(conversation.portal_id, "operator_typing", data, now, visitor=visitor)


def _claim(conversation: Conversation, status: str) -> None:
    """Of two people pressing at once one wins: the row changes only from `status`."""
    moved = db.session.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id, Conversation.status == status)
        .values(version=Conversation.version + 1)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("This chat has already been taken or closed.", code="not_new")
    db.session.refresh(conversation)
    if conversation.status != status:
        raise Conflict("This chat has already been taken or closed.", code="not_new")


def _page(portal_id: int, wanted: Wanted) -> list[Conversation]:
    """One more than a page, if there are so many.

    Mine and nobody's are two walks of one index: an OR of them would walk everybody's.
    """
    base = _filtered(select(Conversation).where(Conversation.portal_id == portal_id), wanted)
    if wanted.search.strip():
        base = base.where(Conversation.id.in_(search.chats(portal_id, wanted.search)))
    if wanted.cursor:
        at, number = _read_cursor(wanted.cursor)
        base = base.where(
            tuple_(Conversation.last_at, Conversation.id) < tuple_(_bound(at), number)
        )
    base = base.order_by(Conversation.last_at.desc(), Conversation.id.desc())
    walks = [base] if wanted.desk_of is None else [base.where(one) for one in _desk(wanted.desk_of)]
    rows = [row for walk in walks for row in db.session.scalars(walk.limit(wanted.limit + 1))]
    rows.sort(key=lambda row: (row.last_at, row.id), reverse=True)
    return rows[: wanted.limit + 1]


def _desk(user_id: int) -> tuple[Any, Any]:
    return Conversation.responsible_id == user_id, Conversation.responsible_id.is_(None)


def _filtered(query: Select[Conversation], wanted: Wanted) -> Select[Conversation]:
    if wanted.status is not None:
        if wanted.status not in ("new", "active", "closed"):
            raise Invalid(fields={"status": "One of new, active, closed."})
        query = query.where(Conversation.status == wanted.status)
    if wanted.mine is not None:
        query = query.where(Conversation.responsible_id == wanted.mine)
    if wanted.entity_type is not None:
        query = query.where(ENTITY_COLUMNS[wanted.entity_type] == wanted.entity_id)
    fitting = (
        (wanted.others_than, Conversation.responsible_id != wanted.others_than),
        (wanted.responsible, Conversation.responsible_id == wanted.responsible),
        (wanted.channel, Conversation.channel_id == wanted.channel),
        (wanted.tag, Conversation.id.in_(_tagged(wanted.tag))),
        (wanted.waiting or None, Conversation.waiting_since.is_not(None)),
    )
    return query.where(*(condition for asked, condition in fitting if asked is not None))


def _tagged(tag: int | None) -> Any:
    return select(ConversationTag.conversation_id).where(ConversationTag.tag_id == tag)


def _count(*conditions: Any) -> int:
    capped = select(Conversation.id).where(and_(*conditions)).limit(COUNT_CAP).subquery()
    return db.session.scalar(select(func.count()).select_from(capped)) or 0


def _cursor(row: Conversation) -> str:
    raw = json.dumps([row.last_at.isoformat(), row.id])
    return urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        at, number = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return datetime.fromisoformat(at), int(number)
    except (ValueError, TypeError) as error:
        raise Invalid(fields={"cursor": "This cursor is not one of ours."}) from error


def _bound(at: datetime) -> Any:
    return literal(at, Conversation.last_at.type)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise Invalid(fields={"before": "This cursor is not one of ours."})
    return int(text)
