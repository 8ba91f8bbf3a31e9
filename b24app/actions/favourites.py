"""Chats that an employee keeps on top of their list: five at most, only while in work."""

from datetime import datetime

from sqlalchemy import delete, select

from b24app.db import db
from b24app.errors import Conflict
from b24app.i18n import N_
from b24app.models import Conversation, Favourite
from b24app.models.event import announce

MOST = 5
FULL = N_("Limit reached: at most 5 chats can be pinned.")
NOT_IN_WORK = N_("Only a chat in work can be pinned.")


def listed(portal_id: int, user_id: int) -> list[str]:
    """Ids of their pinned chats that are still in work, in the order they were pinned."""
    rows = db.session.scalars(
        select(Favourite.conversation_id)
        .join(Conversation, Conversation.id == Favourite.conversation_id)
        .where(
            Favourite.portal_id == portal_id,
            Favourite.user_id == user_id,
            Conversation.status == "active",
        )
        .order_by(Favourite.id)
    )
    return [str(one) for one in rows]


def pin(row: Conversation, user_id: int, now: datetime) -> list[str]:
    """Keep a chat on top.

    Raises: Conflict: it is not in work, or there are five already.
    """
    if row.status != "active":
        raise Conflict(NOT_IN_WORK, code="not_active")
    pinned = listed(row.portal_id, user_id)
    if str(row.id) in pinned:
        return pinned
    if len(pinned) >= MOST:
        raise Conflict(FULL, code="pins_full")
    _drop(row, user_id)  # of an earlier time in work
    kept = {"portal_id": row.portal_id, "user_id": user_id, "conversation_id": row.id}
    db.session.add(Favourite(**kept, created_at=now))
    return _tell(row.portal_id, user_id, now)


def unpin(row: Conversation, user_id: int, now: datetime) -> list[str]:
    _drop(row, user_id)
    return _tell(row.portal_id, user_id, now)


def _drop(row: Conversation, user_id: int) -> None:
    db.session.execute(
        delete(Favourite).where(
            Favourite.portal_id == row.portal_id,
            Favourite.user_id == user_id,
            Favourite.conversation_id == row.id,
        )
    )


def _tell(portal_id: int, user_id: int, now: datetime) -> list[str]:
    """Their other screens show the same."""
    db.session.flush()  # what was pinned is listed below
    pinned = listed(portal_id, user_id)
    announce(portal_id, "pins", {"user_id": str(user_id), "ids": pinned}, now)
    return pinned
