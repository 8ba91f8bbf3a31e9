"""What the answers of a search say of a client: who was found, and which cards are theirs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from b24app.actions import crm_cards
from b24app.bitrix import crm as bitrix
from b24app.bitrix.payloads import whole
from b24app.rules import phones
from b24app.rules.target import DEAL, LEAD, Card, CrmFacts, Person
from b24app.rules.verdict import Inquiry


@dataclass(frozen=True, slots=True)
class Found:
    """Whom one address of the client led to."""

    contacts: frozenset[int] = frozenset()
    companies: frozenset[int] = frozenset()
    leads: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, and who was found by which address: phone, email or client."""

    facts: CrmFacts
    found: Mapping[str, Found] = field(default_factory=dict)


def addresses(inquiry: Inquiry) -> dict[str, list[str]]:
    """How the client may be known in CRM, by kind: phone (in every notation), email."""
    told = {
        "phone": phones.variants(inquiry.phone) if inquiry.phone else [],
        "email": [inquiry.email] if inquiry.email else [],
    }
    return {kind: values for kind, values in told.items() if values}


def facts_of(inquiry: Inquiry, results: Mapping[str, Any], known_contact: int | None) -> Gathered:
    """Facts out of a search's results by key."""
    found = found_of(inquiry, results, known_contact)
    contacts = frozenset[int]().union(*(one.contacts for one in found.values()))
    companies = frozenset[int]().union(*(one.companies for one in found.values()))
    leads = frozenset[int]().union(*(one.leads for one in found.values()))
    recent = {(one.type_id, one.id) for one in inquiry.recent}

    def belongs(card: Card) -> bool:
        """An empty reference may come back as "everything"."""
        known = card.type_id == LEAD and card.id in leads
        theirs = bool(contacts & set(card.contact_ids)) or card.company_id in companies
        return known or theirs or (card.type_id, card.id) in recent

    own = {(DEAL, _first(results, "own_deal")), (LEAD, _first(results, "own_lead"))}
    cards = {
        type_id: tuple(
            one for one in _cards(results, type_id) if belongs(one) or (one.type_id, one.id) in own
        )
        for type_id in (LEAD, DEAL)
    }
    facts = CrmFacts(
        leads=cards[LEAD],
        deals=cards[DEAL],
        contacts=_people(results, contacts),
        company_ids=tuple(sorted(companies)),
        own_lead_id=_first(results, "own_lead"),
        own_deal_id=_first(results, "own_deal"),
        own_contact_id=_first(results, "own_contact"),
        own_activity_id=_activity(results),
        leads_exist=str(results.get("mode")) != "2",
    )
    return Gathered(facts, found)


def found_of(
    inquiry: Inquiry, results: Mapping[str, Any], known_contact: int | None
) -> dict[str, Found]:
    """Who was found by which address; vendors and the customer's own firms are no clients."""
    vendors = {
        int(item["id"])
        for item in _items(results, "people_", "own_contact")
        if whole(item.get("categoryId"))
    }
    own_firms = {
        int(item["id"]) for item in _items(results, "firms_") if item.get("isMyCompany") == "Y"
    }
    found = {
        kind: Found(
            contacts=_ids(results, kind, "CONTACT") - vendors,
            companies=_ids(results, kind, "COMPANY") - own_firms,
            leads=_ids(results, kind, "LEAD"),
        )
        for kind in addresses(inquiry)
    }
    known = {known_contact, _first(results, "own_contact")} - {None}
    found["client"] = Found(contacts=frozenset(number for number in known if number))
    return found


def _ids(results: Mapping[str, Any], kind: str, entity: bitrix.Found) -> frozenset[int]:
    return frozenset(bitrix.read_found(results.get(f"find_{kind}_{entity}"), entity))


def _items(results: Mapping[str, Any], *prefixes: str) -> Iterable[dict[str, Any]]:
    for key, result in results.items():
        if key.startswith(prefixes):
            yield from bitrix.read_items(result)


def _cards(results: Mapping[str, Any], type_id: int) -> list[Card]:
    """Cards of every list of this type, each once, in the order of their numbers."""
    prefixes = {DEAL: ("deals_", "own_deal"), LEAD: ("leads_", "own_lead")}[type_id]
    cards = {int(item["id"]): crm_cards.card(type_id, item) for item in _items(results, *prefixes)}
    return [cards[number] for number in sorted(cards)]


def _people(results: Mapping[str, Any], contacts: frozenset[int]) -> tuple[Person, ...]:
    """The contacts found; of one that we may not read only the number is known."""
    told = {int(item["id"]): item for item in _items(results, "people_", "own_contact")}
    return tuple(
        crm_cards.person(told[number]) if number in told else Person(number)
        for number in sorted(contacts)
    )


def _first(results: Mapping[str, Any], key: str) -> int | None:
    ids = [int(item["id"]) for item in bitrix.read_items(results.get(key))]
    return min(ids, default=None)


def _activity(results: Mapping[str, Any]) -> int | None:
    told = results.get("own_activity")
    rows = told if isinstance(told, list) else ()
    ids = [whole(one.get("ID")) for one in rows if isinstance(one, dict)]
    return min((number for number in ids if number), default=None)
