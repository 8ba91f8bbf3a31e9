"""Clients see that their messages were read, where the messenger shows it."""

from datetime import datetime

from sqlalchemy import select

from b24app import channels
from b24app.actions import accounts
from b24app.db import db, reading
from b24app.errors import ChannelError
from b24app.models import Channel, Conversation, Identity, Job, Message
from b24app.models.job import LATER, promise


def promise_mark(conversation: Conversation, message_id: int, now: datetime) -> None:
    """Tell the messenger that an operator read up to a message, if it cares."""
    kind = channels.kinds().get(conversation.channel.kind)
    if kind is None or not kind.tells_of_reading:
        return
    promise(
        "mark_read",
        f"mark_read:{conversation.id}:{message_id}",
        now,
        portal_id=conversation.portal_id,
        lane=f"conversation:{conversation.id}:read",
        priority=LATER,
        payload={"conversation_id": conversation.id, "message_id": message_id},
    )


def mark(job: Job) -> None:
    """Ask the messenger to show it; what it will never show is not tried again."""
    with reading() as session:
        conversation = session.get(Conversation, job.payload["conversation_id"])
        external_id = _last_heard(job.payload)
        if conversation is None or external_id is None:
            return
        channel = session.get_one(Channel, conversation.channel_id)
        if not channel.connected:
            return
        chat_id = session.get_one(Identity, conversation.identity_id).external_id
        adapter = accounts.adapter(channel)
    try:
        adapter.mark_read(chat_id, external_id.removeprefix(f"{chat_id}:"))
    except ChannelError as error:
        if not error.permanent and not error.unknown:
            raise


def _last_heard(payload: dict[str, int]) -> str | None:
    """The messenger's id of the client's newest message up to the one that was read."""
    return db.session.scalar(
        select(Message.external_id)
        .where(
            Message.conversation_id == payload["conversation_id"],
            Message.id <= payload["message_id"],
            Message.direction == "in",
            Message.external_id.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


JOBS = {"mark_read": mark}
