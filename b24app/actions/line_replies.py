"""Out of the Open Lines: operators' replies go to their clients, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from b24app import clock
from b24app.actions import (
    inbox,
    line_dialogs,
    line_openings,
    line_state,
    line_strays,
    promises,
    replies,
    shown,
    uploads,
)
from b24app.actions.line_words import IN_HAND, bare, posted
from b24app.actions.line_words import words as full
from b24app.actions.openlines import CONNECTOR
from b24app.bitrix import connector
from b24app.bitrix.payloads import LineFile, LineMessage, PortalEvent, line_messages
from b24app.db import db
from b24app.errors import BitrixError
from b24app.models import (
    Attachment,
    Channel,
    Conversation,
    Identity,
    LineLink,
    Message,
    MessageVersion,
    Portal,
)
from b24app.rules import bbcode, lifecycle, mirror, spans, texts
from b24app.values import Span

ECHO_WAIT_SECONDS = 1.0
NOTES_COME_BACK = timedelta(hours=1)


def hear_reply(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """Operators answered in an Open Line: each answer goes to its client, once."""
    for said in line_messages(event):
        if said.connector == CONNECTOR and said.im_message_id is not None:
            hear_one(portal, said, now)


def hear_one(
    portal: Portal,
    said: LineMessage,
    now: datetime,
    talk: Conversation | None = None,
    said_at: datetime | None = None,
) -> Message | None:
    """Keep a reply and promise its delivery; None if it is known already, or ours.

    Args:
        talk: where it belongs; None: the client's open talk, or a new one.
        said_at: when it was said there, if that was not just now.
    Raises:
        BitrixError: a post of ours is in flight; its answer will tell whether this is it.
    """
    if _known_in_line(portal.id, said.im_message_id):
        return None
    conversation = talk or _conversation_of(portal.id, said, now)
    if conversation is None:
        line_strays.keep(portal, said, now)
        return None
    conversation.line_chat_id = said.im_chat_id or conversation.line_chat_id
    if _is_echo(conversation, said):
        return None
    operator = shown.operators(portal.id, [said.user_id]).get(said.user_id or 0)
    if operator:  # robots and chat-bots take no chats
        spoken = lifecycle.answered(promises.line_talk(conversation), operator.user_id)
        line_state.keep(conversation, spoken, now)
    words, layout = _words(said.text)
    message = Message(
        portal_id=portal.id,
        channel_id=conversation.channel_id,
        conversation_id=conversation.id,
        external_ids=[],
        direction="out",
        origin="line" if operator else "bot",
        author_id=operator.user_id if operator else None,
        author_name=operator.name if operator else "",
        text=words,
        state="queued",
        line_message_id=said.im_message_id,
        said_at=said_at or now,
        created_at=now,
        attachments=[_remote(portal, file, now) for file in said.files],
        details=spans.kept(layout),
    )
    db.session.add(message)
    replies.keep_outgoing(conversation, message, now)
    shown.tell_conversation(conversation, now)
    return message


def _words(text: str) -> tuple[str, Sequence[Span]]:
    """What an operator wrote, as messengers may show it."""
    words, layout = bbcode.laid_out(text)
    clean = texts.clean(words)
    return clean, layout if clean == words else ()


def _known_in_line(portal_id: int, line_message_id: int | None) -> bool:
    found = db.session.scalar(
        select(Message.id).where(
            Message.portal_id == portal_id, Message.line_message_id == line_message_id
        )
    )
    return found is not None


def _is_echo(conversation: Conversation, said: LineMessage) -> bool:
    """A reply from our workplace comes back from the line: it is not sent again.

    Raises:
        BitrixError: a post of ours is in flight; its answer will tell.
    """
    if not said.user_id and _is_note(conversation, said):
        return True
    waiting = db.session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.origin == "workplace",
            Message.line_message_id.is_(None),
            Message.line_state.in_(IN_HAND),
        )
        .order_by(Message.id)
    ).all()
    ours = [(one.id, bbcode.escaped(full(one))) for one in waiting]
    number = mirror.echo(bbcode.plain(said.text), ours)
    if number is not None:
        posted(db.session.get_one(Message, number), said.im_message_id or 0)
        return True
    if any(one.line_state == "sending" for one in waiting):
        raise BitrixError("A message of ours is on its way there.", retry_after=ECHO_WAIT_SECONDS)
    return False


def _is_note(conversation: Conversation, said: LineMessage) -> bool:
    """What we told the line as its system comes back: a note, an opening, a failure."""
    ours = db.session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == "out",
            Message.origin.in_(("workplace", "device", "line", "bot")),
            Message.created_at >= clock.now() - NOTES_COME_BACK,
        )
        .order_by(Message.id.desc())
    )
    plain, signed = mirror.normal(bbcode.plain(said.text)), mirror.normal(said.text)
    for one in ours:
        by_us = one.origin in ("workplace", "device") and one.line_message_id is None
        named = mirror.normal(one.author_name) in signed
        if by_us and named and plain == mirror.normal(one.text):
            posted(one, said.im_message_id or 0)
            return True
        opened = one.details.get("line_opened") and plain == mirror.normal(line_openings.words(one))
        failed = plain.startswith(line_dialogs.WARNING)
        if opened or failed:
            name = line_openings.name(one) if opened else line_dialogs.failure_name(one)
            promises.line_noted(one, said.im_message_id or 0, name, clock.now())
            return True
    return False


def _conversation_of(portal_id: int, said: LineMessage, now: datetime) -> Conversation | None:
    """The talk a line's chat belongs to; a closed one goes on in a new session."""
    found = connector.internal(said.chat_id)
    if found is None:
        return None
    channel_id, chat_id = found
    link = db.session.scalar(
        select(LineLink).where(
            LineLink.portal_id == portal_id,
            LineLink.channel_id == channel_id,
            LineLink.line_id == said.line_id,
        )
    )
    identity = db.session.scalar(
        select(Identity).where(
            Identity.portal_id == portal_id,
            Identity.channel_id == channel_id,
            Identity.external_id == chat_id,
        )
    )
    if link is None or identity is None:
        return None
    if not said.user_id and (last := _last_closed(identity)):
        return last
    conversation = inbox.open_conversation(db.session.get_one(Channel, channel_id), identity, now)
    conversation.line_id = said.line_id
    return conversation


def _last_closed(identity: Identity) -> Conversation | None:
    """The talk that is just over: what the line says at its end does not begin another."""
    newest = db.session.scalar(
        select(Conversation)
        .where(Conversation.identity_id == identity.id)
        .order_by(Conversation.id.desc())
        .limit(1)
    )
    return None if newest is None or newest.is_open else newest


def _remote(portal: Portal, file: LineFile, now: datetime) -> Attachment:
    """A file of an operator: brought at once, because its link lives for minutes."""
    url = file.url if file.url.startswith("http") else f"{portal.origin}{file.url}"
    return Attachment(
        portal_id=portal.id,
        kind="image" if file.kind == "image" else "document",
        name=file.name,
        mime=file.mime or "application/octet-stream",
        size=file.size,
        remote_id=uploads.FROM_PORTAL + url,
        state="remote",
        created_at=now,
    )


def hear_change(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """An operator edited or deleted a reply in the line: the messenger follows if it can."""
    for said in line_messages(event):
        for name in said.message_ids:
            message = _by_external(portal.id, name)
            if message is not None:
                change(message, event.event.endswith("DELETE"), said.text, now)


def _by_external(portal_id: int, name: str) -> Message | None:
    found = connector.internal(name)
    if found is None:
        return None
    message = inbox.message_known(*found)
    return message if message and message.portal_id == portal_id else None


def change(message: Message, deleted: bool, text: str, now: datetime) -> None:
    """A reply reads otherwise over there, or is gone: the same here; again changes nothing."""
    whole, layout = _words(text)
    said = bare(message, whole)
    if message.deleted_at or (not deleted and message.text == said):
        return
    conversation = db.session.get_one(Conversation, message.conversation_id)
    db.session.add(MessageVersion(message_id=message.id, text=message.text, replaced_at=now))
    if deleted:
        message.deleted_at = now
    else:
        message.text, message.edited_at = said, now
        shifted = spans.moved(layout, len(said) - len(whole))
        message.details = spans.again(message.details, spans.fitting(shifted, len(said)))
    message.version += 1
    promises.amend(message, now)
    promises.crm_again(conversation, message, now)
    shown.tell_message(message, conversation, now)


EVENTS = {
    "ONIMCONNECTORMESSAGEADD": hear_reply,
    "ONIMCONNECTORMESSAGEUPDATE": hear_change,
    "ONIMCONNECTORMESSAGEDELETE": hear_change,
}
