"""A client as operators keep them: name, addresses, manager, note; who else they may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from b24app.actions import contacts, journal, shown
from b24app.db import db
from b24app.errors import Invalid
from b24app.i18n import N_
from b24app.models import Contact, ContactAddress, ContactMerge, Conversation, Operator
from b24app.models.event import announce
from b24app.rules import profiles as rules
from b24app.rules.profiles import Given, Kept

DUPLICATES_MOST = 5
TOLD_MOST = 50
NO_MANAGER = N_("There is no such employee.")


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes a client."""

    portal_id: int
    user_id: int


def shown_profile(row: Contact) -> dict[str, Any]:
    """A client with all addresses, their manager, likely duplicates and merges to undo."""
    further = _further(row.id)
    people = shown.operators(row.portal_id, [row.manager_id])
    manager = people.get(row.manager_id or 0)
    return {
        "id": str(row.id),
        "name": row.name,
        "phones": [row.phone, *_values(further, "phone")] if row.phone else [],
        "emails": [row.email, *_values(further, "email")] if row.email else [],
        "phone_locked": bool(row.phone) and row.phone_source == "messenger",
        "manager": {"id": str(row.manager_id), "name": manager.name if manager else ""}
        if row.manager_id
        else None,
        "note": row.note,
        "duplicates": [_brief(one) for one in duplicates(row)],
        "merges": [_merge(one) for one in _merges(row)],
    }


def edit(editor: Editor, row: Contact, given: Given, now: datetime) -> dict[str, Any]:
    """Keep what an operator says of a client; screens hear of it.

    Raises: Invalid, with the place of each wrong line (`phones.1`).
    """
    locked = row.phone if row.phone_source == "messenger" else ""
    kept, wrong = rules.kept(given, locked)
    if given.manager_id and not _works(editor.portal_id, given.manager_id):
        wrong = {**wrong, "manager_id": NO_MANAGER}
    if wrong:
        raise Invalid(fields=wrong)
    _apply(row, kept, now)
    row.manager_id, row.note = given.manager_id, kept.note
    journal.audit(editor.portal_id, editor.user_id, "contact.edit", {"contact_id": row.id}, now)
    tell(row, now)
    return shown_profile(row)


def duplicates(row: Contact) -> Sequence[Contact]:
    """Other clients with a phone or an e-mail of this one, or with the same card of CRM."""
    same = [
        or_(column == value, Contact.id.in_(_with(row.portal_id, kind, value)))
        for kind, column, value in _addresses(row)
    ]
    if row.crm_contact_id:
        same.append(Contact.crm_contact_id == row.crm_contact_id)
    if not same:
        return ()
    return db.session.scalars(
        select(Contact)
        .where(
            Contact.portal_id == row.portal_id,
            Contact.id != row.id,
            Contact.merged_into.is_(None),
            or_(*same),
        )
        .order_by(Contact.id)
        .limit(DUPLICATES_MOST)
    ).all()


def tell(row: Contact, now: datetime) -> None:
    """Chats that screens may show carry the client's name and addresses."""
    db.session.flush()  # the news show what is written
    rows = db.session.scalars(
        select(Conversation)
        .where(Conversation.contact_id == row.id)
        .order_by(Conversation.id.desc())
        .limit(TOLD_MOST)
    ).all()
    for conversation in rows:
        db.session.refresh(conversation)
        shown.tell_conversation(conversation, now)
    announce(row.portal_id, "contact", {"id": str(row.id)}, now)


def _apply(row: Contact, kept: Kept, now: datetime) -> None:
    first_phone, first_email = next(iter(kept.phones), ""), next(iter(kept.emails), "")
    if row.phone != first_phone:
        row.phone, row.phone_source = first_phone, "operator" if first_phone else ""
    row.name, row.email = kept.name, first_email
    wanted = {("phone", one) for one in kept.phones[1:]} | {
        ("email", one) for one in kept.emails[1:]
    }
    for known in _further(row.id):
        if (known.kind, known.value) not in wanted:
            db.session.delete(known)
        wanted.discard((known.kind, known.value))
    for kind, values in (("phone", kept.phones[1:]), ("email", kept.emails[1:])):
        for value in values:
            if (kind, value) in wanted:
                db.session.add(_address(row, kind, value, now))


def _address(row: Contact, kind: str, value: str, now: datetime) -> ContactAddress:
    return ContactAddress(
        portal_id=row.portal_id,
        contact_id=row.id,
        kind=kind,
        value=value,
        source="operator",
        created_at=now,
    )


def _works(portal_id: int, user_id: int) -> bool:
    found = select(Operator.id).where(
        Operator.portal_id == portal_id, Operator.user_id == user_id, Operator.active.is_(True)
    )
    return db.session.scalar(found) is not None


def _addresses(row: Contact) -> list[tuple[str, Any, str]]:
    known = [("phone", Contact.phone, row.phone), ("email", Contact.email, row.email)]
    known += [
        (one.kind, Contact.phone if one.kind == "phone" else Contact.email, one.value)
        for one in _further(row.id)
    ]
    return [one for one in known if one[2]]


def _with(portal_id: int, kind: str, value: str) -> Any:
    return select(ContactAddress.contact_id).where(
        ContactAddress.portal_id == portal_id,
        ContactAddress.kind == kind,
        ContactAddress.value == value,
    )


def _further(contact_id: int) -> Sequence[ContactAddress]:
    return db.session.scalars(
        select(ContactAddress)
        .where(ContactAddress.contact_id == contact_id)
        .order_by(ContactAddress.id)
    ).all()


def _values(rows: Sequence[ContactAddress], kind: str) -> list[str]:
    return [row.value for row in rows if row.kind == kind]


def _merges(row: Contact) -> Sequence[ContactMerge]:
    return db.session.scalars(
        select(ContactMerge)
        .where(ContactMerge.kept_id == row.id, ContactMerge.undone_at.is_(None))
        .order_by(ContactMerge.id.desc())
    ).all()


def _merge(row: ContactMerge) -> dict[str, Any]:
    gone = db.session.get_one(Contact, row.gone_id)
    people = shown.operators(row.portal_id, [row.user_id])
    by = people.get(row.user_id)
    return {
        "id": str(row.id),
        "name": contacts.named(gone),
        "at": shown.moment(row.merged_at),
        "by": by.name if by else f"#{row.user_id}" if row.user_id else "",
        "cause": row.cause,
        "mark": row.mark if row.cause in ("phone", "email") else "",
    }


def _brief(row: Contact) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": contacts.named(row),
        "phone": row.phone,
        "email": row.email,
    }
