"""Chats and offline requests as inquiries: what the rules and CRM shall know of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from b24app import i18n
from b24app.actions import crm_places, directory, parameters
from b24app.actions.crm_places import Source
from b24app.db import db
from b24app.i18n import N_, say
from b24app.models import Contact, Conversation, OfflineRequest, Portal, Token
from b24app.rules import bbcode
from b24app.rules.documents import Document
from b24app.rules.target import DEAL, LEAD, Target
from b24app.rules.texts import safe_text
from b24app.rules.verdict import Inquiry

# Within this time a client who turns to us by another way means the same thing.
RECENT = timedelta(hours=24)
RECENT_MOST = 20
LABELS = {
    "name": N_("Name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "page": N_("Page"),
    "text": N_("Text"),
}


def load(payload: Mapping[str, Any]) -> Source | None:
    """What a promise is about; None if it is gone."""
    if "request_id" in payload:
        return db.session.get(OfflineRequest, payload["request_id"])
    return db.session.get(Conversation, payload["conversation_id"])


def inquiry(row: Source, document: Document, now: datetime) -> Inquiry:
    """The chat or request for CRM; whatever a client typed cannot be expanded by the portal."""
    if isinstance(row, OfflineRequest):
        return of_request(row, document, now)
    return of_chat(row, now)


def of_chat(row: Conversation, now: datetime) -> Inquiry:
    contact, identity, channel = row.contact, row.identity, row.channel
    name = contact.name or identity.name or identity.username or f"#{contact.id}"
    page = str(row.visit.get("page_url") or "")
    return Inquiry(
        kind="chat",
        id=row.id,
        origin=f"chat:{row.id}",
        parameters=parameters.of_chat(row),
        name=safe_text(name),
        phone=contact.phone,
        email=safe_text(contact.email),
        im=_messenger(row),
        client_key=f"c{channel.id}:{identity.external_id}",
        pinned=crm_places.target_of(row.crm_pin),
        fallback_responsible=row.responsible_id or _installer(row.portal_id),
        source_description=safe_text(page or channel.name),
        utm=_utm(row.visit),
        recent=_recent(row, now),
        zone=str(directory.zone(row.portal_id)),
    )


def of_request(row: OfflineRequest, document: Document, now: datetime) -> Inquiry:
    zone = directory.zone(row.portal_id)
    due = row.created_at.astimezone(zone) + timedelta(minutes=document.deadline_minutes)
    page = str(row.visit.get("page_url") or "")
    return Inquiry(
        kind="request",
        id=row.id,
        origin=f"form:{row.id}",
        parameters=parameters.of_request(row),
        name=safe_text(row.name or row.contact.name or row.phone or row.email),
        phone=row.phone,
        email=safe_text(row.email),
        client_key=f"p{row.contact_id}",
        fallback_responsible=row.responsible_id or _installer(row.portal_id),
        source_description=safe_text(page or row.form_name or row.channel.name),
        utm=_utm(row.visit),
        deadline=due.isoformat(timespec="seconds"),
        recent=_recent(row, now),
        zone=str(zone),
    )


def words(row: OfflineRequest) -> str:
    """What was left, for the timeline: every field on a line of its own."""
    language = i18n.language(db.session.get_one(Portal, row.portal_id).lang)
    head = " · ".join(part for part in (row.form_name or row.channel.name, f"#{row.id}") if part)
    told = {
        "name": row.name,
        "phone": row.phone,
        "email": row.email,
        "page": str(row.visit.get("page_url") or ""),
        "text": row.text,
    }
    pairs = [(say(LABELS[name], language), value) for name, value in told.items()]
    pairs[-1:-1] = [(str(name), str(value)) for name, value in row.form.items()]
    lines = [bbcode.escaped(f"{name}: {value}") for name, value in pairs if value]
    return safe_text("\n".join([head, *lines]))


def known_contact(row: Source) -> int | None:
    """The client's contact in CRM by what we wrote before."""
    return row.crm_contact_id or row.contact.crm_contact_id


def _messenger(row: Conversation) -> tuple[tuple[str, str], ...]:
    username = safe_text(row.identity.username)
    return (("TELEGRAM", username),) if row.channel.kind == "telegram" and username else ()


def _installer(portal_id: int) -> int | None:
    master = select(Token.user_id).where(Token.portal_id == portal_id, Token.is_master.is_(True))
    return db.session.scalar(master.limit(1))


def _utm(visit: Mapping[str, Any]) -> dict[str, str]:
    told = visit.get("utm")
    marks = told if isinstance(told, Mapping) else {}
    return {str(key): safe_text(str(value)) for key, value in marks.items() if value}


def _recent(row: Source, now: datetime) -> tuple[Target, ...]:
    """Cards of this client's other inquiries that are still talked about."""
    people = _same_people(row)
    since = now - RECENT
    chats = select(Conversation.deal_id, Conversation.lead_id).where(
        Conversation.portal_id == row.portal_id,
        Conversation.contact_id.in_(people),
        Conversation.status != "closed",
        Conversation.last_at > since,
    )
    requests = select(OfflineRequest.deal_id, OfflineRequest.lead_id).where(
        OfflineRequest.contact_id.in_(people),
        OfflineRequest.status != "done",
        OfflineRequest.created_at > since,
    )
    if isinstance(row, Conversation):
        chats = chats.where(Conversation.id != row.id)
    else:
        requests = requests.where(OfflineRequest.id != row.id)
    cards = {
        Target(type_id, number)
        for query in (chats, requests)
        for deal_id, lead_id in db.session.execute(query.limit(RECENT_MOST))
        for type_id, number in ((DEAL, deal_id), (LEAD, lead_id))
        if number
    }
    return tuple(sorted(cards, key=lambda one: (one.type_id, one.id or 0)))


def _same_people(row: Source) -> Any:
    """Contacts of ours that are this client, by phone, e-mail or card."""
    contact = row.contact
    same = [Contact.id == contact.id]
    if contact.phone:
        same.append(Contact.phone == contact.phone)
    if contact.email:
        same.append(Contact.email == contact.email)
    if contact.crm_contact_id:
        same.append(and_(Contact.crm_contact_id == contact.crm_contact_id))
    return select(Contact.id).where(Contact.portal_id == row.portal_id, or_(*same))
