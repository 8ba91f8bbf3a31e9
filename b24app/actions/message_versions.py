"""What a message said before it was changed or deleted: nothing of the log is lost."""

from typing import Any

from sqlalchemy import select

from b24app.actions.shown import moment
from b24app.db import db
from b24app.errors import NotFound
from b24app.models import Conversation, Message, MessageVersion


def listed(conversation: Conversation, message_id: int) -> list[dict[str, Any]]:
    """`{"text", "until"}` of each earlier version, the oldest first.

    Raises: NotFound, if the message is not of this chat.
    """
    message = db.session.scalar(
        select(Message.id).where(
            Message.conversation_id == conversation.id, Message.id == message_id
        )
    )
    if message is None:
        raise NotFound("There is no such message in this chat.")
    rows = db.session.scalars(
        select(MessageVersion)
        .where(MessageVersion.message_id == message)
        .order_by(MessageVersion.id)
    )
    return [{"text": row.text, "until": moment(row.replaced_at)} for row in rows]
