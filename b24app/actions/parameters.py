"""What we really know of an inquiry, by the names of the catalogue; the rest is absent."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import func, select

from b24app.actions import directory
from b24app.db import db
from b24app.models import Channel, Contact, Conversation, Message, OfflineRequest, Operator
from b24app.rules import parameters
from b24app.rules.parameters import Value
from b24app.rules.texts import safe_text

TEXT_MOST = 4_000


def of_chat(row: Conversation) -> dict[str, Value]:
    """Parameters of a conversation as it stands now."""
    zone = directory.zone(row.portal_id)
    first = _first_message(row)
    return _known(
        {
            **_visit(row.visit, row.opened_at, zone),
            **_inquiry("chat", row, row.opened_at, zone),
            **_channel(row.channel),
            **_counts(row),
            "chat_initiator": _initiator(first),
            "visitor_phone": row.contact.phone,
            "visitor_nickname": row.identity.username,
            "visitor_name": row.contact.name or row.identity.name,
            "visitor_email": row.contact.email,
            "visitor_id": row.identity.external_id,
            "language": row.identity.language,
            "first_message": first.text[:TEXT_MOST] if first else "",
            "answer_time": _seconds(row.opened_at, row.first_reply_at),
            "total_duration": _seconds(row.opened_at, row.closed_at),
        }
    )


def of_request(row: OfflineRequest) -> dict[str, Value]:
    """Parameters of an offline request as it stands now."""
    zone = directory.zone(row.portal_id)
    return _known(
        {
            **_visit(row.visit, row.created_at, zone),
            **_inquiry("request", row, row.created_at, zone),
            **_channel(row.channel),
            **_form(row.form),
            "visitor_phone": row.phone,
            "visitor_name": row.name or row.contact.name,
            "visitor_email": row.email,
            "offline_message_type": row.kind,
            "offline_message_form_name": row.form_name,
            "offline_message_status": row.status,
            "offline_message_text": row.text[:TEXT_MOST],
            "process_time": _seconds(row.created_at, row.done_at),
        }
    )


def _inquiry(
    kind: str, row: Conversation | OfflineRequest, at: datetime, zone: tzinfo
) -> dict[str, Value]:
    """What chats and requests have in common."""
    return {
        **parameters.calendar(at.astimezone(zone), "communication"),
        "communication_type": kind,
        "communication_id": str(row.id),
        "communication_number": row.id,
        "is_communication_with_visit": bool(row.visit),
        "employees": _employees(row.portal_id, row.responsible_id),
        "person_id": str(row.contact_id),
        "visitor_type": "returning" if _came_before(row.contact, at) else "new",
    }


def _visit(visit: Mapping[str, Any], at: datetime, zone: tzinfo) -> dict[str, Value]:
    if not visit:
        return {}
    return {**parameters.calendar(at.astimezone(zone), "visit"), **parameters.from_visit(visit)}


def _channel(row: Channel) -> dict[str, Value]:
    return {"channel_type": row.kind, "channel_id": str(row.id), "channel_name": row.name}


def _form(form: Mapping[str, Any]) -> dict[str, Value]:
    """What else was filled in, by the form's own names."""
    named = ((f"custom.{name}", value) for name, value in form.items())
    return {
        name: str(value)[:TEXT_MOST]
        for name, value in named
        if parameters.parameter(name) and isinstance(value, str | int | float)
    }


def _counts(row: Conversation) -> dict[str, Value]:
    """Messages of both sides; notes of ours are none."""
    query = (
        select(Message.direction, func.count())
        .where(Message.conversation_id == row.id, Message.direction != "system")
        .group_by(Message.direction)
    )
    told = {row[0]: int(row[1]) for row in db.session.execute(query)}
    return {
        "chat_messages_count": sum(told.values()),
        "employee_messages_count": told.get("out", 0),
    }


def _first_message(row: Conversation) -> Message | None:
    return db.session.scalar(
        select(Message)
        .where(Message.conversation_id == row.id, Message.direction != "system")
        .order_by(Message.id)
        .limit(1)
    )


def _initiator(first: Message | None) -> str:
    if first is None:
        return ""
    return "visitor" if first.direction == "in" else "operator"


def _employees(portal_id: int, user_id: int | None) -> list[str]:
    if user_id is None:
        return []
    name = db.session.scalar(
        select(Operator.name).where(Operator.portal_id == portal_id, Operator.user_id == user_id)
    )
    return [name] if name else []


def _came_before(contact: Contact, at: datetime) -> bool:
    """Whether this client has turned to us earlier, in any way."""
    chat = select(Conversation.id).where(
        Conversation.contact_id == contact.id, Conversation.opened_at < at
    )
    request = select(OfflineRequest.id).where(
        OfflineRequest.contact_id == contact.id, OfflineRequest.created_at < at
    )
    return any(db.session.scalar(query.limit(1)) for query in (chat, request))


def _seconds(since: datetime, until: datetime | None) -> int | None:
    return None if until is None else max(0, int((until - since).total_seconds()))


def _known(found: Mapping[str, Value]) -> dict[str, Value]:
    """Without what has no data; nothing a client typed can be expanded by the portal."""
    return {
        name: _safe(value)
        for name, value in found.items()
        if value is not None and value != "" and value != []
    }


def _safe(value: Value) -> Value:
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, Iterable):
        return [safe_text(str(one)) for one in value]
    return value
