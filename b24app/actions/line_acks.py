"""What Open Lines are told of messages they have: taken by the messenger, edited, deleted."""

from collections.abc import Sequence

from sqlalchemy import select

from b24app.actions.line_words import item
from b24app.actions.openlines import CONNECTOR, link_of
from b24app.bitrix import connector
from b24app.bitrix.batch import LIMIT
from b24app.bitrix.client import BatchAnswer
from b24app.db import db, transaction
from b24app.models import Conversation, LineLink, Message
from b24app.values import Call

COMMANDS = 10  # of a request: acknowledgements leave room for words
TOGETHER = 20  # acknowledgements in a command
Telling = tuple[tuple[int, ...], Call]  # numbers of messages, and what tells of them


def acks(portal_id: int) -> list[Telling]:
    """Tell lines which of their replies messengers took: many in a command."""
    rows = db.session.execute(
        select(Message, Conversation)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.portal_id == portal_id, Message.line_ack == "queued")
        .order_by(Message.id)
        .limit(COMMANDS * TOGETHER)
    )
    lines: dict[int, list[tuple[int, connector.Ack]]] = {}
    for message, conversation in rows:
        told = (message.id, _ack(message, conversation))
        lines.setdefault(conversation.line_id or 0, []).append(told)
    found = [
        _telling(line_id, told[start : start + TOGETHER])
        for line_id, told in lines.items()
        for start in range(0, len(told), TOGETHER)
    ]
    return found[:COMMANDS]


def _telling(line_id: int, told: Sequence[tuple[int, connector.Ack]]) -> Telling:
    numbers = tuple(number for number, _ in told)
    acks = [ack for _, ack in told]
    return numbers, connector.send_status_delivery(CONNECTOR, line_id, acks, f"k{numbers[0]}")


def _ack(message: Message, conversation: Conversation) -> connector.Ack:
    channel_id = message.channel_id
    return connector.Ack(
        im_chat_id=conversation.line_chat_id or 0,
        im_message_id=message.line_message_id or 0,
        chat=connector.external(channel_id, conversation.identity.external_id),
        message_ids=[connector.external(channel_id, str(one)) for one in message.external_ids],
        at=message.said_at,
    )


def changes(portal_id: int) -> list[Telling]:
    """Edits and deletions of messages that lines have."""
    rows = db.session.scalars(
        select(Message)
        .join(LineLink, LineLink.channel_id == Message.channel_id)
        .where(
            Message.portal_id == portal_id,
            Message.line_state == "edited",
            LineLink.active.is_(True),
            LineLink.error == "",
        )
        .order_by(Message.id)
        .limit(LIMIT)
    )
    return [((message.id,), _change(message)) for message in rows]


def _change(message: Message) -> Call:
    link = link_of(message.channel_id)
    change = connector.delete_messages if message.deleted_at else connector.update_messages
    return change(link.connector, link.line_id, [item(message)], f"e{message.id}")


def note_done(done: Sequence[Telling], answer: BatchAnswer, column: str) -> None:
    """Repeating an acknowledgement or a change is harmless, so only refusals end it."""
    with transaction() as session:
        for numbers, call in done:
            error = answer.errors.get(call.key)
            if call.key in answer.results or (error and error.permanent):
                for number in numbers:
                    setattr(session.get_one(Message, number), column, "sent")
