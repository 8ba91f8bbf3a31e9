"""A new address of somebody known: whose it is, found by what the messenger vouches for."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select

from b24app import channels
from b24app.db import db
from b24app.models import Channel, Contact, ContactAddress, ContactMerge, Identity
from b24app.rules import identity, texts
from b24app.rules.identity import Joining, Known, Mark
from b24app.values import Person

COLUMNS: dict[str, Any] = {"phone": Contact.phone, "email": Contact.email}
MOST = 50


def found(channel: Channel, person: Person) -> Joining | None:
    """The contact that a new address belongs to, and why; None for somebody new."""
    told = _told(channel, person)
    if not told:
        return None
    known, own, undone = _known(channel, told), _own(channel, told), _undone(channel, told)
    return identity.joining(told, known, own, undone)


def _told(channel: Channel, person: Person) -> list[Mark]:
    """What the channel vouches for of what a person is known by."""
    kind = channels.kinds().get(channel.kind)
    if kind is None:
        return []
    tidy = texts.tidy(person)
    given = {"phone": tidy.phone, "email": tidy.email}
    marks = [Mark(name, given[name]) for name in kind.vouches_for if given.get(name)]
    if kind.family and person.external_id:
        marks.append(Mark("id", f"{kind.family}:{person.external_id}"))
    return marks


def _known(channel: Channel, told: Iterable[Mark]) -> list[Known]:
    """Contacts of the portal that carry any of these marks."""
    return [
        Known(number, frozenset({mark}))
        for mark in told
        for number in db.session.scalars(_holders(channel, mark).limit(MOST))
    ]


def _holders(channel: Channel, mark: Mark) -> Any:
    if mark.kind == "id":
        family, _, number = mark.value.partition(":")
        kinds = [kind for kind, one in channels.kinds().items() if one.family == family]
        return (
            select(Identity.contact_id)
            .join(Channel, Channel.id == Identity.channel_id)
            .where(Identity.portal_id == channel.portal_id, Identity.user_id == number)
            .where(Channel.kind.in_(kinds))
            .order_by(Identity.contact_id)
        )
    others = select(ContactAddress.contact_id).where(
        ContactAddress.portal_id == channel.portal_id,
        ContactAddress.kind == mark.kind,
        ContactAddress.value == mark.value,
    )
    return (
        select(Contact.id)
        .where(Contact.portal_id == channel.portal_id, Contact.merged_into.is_(None))
        .where(or_(COLUMNS[mark.kind] == mark.value, Contact.id.in_(others)))
        .order_by(Contact.id)
    )


def _undone(channel: Channel, told: Iterable[Mark]) -> set[Joining]:
    """Who was joined by these marks once and taken apart by an operator."""
    rows = db.session.execute(
        select(ContactMerge.kept_id, ContactMerge.cause, ContactMerge.mark).where(
            ContactMerge.portal_id == channel.portal_id,
            ContactMerge.undone_at.is_not(None),
            ContactMerge.mark.in_([mark.value for mark in told]),
        )
    )
    return {Joining(kept, Mark(cause, value)) for kept, cause, value in rows}


def _own(channel: Channel, told: Iterable[Mark]) -> set[Mark]:
    """Phones and addresses of the portal's own channels."""
    if not any(mark.kind in COLUMNS for mark in told):
        return set()
    rows = db.session.scalars(
        select(Channel).where(Channel.portal_id == channel.portal_id, Channel.deleted_at.is_(None))
    )
    return {
        mark
        for row in rows
        for name in ("address", "own_phone", "phone")
        for mark in _marks((row.settings or {}).get(name))
    }


def _marks(given: Any) -> list[Mark]:
    text = given.strip().lower() if isinstance(given, str) else ""
    if "@" in text:
        return [Mark("email", text)]
    return [Mark("phone", texts.e164(text))] if texts.e164(text) else []
