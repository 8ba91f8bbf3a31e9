"""Offline requests: kept once, taken, finished, listed within their portal."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_, update

from b24app import media
from b24app.actions import journal, kept, promises, shown
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound
from b24app.i18n import N_
from b24app.models import (
    Attachment,
    Channel,
    Contact,
    ContactAddress,
    OfflineRequest,
    Operator,
    Portal,
)
from b24app.rules import texts
from b24app.rules.forms import Given
from b24app.values import Person, RemoteFile

PAGE = 30
FILE_LIMIT = 10 << 20
FILES_MAX = 10
PAGE_MAX = 100
COUNT_CAP = 1000
STATUSES = ("new", "active", "done")
SAME_WITHIN = timedelta(minutes=1)  # somebody pressed the button twice
SPAM = N_("A field that people do not see was filled in. Take the request to bring it into CRM.")
DIGITS = re.compile(r"[\d\s()+-]{3,}")
TAKEN = N_("This request has already been taken or finished.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests a screen asks for; None and "" mean any. mine: an employee's own."""

    status: str | None = None
    kind: str = ""
    search: str = ""
    mine: int | None = None
    cursor: str | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that came along with a request, in our store already."""

    name: str
    stored: media.Stored


def keep(
    channel: Channel,
    given: Given,
    now: datetime,
    files: Sequence[Brought] = (),
    remote: Sequence[RemoteFile] = (),
) -> OfflineRequest:
    """Keep what somebody left, in the running transaction; the same one again changes nothing.

    Files of a repetition belong to nobody: whoever brought them takes them back.
    Args:
        files: in our store already; at most FILES_MAX of FILE_LIMIT bytes.
        remote: a channel has them; they are brought afterwards, as many as a form may have.
    Raises:
        Conflict: its external_id belongs to somebody else's request.
        IntegrityError: the same one is being kept this moment; do it again.
    """
    channel.last_in_at = now
    db.session.flush()  # requests of one channel are kept one after another
    names = _names(given, now)
    if known := _known(channel.id, names):
        return _same(known, given)
    row = _new(channel, given, names[0], now)
    row.attachments = [_file(channel, one, now) for one in files]
    row.attachments += [_to_bring(channel, one, now) for one in remote[:FILES_MAX]]
    db.session.flush()  # promises name the attachments' ids
    promises.fetch_request_files(row, now)
    if not given.spam:
        promises.crm_request(row, now)
    shown.tell_request(row, now)
    return row


def find(portal_id: int, request_id: int) -> OfflineRequest:
    """The request of this portal; NotFound for any other."""
    found = db.session.scalar(
        select(OfflineRequest).where(
            OfflineRequest.portal_id == portal_id, OfflineRequest.id == request_id
        )
    )
    if found is None:
        raise NotFound("There is no such request.")
    return found


def listed(portal_id: int, wanted: Wanted) -> dict[str, Any]:
    """A page of requests, newest first; `next` is the cursor of the next page."""
    limit = max(1, min(wanted.limit, PAGE_MAX))
    query = select(OfflineRequest).where(OfflineRequest.portal_id == portal_id)
    query = _sifted(query, wanted)
    order = tuple_(OfflineRequest.created_at, OfflineRequest.id)
    if wanted.cursor:
        query = query.where(order < _place(portal_id, wanted.cursor))
    newest = (OfflineRequest.created_at.desc(), OfflineRequest.id.desc())
    rows = list(db.session.scalars(query.order_by(*newest).limit(limit + 1)))
    people = shown.operators(portal_id, [row.responsible_id for row in rows])
    portal = db.session.get_one(Portal, portal_id)
    return {
        "items": [shown.request(row, people, portal) for row in rows[:limit]],
        "next": str(rows[limit - 1].id) if len(rows) > limit else None,
    }


def counters(portal_id: int) -> dict[str, int]:
    """How many stand at each status, counted up to a cap."""
    return {status: _count(portal_id, status) for status in STATUSES}


def take(row: OfflineRequest, operator: Operator, now: datetime) -> None:
    """The operator takes the request; Conflict if somebody was faster.

    Who takes what looked like spam says that it is none: CRM hears of it then.
    """
    if row.status == "active" and row.responsible_id == operator.user_id:
        return
    _move(row, "new", "active", responsible_id=operator.user_id, taken_at=now)
    if row.crm_state == "skipped" and row.crm_error == SPAM:
        row.crm_state = row.crm_error = ""
        promises.crm_request(row, now)
    _tell(row, "request.take", operator, now)


def finish(row: OfflineRequest, operator: Operator, now: datetime) -> None:
    """Done; who finishes a request that nobody took has taken it too."""
    if row.status == "done":
        return
    taken = {
        "responsible_id": row.responsible_id or operator.user_id,
        "taken_at": row.taken_at or now,
    }
    _move(row, row.status, "done", done_at=now, **taken)
    promises.crm_todo(row, now)
    _tell(row, "request.finish", operator, now)


def reopen(row: OfflineRequest, operator: Operator, now: datetime) -> None:
    """The operator takes a finished request up again; Conflict if it is not finished."""
    _move(row, "done", "active", responsible_id=operator.user_id, taken_at=now, done_at=None)
    promises.crm_todo(row, now)
    _tell(row, "request.reopen", operator, now)


def keep_note(row: OfflineRequest, text: str, operator: Operator, now: datetime) -> None:
    """What employees should know about the request; the same again tells nobody."""
    cleaned = texts.clean(text)
    if cleaned == row.note:
        return
    row.note = cleaned
    _tell(row, "request.note", operator, now)


def _sifted(query: Select[OfflineRequest], wanted: Wanted) -> Select[OfflineRequest]:
    if wanted.status is not None:
        query = query.where(OfflineRequest.status == wanted.status)
    if wanted.kind:
        query = query.where(OfflineRequest.kind == wanted.kind)
    if wanted.mine is not None:
        own = OfflineRequest.responsible_id == wanted.mine
        query = query.where(or_(OfflineRequest.status == "new", own))
    if words := wanted.search.strip():
        query = query.where(_about(words))
    return query


def _about(words: str) -> Any:
    """Of the name, address, text or form; digits are looked for in phones, too."""
    columns = ("name", "email", "text", "form_name", "note")
    fits = [getattr(OfflineRequest, column).icontains(words, autoescape=True) for column in columns]
    if DIGITS.fullmatch(words):
        digits = texts.e164(words) or re.sub(r"\D", "", words)
        fits.append(OfflineRequest.phone.contains(digits, autoescape=True))
    return or_(*fits)


def _names(given: Given, now: datetime) -> Sequence[str]:
    """By what a repetition is known: the sender's name for it, or else what it says and when."""
    if given.external_id:
        return [given.external_id]
    said = [given.name, given.phone, given.email, given.text, given.form_name, dict(given.form)]
    digest = sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
    minute = int(now.timestamp() // SAME_WITHIN.total_seconds())
    return [f"same:{digest}:{minute}", f"same:{digest}:{minute - 1}"]


def _known(channel_id: int, names: Sequence[str]) -> OfflineRequest | None:
    return db.session.scalar(
        select(OfflineRequest)
        .where(OfflineRequest.channel_id == channel_id, OfflineRequest.external_id.in_(names))
        .limit(1)
    )


def _same(row: OfflineRequest, given: Given) -> OfflineRequest:
    """Nobody's request is lost because a stranger used its name up."""
    if (row.phone, row.email) != (given.phone, given.email):
        raise Conflict("Another request has this external_id already.", code="other_request")
    return row


def _new(channel: Channel, given: Given, external_id: str, now: datetime) -> OfflineRequest:
    row = OfflineRequest(
        portal_id=channel.portal_id,
        channel=channel,
        contact=_contact(channel.portal_id, given, now),
        external_id=external_id,
        status="new",
        kind=given.kind,
        form_name=given.form_name,
        name=given.name,
        phone=given.phone,
        email=given.email,
        text=given.text,
        form=dict(given.form),
        visit=dict(given.visit),
        settings_version=_rules_version(channel.portal_id),
        created_at=now,
        crm_state="skipped" if given.spam else "",
        crm_error=SPAM if given.spam else "",
    )
    db.session.add(row)
    db.session.flush()  # the promise names the request's id
    return row


def _file(channel: Channel, brought: Brought, now: datetime) -> Attachment:
    stored = brought.stored
    return Attachment(
        portal_id=channel.portal_id,
        channel_id=channel.id,
        owner="request",
        kind=media.kind_of(stored.mime),
        name=media.safe_name(brought.name),
        mime=stored.mime,
        size=stored.size,
        media_key=stored.key,
        state="stored",
        remote_id="",
        created_at=now,
    )


def _to_bring(channel: Channel, file: RemoteFile, now: datetime) -> Attachment:
    return Attachment(
        portal_id=channel.portal_id,
        channel_id=channel.id,
        owner="request",
        kind=file.kind,
        name=media.safe_name(file.name),
        mime=file.mime or "application/octet-stream",
        size=file.size,
        remote_id=file.remote_id,
        state="remote",
        created_at=now,
    )


def _rules_version(portal_id: int) -> int:
    """Of the rules that count at this moment; a request is kept even if they make no sense."""
    newest = kept.latest(portal_id, "requests")
    return newest.version if newest else 0


def _contact(portal_id: int, given: Given, now: datetime) -> Contact:
    """Who is known by this phone, else by this address, else somebody new."""
    contact = _found(portal_id, Contact.phone, given.phone)
    contact = contact or _found(portal_id, Contact.email, given.email)
    if contact is None:
        contact = Contact(portal_id=portal_id, created_at=now, name="", phone="", email="")
        db.session.add(contact)
    contact.learn(Person("", name=given.name, phone=given.phone, email=given.email))
    return contact


def _found(portal_id: int, column: Any, value: str) -> Contact | None:
    if not value:
        return None
    others = select(ContactAddress.contact_id).where(
        ContactAddress.portal_id == portal_id, ContactAddress.value == value
    )
    wanted = select(Contact).where(
        Contact.portal_id == portal_id,
        Contact.merged_into.is_(None),
        or_(column == value, Contact.id.in_(others)),
    )
    return db.session.scalar(wanted.order_by(Contact.id).limit(1))


def _move(row: OfflineRequest, before: str, after: str, **values: Any) -> None:
    """Of two people pressing at once one wins: the row changes only from `before`."""
    db.session.flush()
    moved = db.session.execute(
        update(OfflineRequest)
        .where(OfflineRequest.id == row.id, OfflineRequest.status == before)
        .values(status=after, **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(TAKEN, code=f"not_{before}")
    db.session.refresh(row)


def _tell(row: OfflineRequest, deed: str, operator: Operator, now: datetime) -> None:
    journal.audit(row.portal_id, operator.user_id, deed, {"request_id": row.id}, now)
    shown.tell_request(row, now)


def _place(portal_id: int, cursor: str) -> Any:
    """Where a page ended: the cursor is the number of its last request."""
    number = int(cursor) if cursor.isdecimal() and len(cursor) <= 18 else 0
    at = select(OfflineRequest.created_at).where(
        OfflineRequest.portal_id == portal_id, OfflineRequest.id == number
    )
    if db.session.scalar(at) is None:
        raise Invalid(fields={"cursor": "This cursor is not one of ours."})
    return tuple_(at.scalar_subquery(), number)


def _count(portal_id: int, status: str) -> int:
    wanted = (OfflineRequest.portal_id == portal_id, OfflineRequest.status == status)
    capped = select(OfflineRequest.id).where(*wanted).limit(COUNT_CAP).subquery()
    return db.session.scalar(select(func.count()).select_from(capped)) or 0
