"""Tags of a portal, and which chats have them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from b24app.actions import journal, shown
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound
from b24app.i18n import N_
from b24app.models import Conversation, ConversationTag, Tag
from b24app.models.event import announce
from b24app.rules.workplace import COLOURS

MOST = 200
PER_CHAT = 20
TAKEN = N_("There is such a tag already.")


def listed(portal_id: int) -> list[dict[str, Any]]:
    """`{"id", "name", "colour", "count"}` by name; count: chats that have it."""
    counted = (
        select(ConversationTag.tag_id, func.count().label("count"))
        .join(Tag, Tag.id == ConversationTag.tag_id)
        .where(Tag.portal_id == portal_id)
        .group_by(ConversationTag.tag_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Tag, counted.c.count)
        .outerjoin(counted, counted.c.tag_id == Tag.id)
        .where(Tag.portal_id == portal_id)
    )
    found = [_shown(tag, count or 0) for tag, count in rows]
    return sorted(found, key=lambda one: one["name"].casefold())


def find(portal_id: int, number: int) -> Tag:
    found = db.session.scalar(select(Tag).where(Tag.portal_id == portal_id, Tag.id == number))
    if found is None:
        raise NotFound("There is no such tag.")
    return found


def make(portal_id: int, name: str, colour: str, by: int, now: datetime) -> dict[str, Any]:
    if len(listed(portal_id)) >= MOST:
        raise Conflict("There are too many tags: at most 200.", code="too_many")
    row = Tag(portal_id=portal_id, created_at=now)
    _write(row, name, colour)
    db.session.add(row)
    db.session.flush()  # it is shown with its id
    return _tell(row, "tag.make", by, now)


def change(row: Tag, name: str, colour: str, by: int, now: datetime) -> dict[str, Any]:
    _write(row, name, colour)
    return _tell(row, "tag.change", by, now)


def remove(row: Tag, by: int, now: datetime) -> None:
    """The tag goes from every chat, too."""
    numbers = select(ConversationTag.conversation_id).where(ConversationTag.tag_id == row.id)
    for chat in db.session.scalars(select(Conversation).where(Conversation.id.in_(numbers))).all():
        chat.tags = [one for one in chat.tags or () if one != row.id]
    db.session.execute(delete(ConversationTag).where(ConversationTag.tag_id == row.id))
    db.session.delete(row)
    _tell(row, "tag.remove", by, now)


def mark(row: Conversation, numbers: Collection[int], by: int, now: datetime) -> None:
    """The chat has these tags and no others.

    Raises: Invalid: one of them is not a tag of this portal, or there are too many.
    """
    wanted = sorted(set(numbers))
    known = set(
        db.session.scalars(select(Tag.id).where(Tag.portal_id == row.portal_id, Tag.id.in_(wanted)))
    )
    if known != set(wanted):
        raise Invalid(fields={"tags": "There is no such tag."})
    if len(wanted) > PER_CHAT:
        raise Invalid(fields={"tags": "At most 20 tags."})
    if wanted == sorted(row.tags or ()):
        return
    db.session.execute(delete(ConversationTag).where(ConversationTag.conversation_id == row.id))
    db.session.add_all(ConversationTag(tag_id=one, conversation_id=row.id) for one in wanted)
    row.tags = wanted
    told = {"conversation_id": row.id, "tags": wanted}
    journal.audit(row.portal_id, by, "conversation.tags", told, now)
    shown.tell_conversation(row, now)


def _write(row: Tag, name: str, colour: str) -> None:
    words = " ".join(name.split())
    if not 0 < len(words) <= 60:
        raise Invalid(fields={"name": "A tag's name has 1 to 60 characters."})
    if colour not in COLOURS:
        raise Invalid(fields={"colour": "One of the offered colours."})
    others = db.session.execute(
        select(Tag.id, Tag.name).where(Tag.portal_id == row.portal_id)
    ).all()
    if any(one.id != row.id and one.name.casefold() == words.casefold() for one in others):
        raise Invalid(fields={"name": TAKEN})
    row.name, row.colour = words, colour


def _tell(row: Tag, deed: str, by: int, now: datetime) -> dict[str, Any]:
    journal.audit(row.portal_id, by, deed, {"tag_id": row.id, "name": row.name}, now)
    announce(row.portal_id, "tags", {"id": str(row.id)}, now)
    return _shown(row, 0)


def _shown(row: Tag, count: int) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name, "colour": row.colour, "count": count}
