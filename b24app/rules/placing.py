"""Which cards of CRM an inquiry belongs to: found ones, or ones that are to be made.

Source: crm.md 14 (settings and behaviour), 18 (races); plan (f) for recent requests.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from b24app.i18n import N_
from b24app.rules.documents import Document
from b24app.rules.target import (
    COMPANY,
    CONTACT,
    DEAL,
    LEAD,
    TYPE_NAMES,
    Candidate,
    Card,
    CrmFacts,
    Person,
    Reason,
    Target,
    Wish,
    best_contact,
    cards_once,
    choose,
    people_once,
)
from b24app.rules.verdict import Inquiry, Kind

ENTITIES = ("lead", "deal", "activity")
TYPES = {name: type_id for type_id, name in TYPE_NAMES.items()}
PREFERRED: Mapping[str, int | None] = {"deal": DEAL, "lead": LEAD, "both": None}
SKEW = timedelta(minutes=10)  # between the portal's clock and ours

LEADS_OFF = Reason(N_("This portal works without leads: rules for leads act as rules for deals."))
FOUND = N_(
    "Found in CRM: leads {leads}, deals {deals}, contacts {contacts}, companies {companies}."
)
UNSEEN = N_("Closed leads and deals do not count by the settings: {count} left out.")
FIRST = Reason(N_("Nothing of this client counts in CRM: it is a first inquiry."))
AGAIN = Reason(N_("The client is in CRM already: it is a repeat inquiry."))
EXHAUSTED = Reason(N_("There is no card for a comment, so it counts as a first inquiry."))
NOTHING = Reason(N_("The settings create neither a lead nor a deal."))
UNFINISHED = N_("Contact {id} was made by an earlier try; the rest is made now.")
KNOWN = Reason(N_("Its own card exists already; a second one is never made."))
OWN_CLOSED = Reason(N_("Its own card is closed, so another card of the client gets the comment."))
RECENT = {
    LEAD: N_("Lead {id} was made for a recent inquiry of this client; it is used, not doubled."),
    DEAL: N_("Deal {id} was made for a recent inquiry of this client; it is used, not doubled."),
}
PINNED = {
    LEAD: N_("An operator pinned lead {id}."),
    DEAL: N_("An operator pinned deal {id}."),
    CONTACT: N_("An operator pinned contact {id}."),
    COMPANY: N_("An operator pinned company {id}."),
}
PRIORITY = {
    "deal": Reason(N_("Comments go to deals first.")),
    "lead": Reason(N_("Comments go to leads first.")),
    "both": Reason(N_("Comments go to the freshest deal and the freshest lead.")),
}
IS_OPEN = {
    LEAD: N_("Lead {id} is the freshest open one."),
    DEAL: N_("Deal {id} is the freshest open one."),
}
IS_CLOSED = {
    LEAD: N_("Everything is closed: lead {id} was closed last."),
    DEAL: N_("Everything is closed: deal {id} was closed last."),
}
OPEN_FIRST = Reason(N_("An open card goes before a closed one."))
NO_CARD = {
    CONTACT: N_("No lead or deal counts: contact {id} gets the comment."),
    COMPANY: N_("No lead, deal or contact counts: company {id} gets the comment."),
}
MADE = {
    "contact": Reason(N_("A contact is created, because a deal has no phone of its own.")),
    "lead": Reason(N_("The settings create a lead.")),
    "deal": Reason(N_("The settings create a deal.")),
    "activity": Reason(N_("The settings create an activity.")),
}
USED = {
    CONTACT: N_("The client is contact {id}."),
    COMPANY: N_("The client is company {id}."),
}
COPIED = {
    CONTACT: Reason(N_("The comment is also saved in the contact.")),
    COMPANY: Reason(N_("The comment is also saved in the company.")),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Cards to make and to write to; see Verdict.

    basis: by which rules, primary or repeat. recent: it was made for another inquiry.
    """

    kind: Kind
    basis: Kind
    create: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    copies: tuple[Target, ...] = ()
    contact_id: int | None = None
    company_id: int | None = None
    recent: bool = False
    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[Reason, ...] = ()


def place(inquiry: Inquiry, facts: CrmFacts, document: Document) -> Place:
    """Which cards the inquiry belongs to, and why."""
    case = _case(inquiry, facts, document)
    placed = _placed(case)
    copies = _copies(placed, document)
    return replace(
        placed,
        copies=copies,
        candidates=_candidates(case, placed),
        reasons=(*case.reasons, *placed.reasons, *(COPIED[one.type_id] for one in copies)),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """An inquiry with its settings read for this portal.

    cards: of the client, without those made for this very inquiry (own_cards).
    contacts: without one that an unfinished try made (unfinished).
    """

    inquiry: Inquiry
    facts: CrmFacts
    primary: tuple[str, ...]
    repeat: tuple[str, ...]
    wish: Wish
    cards: tuple[Card, ...]
    own_cards: tuple[Card, ...]
    contacts: tuple[Person, ...]
    unfinished: int | None
    reasons: tuple[Reason, ...]
    priority: Reason

    @property
    def seen(self) -> list[Card]:
        return [card for card in self.cards if card.opened or self.wish.write_to_closed]

    @property
    def deals(self) -> list[Card]:
        return [card for card in self.cards if card.type_id == DEAL]


def _case(inquiry: Inquiry, facts: CrmFacts, document: Document) -> Case:
    cards = cards_once((*facts.deals, *(facts.leads if facts.leads_exist else ())))
    own = _own(facts)
    others = tuple(card for card in cards if not _among(card, own))
    unfinished = _unfinished(inquiry, facts, others)
    contacts = tuple(one for one in _people(facts) if one.id != unfinished)
    rules_leads = "lead" in (*document.create_primary, *document.create_repeat)
    mentions_leads = rules_leads or document.comment_priority != "deal" or bool(facts.leads)
    priority = document.comment_priority if facts.leads_exist else "deal"
    return Case(
        inquiry=inquiry,
        facts=facts,
        primary=_entities(document.create_primary, facts.leads_exist),
        repeat=_entities(document.create_repeat, facts.leads_exist),
        wish=Wish(
            prefer=PREFERRED[priority],
            write_to_closed=document.write_to_closed,
            pinned=inquiry.pinned,
            own=own,
            contact_ids=frozenset(one.id for one in contacts),
            company_ids=frozenset(facts.company_ids),
        ),
        cards=others,
        own_cards=tuple(card for card in cards if _among(card, own)),
        contacts=contacts,
        unfinished=unfinished,
        reasons=() if facts.leads_exist or not mentions_leads else (LEADS_OFF,),
        priority=PRIORITY[priority],
    )


def _candidates(case: Case, placed: Place) -> tuple[Candidate, ...]:
    """Every card with the points it had in this choice, those chosen marked."""
    counted = tuple(one for one in case.wish.own if one in placed.targets)
    recent = placed.targets if placed.recent else ()
    return tuple(
        replace(one, chosen=_among(one.card, placed.targets))
        for one in choose(
            case.cards + case.own_cards, replace(case.wish, own=counted, recent=recent)
        )
    )


def _placed(case: Case) -> Place:
    if case.inquiry.pinned:
        return _pinned(case, case.inquiry.pinned)
    if case.wish.own:
        return _known(case)
    return _new(case)


def _pinned(case: Case, target: Target) -> Place:
    why = Reason(PINNED[target.type_id], {"id": target.id})
    return _to_found(case, (target,), (why,))


def _known(case: Case) -> Place:
    """What we made for it before an answer was lost, or by an earlier message."""
    own, base = case.wish.own, _new(case)
    if not any(_counts(case, target) for target in own):
        # Its contact is no leftover of a failed try here: the card was made.
        chained = _chain(replace(case, contacts=_people(case.facts), unfinished=None))
        if chained.targets:
            why = (OWN_CLOSED, *chained.reasons)
            return replace(chained, kind="known", basis=base.basis, reasons=why)
    made = {TYPE_NAMES[target.type_id] for target in own}
    rest = _missing(case, base, made)
    targets = (*own, *(Target(TYPES[name], made_by=name) for name in rest if name in ENTITIES[:2]))
    main = _card_of(case, own[0])
    contact = _contact_id(case, main)
    return Place(
        "known",
        base.basis,
        create=tuple(name for name in rest if name != "contact" or contact is None),
        targets=tuple(sorted(targets, key=lambda one: -one.type_id)),
        contact_id=contact,
        company_id=_company_id(case, main, contact),
        reasons=(KNOWN, *(MADE[name] for name in rest if name != "contact")),
    )


def _missing(case: Case, base: Place, made: set[str]) -> tuple[str, ...]:
    """What an earlier try did not come to: of the very things it was to make."""
    if not made <= set(base.create):
        return tuple(name for name in base.create if name == "activity")
    rest = tuple(name for name in base.create if name not in made)
    return rest if "deal" in rest else tuple(name for name in rest if name != "contact")


def _new(case: Case) -> Place:
    facts, unseen = case.facts, len(case.cards) - len(case.seen)
    counts = {
        "leads": sum(card.type_id == LEAD for card in case.cards),
        "deals": len(case.deals),
        "contacts": len(case.contacts),
        "companies": len(set(facts.company_ids)),
    }
    reasons = [Reason(FOUND, counts)]
    if unseen:
        reasons.append(Reason(UNSEEN, {"count": unseen}))
    if not (case.seen or case.contacts or facts.company_ids):
        return _after((*reasons, FIRST), _create(case, "primary", case.primary))
    reasons.append(AGAIN)
    if not set(case.repeat) & {"lead", "deal"}:
        chained = _chain(case)
        return _after(reasons, chained if chained.targets else _exhausted(case, chained))
    if recent := _recent(case):
        return _after(reasons, recent)
    return _after(reasons, _create(case, "repeat", case.repeat))


def _exhausted(case: Case, chained: Place) -> Place:
    """Only closed cards, and neither contact nor company."""
    return _after((*chained.reasons, EXHAUSTED), _create(case, "primary", case.primary))


def _chain(case: Case) -> Place:
    """By the priority of comments: cards, else the contact, else the company."""
    chosen = [one.card for one in choose(case.cards, case.wish) if one.chosen]
    reasons = [case.priority]
    if chosen:
        chosen.sort(key=lambda card: -card.type_id)
        reasons += _why_chosen(case, chosen)
        return _to_found(case, tuple(Target(card.type_id, card.id) for card in chosen), reasons)
    person = best_contact(case.contacts, case.deals)
    companies = case.facts.company_ids
    if person is None and not companies:
        return Place("repeat", "repeat", reasons=tuple(reasons))
    target = Target(CONTACT, person.id) if person else Target(COMPANY, max(companies))
    reasons.append(Reason(NO_CARD[target.type_id], {"id": target.id}))
    return _to_found(case, (target,), reasons)


def _why_chosen(case: Case, chosen: list[Card]) -> list[Reason]:
    words = IS_OPEN if chosen[0].opened else IS_CLOSED
    reasons = [Reason(words[card.type_id], {"id": card.id}) for card in chosen]
    types = {card.type_id for card in chosen}
    wanted = {case.wish.prefer} if case.wish.prefer else {LEAD, DEAL}
    passed = [card for card in case.seen if card.type_id in wanted - types]
    return [OPEN_FIRST, *reasons] if chosen[0].opened and passed else reasons


def _recent(case: Case) -> Place | None:
    """Open cards made for another recent inquiry of the client: the freshest of each type."""
    made = [card for card in case.cards if card.opened and _among(card, case.inquiry.recent)]
    chosen = [one.card for one in choose(made, replace(case.wish, prefer=None)) if one.chosen]
    if not chosen:
        return None
    chosen.sort(key=lambda card: -card.type_id)
    reasons = [Reason(RECENT[card.type_id], {"id": card.id}) for card in chosen]
    targets = tuple(Target(card.type_id, card.id) for card in chosen)
    return replace(_to_found(case, targets, reasons), recent=True)


def _to_found(case: Case, targets: tuple[Target, ...], reasons: Iterable[Reason]) -> Place:
    """Comments go to cards that exist; at most an activity is made."""
    main = _card_of(case, targets[0])
    contact = targets[0].id if targets[0].type_id == CONTACT else _contact_id(case, main)
    company = targets[0].id if targets[0].type_id == COMPANY else None
    acts = "activity" in case.repeat and case.facts.own_activity_id is None
    return Place(
        "repeat",
        "repeat",
        create=("activity",) if acts else (),
        targets=targets,
        contact_id=contact,
        company_id=company or _company_id(case, main, contact),
        reasons=(*reasons, *([MADE["activity"]] if acts else [])),
    )


def _create(case: Case, kind: Kind, entities: tuple[str, ...]) -> Place:
    cards = [name for name in ("deal", "lead") if name in entities]
    if not cards:
        return Place("none", kind, reasons=(NOTHING,))
    contact = _contact_id(case, None)
    company = _company_id(case, None, contact)
    client = contact or company
    makes = ("contact",) if "deal" in cards and not client and _reachable(case.inquiry) else ()
    wanted = (*makes, *(name for name in entities if name in ENTITIES))
    create = tuple(
        name for name in wanted if name != "activity" or case.facts.own_activity_id is None
    )
    return Place(
        kind,
        kind,
        create=create,
        targets=tuple(Target(TYPES[name], made_by=name) for name in cards),
        contact_id=contact,
        company_id=company,
        reasons=(*_client(case, contact, company), *(MADE[name] for name in create)),
    )


def _client(case: Case, contact: int | None, company: int | None) -> list[Reason]:
    if contact is not None and contact == case.unfinished:
        return [Reason(UNFINISHED, {"id": contact})]
    known = {CONTACT: contact, COMPANY: company}
    return [Reason(USED[kind], {"id": number}) for kind, number in known.items() if number]


def _copies(placed: Place, document: Document) -> tuple[Target, ...]:
    """The contact or else the company, if no comment goes there anyway."""
    has_own = any(one.type_id in (CONTACT, COMPANY) for one in placed.targets)
    if not document.copy_to_contact_company or not placed.targets or has_own:
        return ()
    if "contact" in placed.create:
        return (Target(CONTACT, made_by="contact"),)
    if placed.contact_id is not None:
        return (Target(CONTACT, placed.contact_id),)
    return () if placed.company_id is None else (Target(COMPANY, placed.company_id),)


def _after(reasons: Iterable[Reason], placed: Place) -> Place:
    return replace(placed, reasons=(*reasons, *placed.reasons))


def _entities(names: Iterable[str], leads_exist: bool) -> tuple[str, ...]:
    """In the order of creation; without leads a lead means a deal."""
    wanted = {"deal" if name == "lead" and not leads_exist else name for name in names}
    return tuple(name for name in ENTITIES if name in wanted)


def _own(facts: CrmFacts) -> tuple[Target, ...]:
    made = ((DEAL, facts.own_deal_id), (LEAD, facts.own_lead_id))
    return tuple(Target(type_id, number) for type_id, number in made if number is not None)


def _people(facts: CrmFacts) -> tuple[Person, ...]:
    known = people_once(facts.contacts)
    number = facts.own_contact_id
    if number is None or any(one.id == number for one in known):
        return tuple(known)
    return (*known, Person(number))


def _unfinished(inquiry: Inquiry, facts: CrmFacts, cards: Iterable[Card]) -> int | None:
    """The contact that a try of this inquiry made before its deal failed.

    Our own contact without any lead or deal, unless it is older than the inquiry: then
    somebody deleted its cards, and it counts as found.
    """
    number = facts.own_contact_id
    if number is None or any(number in card.contact_ids for card in cards):
        return None
    made = next((one.created_at for one in _people(facts) if one.id == number), None)
    began = _began(inquiry)
    older = made is not None and began is not None and _aware(made) < began - SKEW
    return None if older else number


def _began(inquiry: Inquiry) -> datetime | None:
    try:
        return _aware(datetime.fromisoformat(str(inquiry.parameters["communication_date_time"])))
    except (KeyError, ValueError):
        return None


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _counts(case: Case, target: Target) -> bool:
    card = _card_of(case, target)
    return card is None or card.opened or case.wish.write_to_closed


def _card_of(case: Case, target: Target) -> Card | None:
    return next((one for one in (*case.cards, *case.own_cards) if _among(one, (target,))), None)


def _contact_id(case: Case, card: Card | None) -> int | None:
    """Whose the card is: of the client's contacts, else of all of the card's; else the client."""
    if card and card.contact_ids:
        mine = [one for one in case.contacts if one.id in card.contact_ids]
        person = best_contact(mine, case.deals)
        return person.id if person else max(card.contact_ids)
    person = best_contact(case.contacts, case.deals)
    return person.id if person else case.unfinished


def _company_id(case: Case, card: Card | None, contact: int | None) -> int | None:
    """Of the card; else one that was found, of the contact if it may be."""
    if card and card.company_id is not None:
        return card.company_id
    person = next((one for one in case.contacts if one.id == contact), None)
    of_contact = set(person.company_ids) if person else set()
    found = set(case.facts.company_ids)
    return max(found & of_contact or found or of_contact, default=None)


def _reachable(inquiry: Inquiry) -> bool:
    return bool(inquiry.name or inquiry.phone or inquiry.email or inquiry.im)


def _among(card: Card, targets: Collection[Target]) -> bool:
    return any((one.type_id, one.id) == (card.type_id, card.id) for one in targets)
