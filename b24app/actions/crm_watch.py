"""What others do with cards in CRM: closed, converted, deleted ones move their chats along.

Events carry only a number. Those that matter are noted, and read together a moment later.
Source: crm.md 12 (events and cache invalidation).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app import clock
from b24app.actions import crm_cards, crm_journal, crm_memory, crm_places, portals
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import BatchAnswer
from b24app.bitrix.payloads import PortalEvent, item_id
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.i18n import N_
from b24app.models import Contact, Conversation, Job, Portal
from b24app.models.job import LATER, promise
from b24app.rules.target import COMPANY, CONTACT, DEAL, LEAD, Card, Reason, Target
from b24app.values import Call

# Whoever changes cards changes many: they are read together.
PAUSE = timedelta(seconds=3)
PAGE = 50
SECOND = timedelta(seconds=1)  # events tell their time in whole seconds
TYPES = {"LEAD": LEAD, "DEAL": DEAL, "CONTACT": CONTACT, "COMPANY": COMPANY}
CLOSED = N_("Card {id} was closed; what is said next goes where the settings say.")
CONVERTED = N_("Lead {lead} became deal {deal}; the chat went along.")


def changed(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A lead or deal was changed or moved: it is read again if anybody here needs it."""
    type_id, number = _card(event)
    if not number or _old_news(portal.id, type_id, number, event):
        return
    if crm_places.open_chats(portal.id, type_id, number) or _remembered(
        portal.id, type_id, number, now
    ):
        _note(portal.id, type_id, number, now)
    else:
        crm_memory.forget_card(portal.id, type_id, number)


def added(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A lead or deal of somebody else's: it may be a lead's deal, or a client's new card."""
    type_id, number = _card(event)
    if not number or crm_memory.card_row(portal.id, type_id, number):
        return
    if crm_places.all_of(portal.id, type_id, number):
        return
    if _leads_talk(portal.id) or crm_memory.fresh_people(portal.id, now):
        _note(portal.id, type_id, number, now)


def person_changed(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A contact's or company's phones may be others now: they are looked up again."""
    type_id, number = _card(event)
    if number:
        crm_memory.forget_card(portal.id, type_id, number)
        _forget_people(portal.id, type_id, number, now)


def deleted(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A card was deleted or merged into another: chats that lived in it find a place anew."""
    type_id, number = _card(event)
    if not number:
        return
    crm_memory.forget_card(portal.id, type_id, number)
    _forget_people(portal.id, type_id, number, now)
    for row in crm_places.all_of(portal.id, type_id, number):
        crm_places.drop_card(row, type_id, now)
    if type_id == CONTACT:
        _forget_contact(portal.id, number)


def watch(job: Job) -> None:
    """Read the cards that changed, all of them in one request, and act on what they are now."""
    portal_id = job.payload["portal_id"]
    with transaction():
        ids = _doubtful(portal_id)
        calls = _reading(portal_id, ids)
    if not calls:
        return
    answer = portals.client(portal_id).batch(calls)
    for call in calls:  # what may not be read is forgotten, what may be read later is waited for
        if not (call.key in answer.errors and answer.errors[call.key].permanent):
            answer.result(call.key)
    now = clock.now()
    with transaction():
        _learn(portal_id, ids, answer, now)
    if any(len(numbers) == PAGE for numbers in ids.values()):
        raise BitrixError("More cards wait to be read.", retry_after=0.0)


# -- What is noted ------------------------------------------------------------------------


def _card(event: PortalEvent) -> tuple[int, int]:
    """Type and number; 0 for an event that names no card."""
    name = next(name for name in TYPES if event.event.startswith(f"ONCRM{name}"))
    return TYPES[name], item_id(event) or 0


def _old_news(portal_id: int, type_id: int, number: int, event: PortalEvent) -> bool:
    """Whether the card was read after what the event tells, as after our own writing."""
    row = crm_memory.card_row(portal_id, type_id, number)
    if row is None or not event.ts:
        return False
    return datetime.fromtimestamp(event.ts, UTC) + SECOND <= row.fetched_at


def _remembered(portal_id: int, type_id: int, number: int, now: datetime) -> bool:
    row = crm_memory.card_row(portal_id, type_id, number)
    return row is not None and row.fetched_at > now - crm_memory.TTL


def _note(portal_id: int, type_id: int, number: int, now: datetime) -> None:
    crm_memory.doubt(portal_id, type_id, number)
    promise(
        "crm_watch",
        f"crm_watch:{portal_id}",
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:crm*",
        priority=LATER,
        due_at=now + PAUSE,
        payload={"portal_id": portal_id},
    )


def _leads_talk(portal_id: int) -> bool:
    """Whether any chat lives in a lead, which may be converted."""
    query = select(Conversation.id).where(
        Conversation.portal_id == portal_id,
        Conversation.lead_id.is_not(None),
        Conversation.deal_id.is_(None),
        Conversation.status != "closed",
    )
    return db.session.scalar(query.limit(1)) is not None


def _forget_people(portal_id: int, type_id: int, number: int, now: datetime) -> None:
    contacts = [number] if type_id == CONTACT else []
    companies = [number] if type_id == COMPANY else []
    if type_id in (CONTACT, COMPANY):
        crm_memory.forget_people(portal_id, contacts, companies, now)


def _forget_contact(portal_id: int, number: int) -> None:
    rows = db.session.scalars(
        select(Contact).where(Contact.portal_id == portal_id, Contact.crm_contact_id == number)
    )
    for contact in rows:
        contact.crm_contact_id = None


# -- What is read -------------------------------------------------------------------------


def _doubtful(portal_id: int) -> dict[int, list[int]]:
    rows = crm_memory.doubtful(portal_id, 2 * PAGE)
    return {
        type_id: [row.card_id for row in rows if row.type_id == type_id][:PAGE]
        for type_id in (LEAD, DEAL)
    }


def _reading(portal_id: int, ids: dict[int, list[int]]) -> list[Call]:
    """The cards themselves, and the deals that leads of ours may have become."""
    calls = [
        bitrix.item_list(type_id, {"@id": numbers}, crm_cards.SELECT[type_id], key=f"t{type_id}")
        for type_id, numbers in ids.items()
        if numbers
    ]
    leads = [number for number in ids[LEAD] if crm_places.open_chats(portal_id, LEAD, number)]
    if leads:
        fields = crm_cards.SELECT[DEAL]
        calls.append(bitrix.item_list(DEAL, {"@leadId": leads}, fields, key="became"))
    return calls


def _learn(portal_id: int, ids: dict[int, list[int]], answer: BatchAnswer, now: datetime) -> None:
    """Every card as it is now, its chats moved along; one that was not answered is forgotten."""
    found = [
        crm_cards.card(type_id, item)
        for type_id in ids
        for item in bitrix.read_items(answer.results.get(f"t{type_id}"))
    ]
    became = [
        crm_cards.card(DEAL, item) for item in bitrix.read_items(answer.results.get("became"))
    ]
    told = {(one.type_id, one.id) for one in found}
    for type_id, numbers in ids.items():
        for number in numbers:
            if (type_id, number) not in told:
                crm_memory.forget_card(portal_id, type_id, number)
    # A converted lead is closed too: its deal takes the chat before it has no place.
    for one in sorted((*became, *found), key=lambda card: -card.type_id):
        _take_in(portal_id, one, now)


def _take_in(portal_id: int, card: Card, now: datetime) -> None:
    row = crm_memory.card_row(portal_id, card.type_id, card.id)
    if row is None or not row.document:  # nobody's memory knows it yet
        companies = [card.company_id] if card.company_id else []
        crm_memory.forget_people(portal_id, card.contact_ids, companies, now)
    crm_memory.keep_card(portal_id, card, now)
    if card.type_id == DEAL and card.lead_id:
        _convert(portal_id, card, now)
    if not card.opened:
        _close(portal_id, card, now)


def _convert(portal_id: int, deal: Card, now: datetime) -> None:
    """A lead became a deal: its chats live in the deal, the lead stays beside it."""
    for row in crm_places.open_chats(portal_id, LEAD, deal.lead_id or 0):
        if row.crm_pin or row.deal_id or row.crm_target not in (None, [LEAD, deal.lead_id]):
            continue
        crm_places.live_in(row, Target(DEAL, deal.id))
        words = Reason(CONVERTED, {"lead": deal.lead_id, "deal": deal.id})
        crm_journal.note_move(row, words, now)


def _close(portal_id: int, card: Card, now: datetime) -> None:
    """A closed card takes no more words, unless an operator pinned it."""
    for row in crm_places.open_chats(portal_id, card.type_id, card.id):
        if row.crm_pin or row.crm_target != [card.type_id, card.id]:
            continue
        crm_places.lose_place(row)
        crm_journal.note_move(row, Reason(CLOSED, {"id": card.id}), now)


JOBS = {"crm_watch": watch}
EVENTS: dict[str, Any] = {
    **{f"ONCRM{name}ADD": added for name in ("LEAD", "DEAL")},
    **{f"ONCRM{name}UPDATE": changed for name in ("LEAD", "DEAL")},
    "ONCRMDEALMOVETOCATEGORY": changed,
    **{f"ONCRM{name}UPDATE": person_changed for name in ("CONTACT", "COMPANY")},
    **{f"ONCRM{name}DELETE": deleted for name in TYPES},
}
