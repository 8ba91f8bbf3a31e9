"""An operator writes to a client first: whom the channels know by an address, and the chat."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select

from b24app import channels, clock
from b24app.actions import accounts, crm_places, inbox, journal, shown
from b24app.channels.base import Adapter
from b24app.db import db, reading, transaction
from b24app.errors import ChannelError, Conflict, Invalid
from b24app.i18n import N_, say
from b24app.models import (
    Channel,
    Contact,
    ContactAddress,
    Conversation,
    Identity,
    Job,
    Lookup,
    Operator,
)
from b24app.models.event import announce
from b24app.models.job import URGENT, promise
from b24app.rules import outreach as rules
from b24app.rules.outreach import Facts, Verdict
from b24app.rules.target import Target
from b24app.values import Address, Found, Person

BELIEVED = {"found": timedelta(days=1), "absent": timedelta(minutes=10), "failed": timedelta(0)}
ASKED_AGAIN = timedelta(minutes=2)  # whoever was to ask is gone
TRIES = 3
NO_CHANNELS = N_("There are no active channels of this kind.")


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who wants to write. card: the CRM card in whose tab they do."""

    portal_id: int
    user_id: int
    sees_others: bool
    language: str = "en"
    card: Target | None = None


def search(seeker: Seeker, kind: str, text: str, now: datetime) -> dict[str, Any]:
    """What each channel of a kind says to an address: `{"address", "channels": [...]}`.

    A channel whose messenger has to be asked says `asking`; news `lookup` tell when it knows.
    Raises: Invalid, if this is no address or there is no channel.
    """
    address = read_address(kind, text)
    with reading():
        rows = _channels(seeker.portal_id, kind)
    answers = {row.id: _resolved_at_once(row, address) for row in rows}
    with transaction():
        facts = [(row, _facts(row, address, answers[row.id], now)) for row in rows]
        return {
            "address": {"kind": address.kind, "value": address.value},
            "channels": [_shown(seeker, row, one, address) for row, one in facts],
        }


def start(
    seeker: Seeker, operator: Operator, channel: Channel, address: Address, now: datetime
) -> Conversation:
    """The chat to write in: the one that is open already, or a new one that is the operator's.

    In the running transaction; IntegrityError: somebody begins one this moment, do it again.
    Raises: Conflict in the words that the search would say now.
    """
    identity = _identity(channel.id, address)
    found = None if identity else _answer(channel, address)
    identity = _by_chat(channel.id, found.chat_id) if found else identity
    facts = _told(identity, found)
    said = rules.verdict(facts, seeker.user_id, sees_others=seeker.sees_others)
    if said.state == "open":
        return db.session.get_one(Conversation, said.chat_id)
    if not channel.connected:
        raise Conflict("The channel of this chat is disconnected.", code="disconnected")
    if said.state != "ready":
        raise Conflict(said.reason or str(rules.REASONS["absent"]), code=said.state)
    identity = identity or _meet(channel, address, found, now)
    return _begun(channel, identity, operator, seeker.card, now)


def read_address(kind: str, text: str) -> Address:
    if kind not in channels.kinds():
        raise Invalid(fields={"kind": NO_CHANNELS})
    kinds = channels.kinds()[kind].reached_by
    address = rules.address(text, kinds)
    if address is None:
        raise Invalid(fields={"address": rules.wanted(kinds)})
    return address


def ask(job: Job) -> None:
    """Ask a messenger whom it knows by an address, outside any transaction."""
    with reading() as session:
        row = session.get(Lookup, job.payload["lookup_id"])
        channel = session.get(Channel, row.channel_id) if row else None
        if row is None or channel is None or not channel.connected or row.state != "asking":
            return
        number, address = row.id, Address(row.kind, row.value)  # type: ignore[arg-type]
        adapter = accounts.adapter(channel)
    try:
        found = adapter.resolve(address)
    except ChannelError as error:
        if not error.permanent and error.retry_after is None and job.attempts < TRIES:
            raise
        _answered(number, "failed", None, error.message)
    else:
        _answered(number, "found" if found else "absent", found)


def _answered(number: int, state: str, found: Found | None, error: str = "") -> None:
    now = clock.now()
    with transaction() as session:
        row = session.get_one(Lookup, number)
        row.state, row.error, row.asked_at = state, error[:500], now
        row.chat_id = found.chat_id if found else ""
        row.person = {**asdict(found.person), "memo": dict(found.memo)} if found else {}
        news = {"channel_id": str(row.channel_id), "kind": row.kind, "value": row.value}
        announce(row.portal_id, "lookup", news, now)


def _channels(portal_id: int, kind: str) -> Sequence[Channel]:
    rows = db.session.scalars(
        select(Channel)
        .where(Channel.portal_id == portal_id, Channel.kind == kind)
        .order_by(Channel.id)
    )
    found = [row for row in rows if row.connected]
    if not found:
        raise Invalid(fields={"kind": NO_CHANNELS})
    return found


def _resolved_at_once(row: Channel, address: Address) -> Found | None:
    """What a kind knows without asking anybody; called outside of any transaction."""
    kind = _kind(row)
    if kind.asks_to_find or address.kind not in kind.found_by:
        return None
    return accounts.adapter(row).resolve(address)


def _facts(row: Channel, address: Address, at_once: Found | None, now: datetime) -> Facts:
    identity = _identity(row.id, address)
    if identity is None and at_once:
        identity = _by_chat(row.id, at_once.chat_id)
    facts = _told(identity, at_once)
    if identity or at_once or address.kind not in _kind(row).found_by:
        return facts
    lookup = _lookup(row, address, now)
    known = _by_chat(row.id, lookup.chat_id) if lookup.state == "found" else None
    return replace(_told(known, None), asked=lookup.state)  # type: ignore[arg-type]


def _told(identity: Identity | None, found: Found | None) -> Facts:
    if identity is None:
        return Facts(asked="found" if found else None)
    chat: Any = db.session.execute(
        select(Conversation.id, Conversation.status, Conversation.responsible_id)
        .where(Conversation.identity_id == identity.id)
        .order_by(case((Conversation.status == "closed", 1), else_=0), Conversation.id.desc())
        .limit(1)
    ).first()
    newest = rules.Chat(*chat) if chat else None
    return Facts(known=True, blocked=identity.blocked, chat=newest)


def _identity(channel_id: int, address: Address) -> Identity | None:
    """Who has this address in a channel: with an open chat before all, then the latest."""
    open_chat = (
        select(Conversation.id)
        .where(Conversation.identity_id == Identity.id, Conversation.status != "closed")
        .exists()
    )
    return db.session.scalar(
        select(Identity)
        .join(Identity.contact)
        .where(Identity.channel_id == channel_id, _matches(address))
        .order_by(case((open_chat, 0), else_=1), Identity.id.desc())
        .limit(1)
    )


def _matches(address: Address) -> Any:
    if address.kind == "username":
        return func.lower(Identity.username) == address.value.lower()
    column = Contact.phone if address.kind == "phone" else Contact.email
    others = select(ContactAddress.contact_id).where(
        ContactAddress.kind == address.kind,
        ContactAddress.value == address.value,
        ContactAddress.portal_id == Identity.portal_id,
    )
    return or_(column == address.value, Contact.id.in_(others))


def _by_chat(channel_id: int, chat_id: str) -> Identity | None:
    return db.session.scalar(
        select(Identity).where(Identity.channel_id == channel_id, Identity.external_id == chat_id)
    )


def _lookup(row: Channel, address: Address, now: datetime) -> Lookup:
    """What the messenger said lately, or a promise to ask it."""
    lookup = _lookup_row(row.id, address)
    if lookup and now - lookup.asked_at < BELIEVED.get(lookup.state, ASKED_AGAIN):
        return lookup
    if lookup is None:
        lookup = Lookup(
            portal_id=row.portal_id,
            channel_id=row.id,
            kind=address.kind,
            value=address.value,
            chat_id="",
            person={},
            error="",
        )
        db.session.add(lookup)
    lookup.state, lookup.asked_at = "asking", now
    db.session.flush()  # the promise names its id
    promise(
        "lookup",
        f"lookup:{lookup.id}",
        now,
        portal_id=row.portal_id,
        lane=f"channel:{row.id}:lookup",
        priority=URGENT,
        payload={"lookup_id": lookup.id},
    )
    return lookup


def _lookup_row(channel_id: int, address: Address) -> Lookup | None:
    return db.session.scalar(
        select(Lookup).where(
            Lookup.channel_id == channel_id,
            Lookup.kind == address.kind,
            Lookup.value == address.value,
        )
    )


def _answer(channel: Channel, address: Address) -> Found | None:
    """Whom the messenger named when it was asked; nobody is asked here."""
    kind = _kind(channel)
    if address.kind not in kind.found_by:
        return None
    if not kind.asks_to_find:
        return accounts.adapter(channel).resolve(address)
    row = _lookup_row(channel.id, address)
    if row is None or row.state != "found":
        return None
    told = dict(row.person)
    memo = told.pop("memo", {})
    return Found(row.chat_id, Person(**told), memo)


def _meet(channel: Channel, address: Address, found: Found | None, now: datetime) -> Identity:
    """The identity of somebody who never wrote; of a contact who is known by this address."""
    assert found is not None
    person = _with(found.person, address)
    contact = known_contact(channel, address)
    identity = inbox.identity_of(channel, found.chat_id, person, now, contact)
    if found.memo:
        identity.details = {**(identity.details or {}), "memo": dict(found.memo)}
    return identity


def _with(person: Person, address: Address) -> Person:
    told = {"phone": person.phone, "email": person.email, "username": person.username}
    return replace(person, **{address.kind: told[address.kind] or address.value})


def known_contact(channel: Channel, address: Address) -> Contact | None:
    """A client of the portal with this address, in whatever channel."""
    if address.kind == "username":
        return None
    column = Contact.phone if address.kind == "phone" else Contact.email
    others = select(ContactAddress.contact_id).where(
        ContactAddress.portal_id == channel.portal_id,
        ContactAddress.kind == address.kind,
        ContactAddress.value == address.value,
    )
    return db.session.scalar(
        select(Contact)
        .where(
            Contact.portal_id == channel.portal_id,
            Contact.merged_into.is_(None),
            or_(column == address.value, Contact.id.in_(others)),
        )
        .order_by(Contact.id)
        .limit(1)
    )


def _begun(
    channel: Channel, identity: Identity, operator: Operator, card: Target | None, now: datetime
) -> Conversation:
    """A new chat that the operator has begun; from a card's tab it is pinned to the card."""
    row = inbox.open_conversation(channel, identity, now)
    row.accept(operator.user_id, now)
    if card and accounts.line_of(channel) is None:
        row.crm_pin = crm_places.kept(card)
        setattr(row, crm_places.COLUMNS[card.type_id], card.id)
    journal.note(row, "begun", {"name": operator.name}, now)
    shown.tell_conversation(row, now)
    return row


def _shown(seeker: Seeker, row: Channel, facts: Facts, address: Address) -> dict[str, Any]:
    said: Verdict = rules.verdict(facts, seeker.user_id, sees_others=seeker.sees_others)
    reason = say(said.reason, seeker.language)
    if said.state == "failed" and (lookup := _lookup_row(row.id, address)):
        reason = say(lookup.error, seeker.language)
    return {
        "channel": {"id": str(row.id), "kind": row.kind, "name": row.name},
        "state": said.state,
        "reason": reason,
        "conversation_id": str(said.chat_id) if said.chat_id else None,
    }


def _kind(row: Channel) -> type[Adapter]:
    return channels.kinds()[row.kind]


JOBS = {"lookup": ask}
