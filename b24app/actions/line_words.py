"""A message as Open Lines get it: names that never change, people, words and files."""

from collections.abc import Sequence

from sqlalchemy import update

from b24app import clock
from b24app.actions import promises, shown
from b24app.bitrix import connector
from b24app.db import db
from b24app.models import Conversation, Message
from b24app.rules import spans
from b24app.values import Person

# Its way into the line is not known: a request runs, or its answer was lost.
IN_HAND = ("sending", "unknown")


def line_name(message: Message) -> str:
    """What a message of ours is called in Open Lines; the same for ever.

    A reply gets its messenger's id only on delivery, perhaps after the line heard of it.
    """
    named = message.origin in ("channel", "device") and message.external_id
    return named or f"m{message.id}"


def item(message: Message) -> connector.Item:
    """A message as the connector sends it: the client's words, or a note about ours."""
    conversation = db.session.get_one(Conversation, message.conversation_id)
    note = message.direction == "out"
    return connector.Item(
        channel_id=message.channel_id,
        chat=conversation.identity.external_id,
        message=line_name(message),
        sent_at=message.said_at,
        person=person(conversation),
        text=words(message),
        spans=spans.moved(spans.read(message.details, message.text), len(_quote(message))),
        files=_files(message),
        author=_author(message, conversation) if note else "",
        employee_id=0 if note else None,
    )


def words(message: Message) -> str:
    """What was said, below what it answers; Bitrix24 draws lines with `>>` as a quote."""
    return _quote(message) + message.text


def bare(message: Message, text: str) -> str:
    """The words alone of what `words` gave, as somebody changed them in the line."""
    return text.removeprefix(_quote(message))


def _quote(message: Message) -> str:
    lines = message.quote_text.splitlines()
    return "".join(f">> {line}\n" for line in lines if line.strip())


def _author(message: Message, conversation: Conversation) -> str:
    """Who writes on the account's own telephone is nobody we know: the account names them."""
    return conversation.channel.name if message.origin == "device" else message.author_name


def person(conversation: Conversation) -> Person:
    contact, identity = conversation.contact, conversation.identity
    return Person(
        external_id=identity.external_id,
        name=contact.name or identity.name or identity.username or f"#{contact.id}",
        username=identity.username,
        phone=contact.phone,
        email=contact.email,
        avatar_url=identity.avatar_url,
    )


def _files(message: Message) -> list[tuple[str, str]]:
    now = clock.now()
    found = [(shown.media_url(one, now), one.name or one.kind) for one in message.attachments]
    return [(url, name) for url, name in found if url]


def posted(message: Message, line_message_id: int) -> None:
    """The line has it; once the messenger took it too, the line is told so."""
    message.line_state = "sent"
    message.line_message_id = line_message_id
    if message.external_ids:
        message.line_ack = "queued"
        promises.lines(message.portal_id, clock.now())


def mark(numbers: Sequence[int], state: str) -> None:
    if not numbers:
        return
    db.session.execute(
        update(Message)
        .where(Message.id.in_(numbers))
        .values(line_state=state)
        .execution_options(synchronize_session="fetch")
    )
