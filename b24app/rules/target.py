"""What a portal knows of a client, and which of the client's cards is the one.

Source: crm.md 5.4 (selection) and 14 (settings and behaviour).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from b24app.i18n import N_

LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
TYPE_NAMES = {LEAD: "lead", DEAL: "deal", CONTACT: "contact", COMPANY: "company"}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, for a person: English of the catalogue with {placeholders}, translated where shown."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A card that gets the comment: an id that exists, or the key of the call that makes it."""

    type_id: int
    id: int | None = None
    made_by: str = ""

    @property
    def reference(self) -> int | str:
        return self.id if self.id is not None else f"$result[{self.made_by}][item][id]"


@dataclass(frozen=True, slots=True)
class Card:
    """A lead or deal of the client.

    opened: nobody has won or lost it yet. moved_at: when its stage changed last.
    ours: made by this application, for whatever inquiry.
    """

    type_id: int
    id: int
    opened: bool
    created_at: datetime
    moved_at: datetime | None = None
    title: str = ""
    category_id: int | None = None
    stage_id: str = ""
    responsible_id: int | None = None
    contact_ids: tuple[int, ...] = ()
    company_id: int | None = None
    lead_id: int | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A contact of CRM."""

    id: int
    responsible_id: int | None = None
    company_ids: tuple[int, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CrmFacts:
    """What the portal knows of the client.

    own_*: made by us for this very inquiry (own_contact_id: for this very visitor).
    leads_exist: classic CRM mode. gathered: False if the portal was not asked.
    """

    leads: tuple[Card, ...] = ()
    deals: tuple[Card, ...] = ()
    contacts: tuple[Person, ...] = ()
    company_ids: tuple[int, ...] = ()
    own_lead_id: int | None = None
    own_deal_id: int | None = None
    own_contact_id: int | None = None
    own_activity_id: int | None = None
    leads_exist: bool = True
    gathered: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A card that was looked at; the highest score of those that count wins."""

    card: Card
    score: int
    reasons: tuple[Reason, ...]
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What the choice is made by.

    prefer: cards of this type come first; None: the freshest of each type are wanted.
    own, recent: cards that win because they were made for this inquiry, or for another one
    of this client that must not be doubled.
    """

    prefer: int | None = DEAL
    write_to_closed: bool = False
    pinned: Target | None = None
    own: tuple[Target, ...] = ()
    recent: tuple[Target, ...] = ()
    contact_ids: Collection[int] = ()
    company_ids: Collection[int] = ()


# A later line of this table never outweighs an earlier one.
PINNED, OWN, RECENT, OPEN, PREFERRED, FRESHER = 10**9, 10**8, 10**7, 10**6, 500_000, 10
CONTACTS, COMPANYS, OURS = 4, 2, 1
RANK_MOST = 40_000
UNSEEN = -1  # the score of a card that does not count
EPOCH = datetime.fromtimestamp(0, UTC)

WAS_PINNED = Reason(N_("An operator pinned this card."))
WAS_OWN = Reason(N_("It was made for this very inquiry."))
WAS_RECENT = Reason(N_("It was made for another recent inquiry of this client."))
IS_OPEN = Reason(N_("It is open."))
IS_CLOSED = Reason(N_("It is closed; closed ones count."))
IS_UNSEEN = Reason(N_("It is closed, and closed ones do not count."))
IS_PREFERRED = Reason(N_("Cards of this type come first."))
IS_OURS = Reason(N_("This application made it."))
OF_CONTACT = N_("It belongs to contact {id} of the client.")
OF_COMPANY = N_("It belongs to company {id} of the client.")
RANK = N_("Freshness: {place} of {count}.")


def choose(cards: Iterable[Card], wish: Wish) -> tuple[Candidate, ...]:
    """Every card with its score, the best first, those chosen marked.

    One is chosen, or (without a preferred type) the best of each type that is as open as
    the best of all. The answer does not depend on the order of `cards`.
    """
    once = cards_once(cards)
    ranks = _ranks(once)
    scored = [_scored(card, wish, ranks[card.type_id, card.id]) for card in once]
    best_first = sorted(scored, key=_order)
    winners = _winners(best_first, wish)
    return tuple(
        replace(one, chosen=(one.card.type_id, one.card.id) in winners) for one in best_first
    )


def cards_once(cards: Iterable[Card]) -> list[Card]:
    """A card may be found by several ways; the order of `repr` settles contradictions."""
    return list({(card.type_id, card.id): card for card in sorted(cards, key=repr)}.values())


def people_once(people: Iterable[Person]) -> list[Person]:
    return list({one.id: one for one in sorted(people, key=repr)}.values())


def freshest_first(cards: Iterable[Card]) -> list[Card]:
    """By when an open card was made, and when a closed one was closed; then by id."""
    return sorted(cards_once(cards), key=_freshness, reverse=True)


def best_contact(people: Iterable[Person], deals: Iterable[Card]) -> Person | None:
    """The contact that owns the freshest open deal, else the newest one."""
    known = {person.id: person for person in people_once(people)}
    for deal in freshest_first(card for card in deals if card.opened):
        if owners := known.keys() & set(deal.contact_ids):
            return known[max(owners)]
    return known[max(known)] if known else None


def _scored(card: Card, wish: Wish, rank: "Rank") -> Candidate:
    pinned = _is(card, wish.pinned)
    own = any(_is(card, one) for one in wish.own)
    if not (card.opened or wish.write_to_closed or pinned or own):
        return Candidate(card, UNSEEN, (IS_UNSEEN,))
    points = [
        *_distinctions(card, wish, pinned, own),
        (FRESHER * min(rank.below, RANK_MOST), rank.reason),
        *_ties(card, wish),
    ]
    return Candidate(card, sum(number for number, _ in points), tuple(why for _, why in points))


def _distinctions(card: Card, wish: Wish, pinned: bool, own: bool) -> list[tuple[int, Reason]]:
    recent = any(_is(card, one) for one in wish.recent)
    told = [
        (pinned, PINNED, WAS_PINNED),
        (own, OWN, WAS_OWN),
        (recent, RECENT, WAS_RECENT),
        (card.opened, OPEN, IS_OPEN),
        (not card.opened, 0, IS_CLOSED),
        (card.type_id == wish.prefer, PREFERRED, IS_PREFERRED),
    ]
    return [(points, why) for holds, points, why in told if holds]


def _ties(card: Card, wish: Wish) -> list[tuple[int, Reason]]:
    """What says that the card is the client's; it never decides between two cards."""
    told: list[tuple[int, Reason]] = []
    if shared := set(wish.contact_ids) & set(card.contact_ids):
        told.append((CONTACTS, Reason(OF_CONTACT, {"id": max(shared)})))
    if card.company_id is not None and card.company_id in wish.company_ids:
        told.append((COMPANYS, Reason(OF_COMPANY, {"id": card.company_id})))
    return [*told, (OURS, IS_OURS)] if card.ours else told


@dataclass(frozen=True, slots=True)
class Rank:
    """A card's place in freshness among those of its type that are as open as it is."""

    place: int
    count: int

    @property
    def below(self) -> int:
        return self.count - self.place

    @property
    def reason(self) -> Reason:
        return Reason(RANK, {"place": self.place, "count": self.count})


def _ranks(cards: Iterable[Card]) -> dict[tuple[int, int], Rank]:
    groups: dict[tuple[int, bool], list[Card]] = {}
    for card in freshest_first(cards):
        groups.setdefault((card.type_id, card.opened), []).append(card)
    return {
        (card.type_id, card.id): Rank(place, len(group))
        for group in groups.values()
        for place, card in enumerate(group, 1)
    }


def _winners(best_first: list[Candidate], wish: Wish) -> set[tuple[int, int]]:
    seen = [one for one in best_first if one.score != UNSEEN]
    if not seen:
        return set()
    best = seen[0]
    chosen = [best]
    if wish.prefer is None and best.score < RECENT:
        others = [one for one in seen if one.card.type_id != best.card.type_id]
        chosen += [one for one in others[:1] if one.card.opened == best.card.opened]
    return {(one.card.type_id, one.card.id) for one in chosen}


def _order(one: Candidate) -> tuple[int, int, int]:
    """Equal scores: a deal before a lead, then the younger id."""
    return -one.score, -one.card.type_id, -one.card.id


def _freshness(card: Card) -> tuple[datetime, int]:
    at = card.created_at if card.opened else card.moved_at or card.created_at
    return (at if at.tzinfo else at.replace(tzinfo=UTC)), card.id


def _is(card: Card, target: Target | None) -> bool:
    return target is not None and (target.type_id, target.id) == (card.type_id, card.id)
