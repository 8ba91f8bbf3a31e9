"""What we last saw of clients and their cards: a repeat inquiry needs no search.

It is taken out before it is used and put back when the writing is done: whoever comes
after a lost answer finds nothing and asks the portal. Nothing is created from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from b24app.actions import crm_cards
from b24app.actions.crm_found import Found, Gathered
from b24app.db import db
from b24app.models import CrmCard, CrmPerson
from b24app.rules.target import CONTACT, DEAL, LEAD, Card, CrmFacts, Person
from b24app.rules.verdict import Inquiry

TTL = timedelta(minutes=10)
STALE = datetime.fromtimestamp(0, UTC)  # fetched_at of a card that changed since
VALUE_MOST = 240
Key = tuple[str, str]


def keys(inquiry: Inquiry) -> list[Key]:
    """Under what the client of an inquiry is remembered: phone, e-mail, name in the channel."""
    told = (
        ("phone", inquiry.phone),
        ("email", inquiry.email.lower()),
        ("client", inquiry.client_key),
    )
    return [(kind, value[:VALUE_MOST]) for kind, value in told if value]


def take(portal_id: int, inquiry: Inquiry, now: datetime) -> Gathered | None:
    """What is known of the client and still fresh, which is forgotten now; None: not enough."""
    rows = _rows(portal_id, keys(inquiry))
    for row in rows:
        db.session.delete(row)
    fresh = [row for row in rows if row.checked_at > now - TTL]
    if not _enough(inquiry, {row.kind for row in fresh}):
        return None
    contacts = {number for row in fresh for number in row.contact_ids}
    wanted = {(CONTACT, number) for number in contacts}
    wanted |= {(DEAL, number) for row in fresh for number in row.deal_ids}
    wanted |= {(LEAD, number) for row in fresh for number in row.lead_ids}
    kept = _cards(portal_id, wanted, now)
    return None if kept is None else _gathered(fresh, contacts, kept)


def keep(portal_id: int, inquiry: Inquiry, gathered: Gathered, now: datetime) -> None:
    """Remember a client with all their cards, under every name of theirs."""
    facts = gathered.facts
    cards: list[Card | Person] = [*facts.leads, *facts.deals, *facts.contacts]
    for one in cards:
        keep_card(portal_id, one, now)
    for kind, value in keys(inquiry):
        found = gathered.found.get(kind, Found())
        _put(
            CrmPerson,
            {"portal_id": portal_id, "kind": kind, "value": value},
            {
                "contact_ids": sorted(found.contacts),
                "company_ids": sorted(found.companies),
                "lead_ids": sorted(one.id for one in facts.leads),
                "deal_ids": sorted(one.id for one in facts.deals),
                "checked_at": now,
            },
        )


def keep_card(portal_id: int, found: Card | Person, now: datetime) -> None:
    """Remember how a card stands."""
    type_id = found.type_id if isinstance(found, Card) else CONTACT
    _put(
        CrmCard,
        {"portal_id": portal_id, "type_id": type_id, "card_id": found.id},
        {"document": crm_cards.document(found), "fetched_at": now},
    )


def doubt(portal_id: int, type_id: int, card_id: int) -> None:
    """A card changed: it is to be read before it is believed again."""
    _put(
        CrmCard,
        {"portal_id": portal_id, "type_id": type_id, "card_id": card_id},
        {"fetched_at": STALE},
        {"document": {}},
    )


def doubtful(portal_id: int, limit: int) -> list[CrmCard]:
    """Leads and deals that changed since they were read."""
    rows = db.session.scalars(
        select(CrmCard)
        .where(
            CrmCard.portal_id == portal_id,
            CrmCard.type_id.in_((LEAD, DEAL)),
            CrmCard.fetched_at == STALE,
        )
        .order_by(CrmCard.id)
        .limit(limit)
    )
    return list(rows)


def card_row(portal_id: int, type_id: int, card_id: int) -> CrmCard | None:
    """The row of a card that we have seen."""
    return db.session.scalar(
        select(CrmCard).where(
            CrmCard.portal_id == portal_id, CrmCard.type_id == type_id, CrmCard.card_id == card_id
        )
    )


def forget_card(portal_id: int, type_id: int, card_id: int) -> None:
    """A card is gone, and whoever was remembered with it is looked up again."""
    db.session.execute(
        delete(CrmCard).where(
            CrmCard.portal_id == portal_id, CrmCard.type_id == type_id, CrmCard.card_id == card_id
        )
    )


def forget_people(
    portal_id: int, contacts: Iterable[int], companies: Iterable[int], now: datetime
) -> None:
    """Clients known by these contacts or companies are looked up again."""
    gone = (set(contacts), set(companies))
    for row in fresh_people(portal_id, now):
        if gone[0] & set(row.contact_ids) or gone[1] & set(row.company_ids):
            db.session.delete(row)


def fresh_people(portal_id: int, now: datetime) -> Sequence[CrmPerson]:
    """Clients who may be told from memory."""
    return db.session.scalars(
        select(CrmPerson).where(CrmPerson.portal_id == portal_id, CrmPerson.checked_at > now - TTL)
    ).all()


def _enough(inquiry: Inquiry, known: set[str]) -> bool:
    """By every address; the name in a channel counts only where there is no address."""
    wanted = {kind for kind, _ in keys(inquiry)}
    return bool(wanted) and (wanted - {"client"} or wanted) <= known


def _rows(portal_id: int, wanted: Sequence[Key]) -> list[CrmPerson]:
    found = (
        db.session.scalar(
            select(CrmPerson).where(
                CrmPerson.portal_id == portal_id, CrmPerson.kind == kind, CrmPerson.value == value
            )
        )
        for kind, value in wanted
    )
    return [row for row in found if row]


def _cards(
    portal_id: int, wanted: set[tuple[int, int]], now: datetime
) -> dict[tuple[int, int], dict[str, Any]] | None:
    """Documents of all these cards; None if any is missing or old."""
    rows = db.session.scalars(
        select(CrmCard).where(
            CrmCard.portal_id == portal_id,
            CrmCard.card_id.in_([number for _, number in wanted]),
            CrmCard.fetched_at > now - TTL,
        )
    )
    found = {(row.type_id, row.card_id): row.document for row in rows}
    return {key: found[key] for key in wanted} if wanted <= found.keys() else None


def _gathered(
    rows: Sequence[CrmPerson],
    contacts: set[int],
    kept: Mapping[tuple[int, int], dict[str, Any]],
) -> Gathered:
    companies = {number for row in rows for number in row.company_ids}
    cards = [crm_cards.card_of(one) for (type_id, _), one in kept.items() if type_id != CONTACT]
    people = [crm_cards.person_of(kept[CONTACT, number]) for number in sorted(contacts)]
    facts = CrmFacts(
        leads=tuple(card for card in cards if card.type_id == LEAD),
        deals=tuple(card for card in cards if card.type_id == DEAL),
        contacts=tuple(people),
        company_ids=tuple(sorted(companies)),
    )
    found = {
        row.kind: Found(frozenset(row.contact_ids), frozenset(row.company_ids)) for row in rows
    }
    return Gathered(facts, found)


def _put(
    model: type[CrmCard] | type[CrmPerson],
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    first: Mapping[str, Any] | None = None,
) -> None:
    """Write a row or overwrite it; `first` counts only for a new one."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).values(**key, **values, **(first or {}))
    db.session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))
