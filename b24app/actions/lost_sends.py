"""Sends whose answer was lost, and what a messenger later tells of them by itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from b24app.actions import promises
from b24app.channels.base import UNKNOWN_OUTCOME
from b24app.db import db
from b24app.models import Channel, Conversation, Identity, Message
from b24app.values import Incoming, Receipt

LOOKED_AT = 20  # newest messages of a chat among which one may wait for its answer


def note(message: Message, number: int, ids: Sequence[str]) -> None:
    """Part `number` of a message went and became these `<chat>:<message>`; twice is harmless."""
    fresh = [one for one in ids if one not in message.external_ids]
    message.external_ids = [*message.external_ids, *fresh]
    message.external_id = message.external_id or (ids[0] if ids else None)
    done = max(number + 1, message.details.get("done", 0))
    message.details = {**message.details, "done": done, "trying": None}


def claimed(channel: Channel, news: Receipt, now: datetime) -> Message | None:
    """The message that a receipt with an unknown number is about.

    It is of a later part of a message, or one waits for its answer: the messenger gives
    the part's own name back, or else exactly one message of the chat is being tried, and
    what is told is what became of it.
    """
    lately, number = _lately(channel, news), f"{news.chat_id}:{news.message_id}"
    for message in lately:
        if number in message.external_ids:
            return message
    waiting = [one for one in lately if _waits(one)]
    if news.uuid:
        waiting = [one for one in waiting if _name(one) == news.uuid]
    if len(waiting) != 1 or news.message_id is None:
        return None
    (message,) = waiting
    note(message, message.details["trying"], [number])
    if message.state == "failed" and message.error_code == UNKNOWN_OUTCOME:
        message.went_after_all()
    promises.deliver(message, now)
    return message


def is_ours(channel: Channel, news: Incoming) -> bool:
    """Whether what our side said in the messenger is a message that we are sending ourselves.

    The messenger may tell of it before it answers us; the answer will name it.
    """
    number = f"{news.chat_id}:{news.message_id}"
    return any(
        number in message.external_ids or (_waits(message) and news.text in message.text)
        for message in _lately(channel, news)
    )


def _waits(message: Message) -> bool:
    """Whether a part of it was tried and nobody knows what became of it."""
    unsure = message.state == "sending" or message.error_code == UNKNOWN_OUTCOME
    return unsure and message.details.get("trying") is not None


def _lately(channel: Channel, news: Receipt | Incoming) -> Sequence[Message]:
    """Ours in this chat, newest first."""
    return db.session.scalars(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(
            Identity.channel_id == channel.id,
            Identity.external_id == news.chat_id,
            Message.direction == "out",
        )
        .order_by(Message.id.desc())
        .limit(LOOKED_AT)
    ).all()


def _name(message: Message) -> str:
    return f"{message.client_uuid or f'm{message.id}'}:{message.details['trying']}"
