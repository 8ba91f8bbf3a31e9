"""Rows as screens see them: the shapes of the API and of live news."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app import clock, media
from b24app.actions import windows
from b24app.db import db
from b24app.models import (
    Attachment,
    Channel,
    Contact,
    Conversation,
    Identity,
    Message,
    OfflineRequest,
    Operator,
    Portal,
)
from b24app.models.event import announce
from b24app.rules.target import TYPE_NAMES

LINK_LIFE = timedelta(hours=12)
CRM_TYPES = ("lead", "deal", "contact", "company")


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, or None."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def conversation(
    row: Conversation,
    people: Mapping[int, Operator] | None = None,
    portal: Portal | None = None,
) -> dict[str, Any]:
    """A conversation; a list hands in what all its rows share."""
    people = operators(row.portal_id, [row.responsible_id]) if people is None else people
    portal = portal or row.channel.portal
    return {
        "id": str(row.id),
        "status": row.status,
        "version": row.version,
        "channel": _channel_brief(row.channel),
        "contact": _contact(row.contact, row.identity),
        "responsible": person(row.responsible_id, people),
        "last_message": _last(row),
        "unread": row.unread,
        "waiting_since": moment(row.waiting_since),
        "opened_at": moment(row.opened_at),
        "accepted_at": moment(row.accepted_at),
        "closed_at": moment(row.closed_at),
        "first_reply_at": moment(row.first_reply_at),
        "visit": row.visit,
        "line": _line(row),
        "crm": {**_crm(row, portal), "pin": _pin(row, portal)},
        "draft": row.draft,
        "window": window(row),
        "tags": [str(one) for one in row.tags or ()],
        "may": {
            "accept": row.status == "new",
            "reply": row.is_open and row.channel.connected and not row.identity.blocked,
            "close": row.is_open,
            "reopen": row.status == "closed",
        },
    }


def window(row: Conversation) -> dict[str, Any] | None:
    """Until when free words may go; None: at any time. `until` None: the client never wrote."""
    span = windows.span(row.channel.kind)
    if span is None:
        return None
    return {"until": moment(windows.until(row.identity.heard_at, span))}


def message(row: Message, now: datetime) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "conversation_id": str(row.conversation_id),
        "version": row.version,
        "direction": row.direction,
        "origin": row.origin,
        "author": _author(row),
        "text": "" if row.deleted_at else row.text,
        "system": row.details if row.direction == "system" else None,
        "attachments": [] if row.deleted_at else [attachment(one, now) for one in row.attachments],
        "quote": _quote(row),
        "laid_out": bool(row.details.get("laid_out")) and not row.deleted_at,
        "state": row.state,
        "error": {"code": row.error_code, "message": row.error} if row.error_code else None,
        "client_uuid": row.client_uuid or _own_name(row),
        "at": moment(row.said_at),
        "reaction": row.details.get("reaction", ""),
        "edited_at": moment(row.edited_at),
        "deleted": row.deleted_at is not None,
    }


def request(
    row: OfflineRequest,
    people: Mapping[int, Operator] | None = None,
    portal: Portal | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """An offline request; a list hands in what all its rows share."""
    people = operators(row.portal_id, [row.responsible_id]) if people is None else people
    portal = portal or db.session.get_one(Portal, row.portal_id)
    return {
        "id": str(row.id),
        "status": row.status,
        "kind": row.kind,
        "channel": _channel_brief(row.channel),
        "contact": {
            "id": str(row.contact_id),
            "name": row.contact.name or row.name or row.phone or row.email,
            "phone": row.contact.phone,
            "email": row.contact.email,
        },
        "name": row.name,
        "phone": row.phone,
        "email": row.email,
        "text": row.text,
        "form_name": row.form_name,
        "form": row.form,
        "attachments": [attachment(one, now or clock.now()) for one in row.attachments],
        "visit": row.visit,
        "created_at": moment(row.created_at),
        "taken_at": moment(row.taken_at),
        "done_at": moment(row.done_at),
        "note": row.note,
        "responsible": person(row.responsible_id, people),
        "crm": _crm(row, portal),
        "may": {
            "take": row.status == "new",
            "finish": row.status != "done",
            "reopen": row.status == "done",
        },
    }


def attachment(row: Attachment, now: datetime) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "kind": row.kind,
        "name": row.name,
        "size": row.size,
        "mime": row.mime,
        "url": media_url(row, now),
        "state": row.state,
        "duration_seconds": row.duration_seconds,
    }


def media_url(row: Attachment, now: datetime) -> str | None:
    """A link that opens the file for half a day; None while we do not hold it."""
    if row.state != "stored":
        return None
    return media.link(row.media_key, row.name, row.mime, now + LINK_LIFE)


def operators(portal_id: int, user_ids: Iterable[int | None]) -> dict[int, Operator]:
    wanted = {user_id for user_id in user_ids if user_id}
    if not wanted:
        return {}
    rows = db.session.scalars(
        select(Operator).where(Operator.portal_id == portal_id, Operator.user_id.in_(wanted))
    )
    return {row.user_id: row for row in rows}


def tell_conversation(row: Conversation, now: datetime) -> None:
    """Screens learn how a conversation stands now."""
    row.version += 1
    _number()
    announce(row.portal_id, "conversation", conversation(row), now, visitor=visitor(row))


def tell_message(row: Message, conversation_row: Conversation, now: datetime) -> None:
    """Screens, and the visitor's own widget, learn of a message."""
    _number()
    whose = None if row.direction == "system" else visitor(conversation_row)
    announce(row.portal_id, "message", message(row, now), now, visitor=whose)


def tell_request(row: OfflineRequest, now: datetime) -> None:
    """Screens learn how an offline request stands now."""
    _number()
    announce(row.portal_id, "request", request(row, now=now), now)


def _number() -> None:
    """News show ids: what has none yet is written."""
    if db.session.new:
        db.session.flush()


def visitor(row: Conversation) -> str | None:
    """Who on a site hears news of this conversation too; None for other messengers."""
    if row.channel.kind != "webchat":
        return None
    return f"{row.channel_id}:{row.identity.external_id}"


def client(row: Conversation) -> dict[str, Any]:
    """Who writes and where, in short."""
    contact = _contact(row.contact, row.identity)
    brief = {name: contact[name] for name in ("name", "phone", "email")}
    return {**brief, "channel": {"kind": row.channel.kind, "name": row.channel.name}}


def _channel_brief(row: Channel) -> dict[str, Any]:
    return {"id": str(row.id), "kind": row.kind, "name": row.name}


def _contact(row: Contact, identity: Identity) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name or identity.name or identity.username or f"#{row.id}",
        "phone": row.phone,
        "email": row.email,
        "avatar_url": identity.avatar_url,
        "username": identity.username,
        "blocked": identity.blocked,
    }


def person(user_id: int | None, people: Mapping[int, Operator]) -> dict[str, Any] | None:
    if user_id is None:
        return None
    known = people.get(user_id)
    return {
        "id": str(user_id),
        "name": known.name if known else f"#{user_id}",
        "photo_url": known.photo_url if known else "",
    }


def _last(row: Conversation) -> dict[str, Any] | None:
    if row.last_message_id is None:
        return None
    return {
        "id": str(row.last_message_id),
        "text": row.last_text,
        "kind": row.last_kind,
        "direction": row.last_direction,
        "at": moment(row.last_at),
    }


def _line(row: Conversation) -> dict[str, Any] | None:
    if row.line_id is None:
        return None
    return {
        "id": str(row.line_id),
        "chat_id": str(row.line_chat_id) if row.line_chat_id else None,
        "session_id": str(row.line_session_id) if row.line_session_id else None,
    }


def _pin(row: Conversation, portal: Portal) -> dict[str, Any] | None:
    """The card that an operator has chosen for the chat."""
    if not row.crm_pin:
        return None
    type_id, number = row.crm_pin
    kind = TYPE_NAMES[type_id]
    url = f"{portal.origin}/crm/{kind}/details/{number}/"
    return {"type": kind, "id": str(number), "url": url}


def _crm(row: Conversation | OfflineRequest, portal: Portal) -> dict[str, Any]:
    ids = {
        "lead": row.lead_id,
        "deal": row.deal_id,
        "contact": row.crm_contact_id,
        "company": row.crm_company_id,
    }
    links = {
        kind: {"id": str(number), "url": f"{portal.origin}/crm/{kind}/details/{number}/"}
        if number
        else None
        for kind, number in ids.items()
    }
    return {"state": row.crm_state, "error": row.crm_error, **links}


def _author(row: Message) -> dict[str, Any] | None:
    if not row.author_id and not row.author_name:
        return None
    return {"id": str(row.author_id) if row.author_id else None, "name": row.author_name}


def _own_name(row: Message) -> str | None:
    """What the client's own messenger calls their message (a widget's uuid)."""
    return row.external_id.rpartition(":")[2] if row.direction == "in" and row.external_id else None


def _quote(row: Message) -> dict[str, Any] | None:
    if not row.quote_id and not row.quote_text:
        return None
    return {
        "id": str(row.quote_id) if row.quote_id else None,
        "text": row.quote_text,
        "author": row.quote_author,
    }
