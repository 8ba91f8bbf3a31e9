"""Two rows that are one person become one, and apart again exactly as they were."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from b24app.actions import contacts, journal, profiles
from b24app.actions.profiles import Editor
from b24app.db import db
from b24app.errors import Conflict, NotFound
from b24app.i18n import N_
from b24app.models import (
    Contact,
    ContactAddress,
    ContactMerge,
    Conversation,
    Identity,
    OfflineRequest,
)
from b24app.models.event import announce
from b24app.rules.identity import Joining

FIELDS = (
    "name",
    "phone",
    "phone_source",
    "email",
    "crm_contact_id",
    "crm_company_id",
    "manager_id",
    "note",
)
MOVED: tuple[Any, ...] = (Identity, Conversation, OfflineRequest, ContactAddress)
SAME = N_("This is the same client.")
ALREADY = N_("One of them has been merged already.")
LATER_FIRST = N_("This client was merged into another one since: undo that first.")


def merge(editor: Editor, kept_id: int, gone_id: int, now: datetime) -> ContactMerge:
    """Everything of one client goes to the other, who keeps what they have.

    Raises: NotFound, Conflict.
    """
    if kept_id == gone_id:
        raise Conflict(SAME, code="same")
    kept, gone = _both(editor.portal_id, kept_id, gone_id)
    if kept.merged_into or gone.merged_into:
        raise Conflict(ALREADY, code="merged")
    row = _merged(kept, gone, now, user_id=editor.user_id)
    _told(editor, "contact.merge", row, now)
    profiles.tell(kept, now)
    return row


def join(portal_id: int, gone_id: int, why: Joining, now: datetime) -> ContactMerge | None:
    """Somebody who just came is somebody known: nobody asked, and everybody may undo it.

    None: who was known is part of somebody else by now; an operator will see a duplicate.
    """
    kept, gone = _both(portal_id, why.contact_id, gone_id)
    if kept.merged_into:
        return None
    row = _merged(kept, gone, now, user_id=0, cause=why.by.kind, mark=why.by.value)
    announce(portal_id, "contact", {"id": str(kept.id)}, now)
    return row


def _merged(kept: Contact, gone: Contact, now: datetime, **by: Any) -> ContactMerge:
    row = ContactMerge(
        portal_id=kept.portal_id,
        kept_id=kept.id,
        gone_id=gone.id,
        merged_at=now,
        before=_fields(kept),
        moved={model.__tablename__: _numbers(model, gone.id) for model in MOVED},
        added=[],
        **by,
    )
    _join(kept, gone)
    row.added = _addresses(kept, gone, row, now)
    for model in MOVED:
        _move(model, row.moved[model.__tablename__], kept.id)
    gone.merged_into = kept.id
    row.after = _fields(kept)
    db.session.add(row)
    return row


def undo(editor: Editor, number: int, now: datetime) -> ContactMerge:
    """Both as before; what has been said or changed since stays with whom it belongs to.

    Raises: NotFound, Conflict.
    """
    row = db.session.scalar(
        select(ContactMerge)
        .where(ContactMerge.portal_id == editor.portal_id, ContactMerge.id == number)
        .with_for_update()
    )
    if row is None:
        raise NotFound("There is no such merge.")
    if row.undone_at:
        return row
    kept, gone = _both(editor.portal_id, row.kept_id, row.gone_id)
    if kept.merged_into:
        raise Conflict(LATER_FIRST, code="merged_since")
    for name in FIELDS:
        if getattr(kept, name) == row.after[name]:  # an operator's later word counts
            setattr(kept, name, row.before[name])
    for address in _rows(ContactAddress, row.added):
        db.session.delete(address)
    for model in MOVED:
        _move(model, row.moved[model.__tablename__], gone.id, only_of=kept.id)
    _move_new_chats(row, gone.id)
    gone.merged_into = None
    row.undone_at = now
    _told(editor, "contact.unmerge", row, now)
    for one in (kept, gone):
        profiles.tell(one, now)
    return row


def _both(portal_id: int, kept_id: int, gone_id: int) -> tuple[Contact, Contact]:
    """Both rows, locked in the order of their ids: no two merges wait for each other."""
    rows = {
        row.id: row
        for row in db.session.scalars(
            select(Contact)
            .where(Contact.portal_id == portal_id, Contact.id.in_((kept_id, gone_id)))
            .order_by(Contact.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    if len(rows) < 2:
        raise NotFound(contacts.NOBODY)
    return rows[kept_id], rows[gone_id]


def _fields(row: Contact) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


def _join(kept: Contact, gone: Contact) -> None:
    """What the one who stays does not have is taken over."""
    if not kept.phone:
        kept.phone, kept.phone_source = gone.phone, gone.phone_source
    for name in ("name", "email", "crm_contact_id", "crm_company_id", "manager_id"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    kept.note = "\n".join(part for part in (kept.note, gone.note) if part)


def _addresses(kept: Contact, gone: Contact, row: ContactMerge, now: datetime) -> list[int]:
    """The other's first phone and e-mail stand beside; ids of the rows made for it.

    Addresses that both have do not move: each contact has one only once.
    """
    known = {("phone", kept.phone), ("email", kept.email), ("phone", ""), ("email", "")}
    known |= {(one.kind, one.value) for one in _of(kept.id)}
    doubled = [one.id for one in _of(gone.id) if (one.kind, one.value) in known]
    table = ContactAddress.__tablename__
    row.moved = {**row.moved, table: [one for one in row.moved[table] if one not in doubled]}
    known |= {(one.kind, one.value) for one in _of(gone.id)}
    made = [
        ContactAddress(
            portal_id=kept.portal_id,
            contact_id=kept.id,
            kind=kind,
            value=value,
            source="merge",
            created_at=now,
        )
        for kind, value in (("phone", gone.phone), ("email", gone.email))
        if (kind, value) not in known
    ]
    db.session.add_all(made)
    db.session.flush()  # the merge remembers their ids
    return [one.id for one in made]


def _of(contact_id: int) -> list[ContactAddress]:
    return list(
        db.session.scalars(select(ContactAddress).where(ContactAddress.contact_id == contact_id))
    )


def _numbers(model: Any, contact_id: int) -> list[int]:
    return list(
        db.session.scalars(
            select(model.id).where(model.contact_id == contact_id).order_by(model.id)
        )
    )


def _rows(model: Any, numbers: Iterable[int]) -> Iterable[Any]:
    return db.session.scalars(select(model).where(model.id.in_(list(numbers)))).all()


def _move(model: Any, numbers: list[int], to: int, only_of: int | None = None) -> None:
    if not numbers:
        return
    moving = update(model).where(model.id.in_(numbers))
    if only_of is not None:
        moving = moving.where(model.contact_id == only_of)
    db.session.execute(moving.values(contact_id=to).execution_options(synchronize_session="fetch"))


def _move_new_chats(row: ContactMerge, to: int) -> None:
    """Chats that began since by an address that goes back, go with it."""
    numbers = row.moved[Identity.__tablename__]
    if not numbers:
        return
    db.session.execute(
        update(Conversation)
        .where(Conversation.identity_id.in_(numbers), Conversation.contact_id == row.kept_id)
        .values(contact_id=to)
        .execution_options(synchronize_session="fetch")
    )


def _told(editor: Editor, deed: str, row: ContactMerge, now: datetime) -> None:
    told = {"kept_id": row.kept_id, "gone_id": row.gone_id}
    journal.audit(editor.portal_id, editor.user_id, deed, told, now)
