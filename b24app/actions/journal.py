"""What happened to a conversation, in its own log: system lines and audit."""

from datetime import datetime
from typing import Any

from b24app.actions import shown
from b24app.db import db
from b24app.models import Audit, Conversation, Message

# Plain English of each system line; screens translate by the code.
WORDS = {
    "accepted": "The chat was taken by {name}.",
    "begun": "The chat was begun by {name}.",
    "closed": "The chat was closed by {name}.",
    "reopened": "The chat was reopened by {name}.",
    "later_failed": "A message for later was not sent: {error}",
    "line_finished": "The dialog was finished in the Open Line.",
    "line_failed": "The message did not reach the Open Line: {error}",
    "not_amended": "The client still sees what was written before: {error}",
    "line_late": "Messages written in the Open Line earlier were delivered late: {count}.",
    "line_lacking": "Messages that the Open Line does not have any more: {count}.",
    "line_first": "{name} had taken the chat in the Open Line first.",
    "line_reopened": "The dialog was begun again in the Open Line by {name}.",
    "line_waits": "The dialog waits for an operator in the Open Line.",
    "line_left_accept": "The chat could not be taken in the Open Line: take it there too.",
    "line_left_close": "The dialog could not be finished in the Open Line: finish it there too.",
    "line_left_reopen": "The dialog could not be begun in the Open Line: begin it there too.",
    "line_left_transfer": "The chat could not be handed over in the Open Line: do it there too.",
    "line_transferred": "The chat was handed to {name} in the Open Line.",
    "transfer_offered": "{name} offers the chat to {to}. {comment}",
    "transfer_accepted": "{name} took the transferred chat.",
    "transfer_declined": "{name} declined the transfer.",
    "transfer_cancelled": "{name} took the transfer back.",
    "transferred": "{name} handed the chat to {to}. {comment}",
    "client_blocked": "The client stopped the bot; messages do not reach them.",
    "automatic_reply": "An automatic answer came: {text}",
    "client_returned": "The client is reachable again.",
}


def note(conversation: Conversation, code: str, params: dict[str, Any], now: datetime) -> Message:
    """Add a system line to the conversation and tell screens."""
    line = Message(
        portal_id=conversation.portal_id,
        channel_id=conversation.channel_id,
        conversation_id=conversation.id,
        direction="system",
        origin="system",
        text=WORDS[code].format(**params),
        details={"code": code, "params": params},
        state="received",
        external_ids=[],
        said_at=now,
        created_at=now,
        attachments=[],
    )
    db.session.add(line)
    shown.tell_message(line, conversation, now)
    return line


def audit(
    portal_id: int, user_id: int | None, deed: str, details: dict[str, Any], now: datetime
) -> None:
    db.session.add(Audit(portal_id=portal_id, user_id=user_id, deed=deed, details=details, at=now))
