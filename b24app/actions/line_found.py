"""What a comparison with an Open Line found is done here, as the lost events would have done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app import clock
from b24app.actions import journal, line_replies, line_state, promises
from b24app.actions.line_words import IN_HAND
from b24app.actions.openlines import CONNECTOR
from b24app.bitrix import connector
from b24app.bitrix.payloads import LineFile, LineMessage
from b24app.db import db, transaction
from b24app.models import Conversation, Job, Message, Portal
from b24app.rules import lifecycle
from b24app.rules.lifecycle import Seen

LATE = timedelta(minutes=1)  # younger ones are on time, whichever way they came
SLACK = timedelta(minutes=1)  # between the clocks of a portal and ours
GONE = "The Open Line does not have this message any more."


def take(job: Job) -> None:
    """Apply one chat's findings; what came by itself meanwhile is left alone."""
    found, now = job.payload, clock.now()
    with transaction() as session:
        conversation = session.get(Conversation, found["conversation_id"])
        if conversation is None:
            return
        portal = session.get_one(Portal, conversation.portal_id)
        _hear(portal, conversation, found, now)
        for change in found["changes"]:
            message = session.get_one(Message, change["number"])
            line_replies.change(message, change["deleted"], change["text"], now)
        _follow(conversation, found, now)
        _report(conversation, found["lacking"], now)
        conversation.line_seen_id = found["seen_id"]


def _hear(portal: Portal, talk: Conversation, found: dict[str, Any], now: datetime) -> None:
    late: dict[int, int] = {}
    for reply in found["replies"]:
        at = datetime.fromisoformat(reply["at"]) if reply["at"] else now
        here = talk if _belongs(talk, at) else None
        kept = line_replies.hear_one(portal, _said(talk, reply), now, here, min(at, now))
        if kept is not None and at < now - LATE:
            late[kept.conversation_id] = late.get(kept.conversation_id, 0) + 1
    for number, count in late.items():
        conversation = db.session.get_one(Conversation, number)
        conversation.line_session_id = conversation.line_session_id or found["session_id"]
        journal.note(conversation, "line_late", {"count": count}, now)
        details = {"conversation": number, "messages": count}
        journal.audit(portal.id, None, "line.late", details, now)


def _belongs(talk: Conversation, at: datetime) -> bool:
    """Whether it was said in this talk, even if that is over."""
    return talk.is_open or (talk.closed_at is not None and at <= talk.closed_at + SLACK)


def _said(talk: Conversation, reply: dict[str, Any]) -> LineMessage:
    return LineMessage(
        connector=CONNECTOR,
        line_id=talk.line_id or 0,
        chat_id=connector.external(talk.channel_id, talk.identity.external_id),
        im_chat_id=talk.line_chat_id,
        im_message_id=reply["message_id"],
        user_id=reply["author_id"],
        text=reply["text"],
        files=tuple(LineFile(**file) for file in reply["files"]),
        message_ids=(),
    )


def _follow(conversation: Conversation, found: dict[str, Any], now: datetime) -> None:
    """Who has the dialog there, which session runs, and whether it is over."""
    talk = promises.line_talk(conversation)
    if tuple(found["before"]) != (talk.status, talk.responsible):
        return line_state.look_again(conversation, now)  # it moved here since it was read
    if found["ended"] and _words_wait(conversation):
        return None
    seen = Seen(found["session_id"], found["owner_id"], found["ended"])
    return line_state.keep(conversation, lifecycle.observed(talk, seen), now)


def _words_wait(conversation: Conversation) -> bool:
    """Words on their way to the line open a new session there: the talk goes on."""
    waiting = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.line_state.in_(("queued", *IN_HAND)),
    )
    return db.session.scalar(waiting.limit(1)) is not None


def _report(conversation: Conversation, numbers: Sequence[int], now: datetime) -> None:
    """What the line lost is told and not sent again: nobody knows why it is gone."""
    lacking = [
        message
        for message in (db.session.get_one(Message, number) for number in numbers)
        if message.line_state == "sent"
    ]
    for message in lacking:
        message.line_state, message.line_error = "failed", GONE
    if lacking:
        journal.note(conversation, "line_lacking", {"count": len(lacking)}, now)
        details = {"conversation": conversation.id, "messages": [one.id for one in lacking]}
        journal.audit(conversation.portal_id, None, "line.lacking", details, now)


JOBS = {"line_found": take}
