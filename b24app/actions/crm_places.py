"""Where a chat lives in CRM: its card, the cards beside it, and how it moves to another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from b24app.actions import shown
from b24app.db import db
from b24app.models import Conversation, OfflineRequest
from b24app.rules.target import COMPANY, CONTACT, DEAL, LEAD, Target

Source = Conversation | OfflineRequest
COLUMNS = {
    LEAD: "lead_id",
    DEAL: "deal_id",
    CONTACT: "crm_contact_id",
    COMPANY: "crm_company_id",
}


def main_card(row: Conversation) -> Target | None:
    """The card that has the comment; None: the chat has no place just now."""
    return target_of(row.crm_target)


def bound_cards(row: Conversation) -> list[Target]:
    """The cards that show the same comment."""
    return [target for one in row.crm_bound or () if (target := target_of(one))]


def target_of(kept: Any) -> Target | None:
    """A card as rows keep it: `[type id, id]`."""
    return Target(kept[0], kept[1]) if kept else None


def kept(target: Target) -> list[int | None]:
    return [target.type_id, target.id]


def live_in(row: Conversation, target: Target) -> None:
    """Later words go to this card, in a comment of its own."""
    if row.crm_target == kept(target):
        return
    row.crm_target = kept(target)
    row.crm_bound = [one for one in row.crm_bound or () if one[0] in (CONTACT, COMPANY)]
    begin_anew(row)
    setattr(row, COLUMNS[target.type_id], target.id)


def lose_place(row: Conversation) -> None:
    """The card does not take the talk any more; the next words look for another."""
    row.crm_target, row.crm_bound = None, []
    begin_anew(row)


def begin_anew(row: Conversation) -> None:
    """What is said next begins another comment."""
    row.crm_comment_id, row.crm_comment_from = None, 0


def drop_card(row: Source, type_id: int, now: datetime) -> None:
    """A card of the chat or request is gone from CRM; the next words find another place."""
    setattr(row, COLUMNS[type_id], None)
    if type_id == CONTACT:
        row.contact.crm_contact_id = None
    if isinstance(row, OfflineRequest):
        shown.tell_request(row, now)
        return
    if row.crm_pin and row.crm_pin[0] == type_id:
        row.crm_pin = None
    row.crm_bound = [one for one in row.crm_bound or () if one[0] != type_id]
    if row.crm_target and row.crm_target[0] == type_id:
        lose_place(row)
    if not (row.deal_id or row.lead_id):
        row.crm_state = ""
    shown.tell_conversation(row, now)


def open_chats(portal_id: int, type_id: int, number: int) -> Sequence[Conversation]:
    """Chats that may still speak in this card."""
    column = getattr(Conversation, COLUMNS[type_id])
    return db.session.scalars(
        select(Conversation).where(
            Conversation.portal_id == portal_id, column == number, Conversation.status != "closed"
        )
    ).all()


def all_of(portal_id: int, type_id: int, number: int) -> list[Source]:
    """Chats and requests of a card, closed ones too."""
    rows: list[Source] = []
    for model in (Conversation, OfflineRequest):
        column = getattr(model, COLUMNS[type_id])
        rows += db.session.scalars(
            select(model).where(model.portal_id == portal_id, column == number)
        )
    return rows
