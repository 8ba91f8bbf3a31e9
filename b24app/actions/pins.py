"""An operator says in which card a chat belongs: it goes before every rule."""

from datetime import datetime
from typing import Any

from b24app.actions import (
    accounts,
    conversations,
    crm_journal,
    crm_places,
    crm_sources,
    directory,
    journal,
    portals,
    promises,
    settings,
    shown,
)
from b24app.actions.crm_cases import LINE_SERVES
from b24app.actions.crm_facts import gather
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import URGENT
from b24app.db import reading, transaction
from b24app.errors import BitrixError, Conflict, NotFound
from b24app.i18n import N_, say
from b24app.models import Conversation, Operator, Portal
from b24app.rules.inquiry import decide
from b24app.rules.target import TYPE_NAMES, Candidate, Reason, Target

TYPES = {name: type_id for type_id, name in TYPE_NAMES.items()}
NO_CARD = N_("There is no such card in CRM, or you may not see it.")
PINNED = N_("{name} pinned this card.")
UNPINNED = N_("{name} took the pin away; what is said next goes where the settings say.")


def pin(portal_id: int, conversation_id: int, user_id: int, target: Target, now: datetime) -> Any:
    """Later words of the chat go to this card; the chat as screens see it.

    Raises:
        NotFound: there is no such chat, or the employee cannot read such a card.
        Conflict: an Open Line keeps CRM for this chat.
    """
    with reading():
        row = conversations.find(portal_id, conversation_id)
        if accounts.line_of(row.channel) is not None:
            raise Conflict(LINE_SERVES.text, code="line_serves")
    _demand_readable(portal_id, user_id, target)
    with transaction():
        row = conversations.find(portal_id, conversation_id)
        row.crm_pin = crm_places.kept(target)
        if row.crm_state == "ready":
            crm_places.live_in(row, target)
            crm_journal.note_move(row, Reason(PINNED, {"name": _name(portal_id, user_id)}), now)
        else:
            row.crm_state = row.crm_error = ""
        _tell(row, "pin", user_id, {"type": target.type_id, "id": target.id}, now)
        return shown.conversation(row)


def unpin(portal_id: int, conversation_id: int, user_id: int, now: datetime) -> Any:
    """The settings decide again, at the next words."""
    with transaction():
        row = conversations.find(portal_id, conversation_id)
        if row.crm_pin:
            row.crm_pin = None
            if row.crm_state == "ready":
                crm_places.lose_place(row)
            why = Reason(UNPINNED, {"name": _name(portal_id, user_id)})
            crm_journal.note_move(row, why, now)
            _tell(row, "unpin", user_id, {}, now)
        return shown.conversation(row)


def candidates(
    portal_id: int, conversation_id: int, user_id: int, language: str, now: datetime
) -> list[dict[str, Any]]:
    """Cards of the client as CRM has them now, the best first, with what speaks for each.

    The employee's own token asks: nobody sees a card that CRM would not show them.
    """
    with reading() as session:
        row = conversations.find(portal_id, conversation_id)
        current = settings.rules_of(portal_id, "chats", row.settings_version)
        inquiry = crm_sources.of_chat(row, now)
        fields, known = directory.fields(portal_id), crm_sources.known_contact(row)
        origin = session.get_one(Portal, portal_id).origin
        lived = crm_places.main_card(row)
    gathered = gather(portals.client(portal_id, user_id), inquiry, known)
    verdict = decide(inquiry, gathered.facts, current.document, fields)
    return [_shown(one, origin, language, inquiry.pinned, lived) for one in verdict.candidates]


def _demand_readable(portal_id: int, user_id: int, target: Target) -> None:
    """Raises: NotFound unless the employee's own token reads the card."""
    try:
        told = portals.client(portal_id, user_id).ask(
            bitrix.item_get(target.type_id, target.id or 0), priority=URGENT
        )
    except BitrixError as error:
        if error.permanent:
            raise NotFound(NO_CARD, code="no_card") from error
        raise
    if bitrix.read_item_id(told) != target.id:
        raise NotFound(NO_CARD, code="no_card")


def _tell(
    row: Conversation, deed: str, user_id: int, details: dict[str, Any], now: datetime
) -> None:
    told = {"conversation_id": row.id, **details}
    journal.audit(row.portal_id, user_id, f"conversation.{deed}", told, now)
    promises.crm(row, now)
    shown.tell_conversation(row, now)


def _name(portal_id: int, user_id: int) -> str:
    people = shown.operators(portal_id, [user_id])
    known: Operator | None = people.get(user_id)
    return known.name if known else f"#{user_id}"


def _shown(
    one: Candidate, origin: str, language: str, pinned: Target | None, lived: Target | None
) -> dict[str, Any]:
    card = one.card
    name = TYPE_NAMES[card.type_id]
    return {
        "type": name,
        "id": str(card.id),
        "title": card.title,
        "url": f"{origin}/crm/{name}/details/{card.id}/",
        "open": card.opened,
        "created_at": shown.moment(card.created_at),
        "category_id": None if card.category_id is None else str(card.category_id),
        "stage_id": card.stage_id,
        "responsible_id": str(card.responsible_id) if card.responsible_id else None,
        "score": one.score,
        "reasons": [say(why.text, language, **why.params) for why in one.reasons],
        "chosen": one.chosen,
        "pinned": pinned == Target(card.type_id, card.id),
        "current": lived == Target(card.type_id, card.id),
    }
