"""Notes of operators to one another in a chat's log: no client and no Open Line ever sees them."""

from datetime import datetime

from sqlalchemy import select

from b24app.actions import shown
from b24app.db import db
from b24app.errors import Conflict, Denied, Invalid, NotFound
from b24app.models import Conversation, Message, Operator
from b24app.rules import texts

LONGEST = 5_000
CODE = "note"


def write(
    conversation: Conversation, operator: Operator, client_uuid: str, text: str, now: datetime
) -> tuple[Message, bool]:
    """Keep a note; the same uuid again is the same note.

    It is a line of the log that goes nowhere: what is sent to clients, Open Lines and CRM
    is taken from messages that are not `system`.

    Returns: the note, and whether it is new.
    """
    if known := _known(conversation, client_uuid):
        return known, False
    words = texts.clean(text).strip()
    if not words:
        raise Invalid(fields={"text": "Write something."})
    if len(words) > LONGEST:
        raise Invalid(fields={"text": "A note has at most 5,000 characters."})
    note = Message(
        portal_id=conversation.portal_id,
        channel_id=conversation.channel_id,
        conversation_id=conversation.id,
        client_uuid=client_uuid,
        direction="system",
        origin="system",
        author_id=operator.user_id,
        author_name=operator.name,
        text=words,
        details={"code": CODE, "params": {}},
        state="received",
        external_ids=[],
        said_at=now,
        created_at=now,
        attachments=[],
    )
    db.session.add(note)
    shown.tell_message(note, conversation, now)
    return note, True


def erase(conversation: Conversation, number: int, user_id: int, now: datetime) -> Message:
    """Take one's own note back; that there was one stays to be seen."""
    note = db.session.scalar(
        select(Message).where(Message.conversation_id == conversation.id, Message.id == number)
    )
    if note is None or note.details.get("code") != CODE:
        raise NotFound("There is no such note in this chat.")
    if note.author_id != user_id:
        raise Denied("Only who wrote a note may delete it.", code="not_author")
    if note.deleted_at is None:
        note.deleted_at = now
        note.version += 1
        shown.tell_message(note, conversation, now)
    return note


def _known(conversation: Conversation, client_uuid: str) -> Message | None:
    found = db.session.scalar(
        select(Message).where(
            Message.portal_id == conversation.portal_id, Message.client_uuid == client_uuid
        )
    )
    if found and found.conversation_id != conversation.id:
        raise Conflict("This note was written in another chat.", code="uuid_taken")
    return found
