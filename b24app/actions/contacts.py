"""Clients of a portal: found by name, phone or nickname, shown with what they wrote and left."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from b24app.actions import shown
from b24app.db import db
from b24app.errors import NotFound
from b24app.i18n import N_
from b24app.models import (
    Channel,
    Contact,
    ContactAddress,
    Conversation,
    Identity,
    OfflineRequest,
    Portal,
)
from b24app.rules import texts

PAGE = 30
PAGE_MAX = 100
NOBODY = N_("There is no such client.")
LAST = 20  # chats and requests that a card shows
DIGITS = re.compile(r"[\d\s()+-]{3,}")


def find(portal_id: int, contact_id: int) -> Contact:
    """The contact of this portal; NotFound for any other."""
    found = db.session.scalar(
        select(Contact).where(Contact.portal_id == portal_id, Contact.id == contact_id)
    )
    if found is None:
        raise NotFound(NOBODY)
    return found


def listed(
    portal_id: int, search: str = "", before: int | None = None, limit: int = PAGE
) -> dict[str, Any]:
    """A page of clients, the newest first; `next` is the cursor of the next page."""
    query = select(Contact).where(Contact.portal_id == portal_id, Contact.merged_into.is_(None))
    if words := search.strip():
        query = query.where(called(words))
    if before is not None:
        query = query.where(Contact.id < before)
    rows = list(db.session.scalars(query.order_by(Contact.id.desc()).limit(limit + 1)))
    page = rows[:limit]
    addresses = _addresses([row.id for row in page])
    return {
        "items": [brief(row, addresses.get(row.id, [])) for row in page],
        "next": str(page[-1].id) if len(rows) > limit else None,
    }


def card(row: Contact) -> dict[str, Any]:
    """A client with their addresses, the last chats and the last requests."""
    portal = db.session.get_one(Portal, row.portal_id)
    chats, left = _last(Conversation, row), _last(OfflineRequest, row)
    people = shown.operators(row.portal_id, [one.responsible_id for one in [*chats, *left]])
    return {
        **brief(row, _addresses([row.id]).get(row.id, [])),
        "addresses": _further(row),
        "crm": _crm(row, portal),
        "conversations": [shown.conversation(one, people, portal) for one in chats],
        "requests": [shown.request(one, people, portal) for one in left],
    }


def named(row: Contact) -> str:
    """A client in one line where their channels are not at hand."""
    return row.name or row.phone or row.email or f"#{row.id}"


def brief(row: Contact, addresses: Iterable[tuple[Identity, Channel]]) -> dict[str, Any]:
    """A client as a list shows them; who told no name is called by an address."""
    known = list(addresses)
    names = [name for identity, _ in known for name in (identity.name, identity.username)]
    name = next(filter(None, [row.name, *names, row.phone, row.email]), f"#{row.id}")
    return {
        "id": str(row.id),
        "name": name,
        "phone": row.phone,
        "email": row.email,
        "avatar_url": next((one.avatar_url for one, _ in known if one.avatar_url), ""),
        "created_at": shown.moment(row.created_at),
        "identities": [_identity(identity, channel) for identity, channel in known],
    }


def called(words: str) -> ColumnElement[bool]:
    """Contacts by a part of a name, nickname, e-mail or phone."""
    digits = DIGITS.fullmatch(words)
    written = (texts.e164(words) or re.sub(r"\D", "", words)) if digits else words
    named = select(Identity.contact_id).where(
        Identity.portal_id == Contact.portal_id, _holds(words, Identity.name, Identity.username)
    )
    further = select(ContactAddress.contact_id).where(
        ContactAddress.portal_id == Contact.portal_id, _holds(written, ContactAddress.value)
    )
    fits = [_holds(words, Contact.name, Contact.email), Contact.id.in_(named)]
    if digits:
        fits.append(_holds(written, Contact.phone))
    return or_(*fits, Contact.id.in_(further))


def _holds(words: str, *columns: Any) -> ColumnElement[bool]:
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _addresses(contact_ids: list[int]) -> dict[int, list[tuple[Identity, Channel]]]:
    rows = db.session.execute(
        select(Identity, Channel)
        .join(Channel, Channel.id == Identity.channel_id)
        .where(Identity.contact_id.in_(contact_ids))
        .order_by(Identity.id)
    )
    found: dict[int, list[tuple[Identity, Channel]]] = {}
    for identity, channel in rows:
        found.setdefault(identity.contact_id, []).append((identity, channel))
    return found


def _further(row: Contact) -> list[dict[str, str]]:
    """Phones and e-mails beside the first of each."""
    rows = db.session.scalars(
        select(ContactAddress)
        .where(ContactAddress.contact_id == row.id)
        .order_by(ContactAddress.id)
        .limit(LAST)
    )
    return [{"kind": one.kind, "value": one.value} for one in rows]


def _identity(row: Identity, channel: Channel) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "channel": {"id": str(channel.id), "kind": channel.kind, "name": channel.name},
        "name": row.name,
        "username": row.username,
        "blocked": row.blocked,
    }


def _last(kind: Any, row: Contact) -> list[Any]:
    wanted = select(kind).where(kind.contact_id == row.id, kind.portal_id == row.portal_id)
    return list(db.session.scalars(wanted.order_by(kind.id.desc()).limit(LAST)))


def _crm(row: Contact, portal: Portal) -> Mapping[str, Any]:
    ids = {"contact": row.crm_contact_id, "company": row.crm_company_id}
    return {
        kind: {"id": str(number), "url": f"{portal.origin}/crm/{kind}/details/{number}/"}
        if number
        else None
        for kind, number in ids.items()
    }
