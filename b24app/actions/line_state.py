"""One state of a talk: what its Open Line says is done here, and told in the chat."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from b24app.actions import journal, line_checks, promises, shown
from b24app.db import db
from b24app.models import Conversation
from b24app.rules import lifecycle
from b24app.rules.lifecycle import Talk

# (status before, status after) → what the chat says of it.
NOTES: Mapping[tuple[str, str], str] = {
    ("new", "active"): "accepted",
    ("active", "active"): "line_transferred",
    ("closed", "active"): "line_reopened",
    ("new", "closed"): "line_finished",
    ("active", "closed"): "line_finished",
    ("active", "new"): "line_waits",
    ("closed", "new"): "line_waits",
}


def keep(conversation: Conversation, talk: Talk, now: datetime, note: str = "") -> None:
    """Write a talk down as it is now; what changed is told.

    Args:
        note: what the chat says of the change, if not the usual.
    """
    before = promises.line_talk(conversation)
    if talk.status != "closed" and before.status == "closed" and _other_open(conversation):
        talk = lifecycle.quiet(talk, before)  # the client's newer talk is the one that goes on
    conversation.line_session_id = talk.session
    conversation.line_ended_id = talk.ended
    conversation.line_wish = lifecycle.kept(talk.wish)
    if talk.doubt and not before.doubt:
        line_checks.ask_doubts(conversation.portal_id, now)
    conversation.line_doubt = talk.doubt
    if (talk.status, talk.responsible) == (before.status, before.responsible):
        return
    _move(conversation, talk, now)
    code = note or NOTES[before.status, talk.status]
    params = _named(conversation, talk.responsible) if talk.status == "active" else {}
    journal.note(conversation, code, params, now)
    promises.crm(conversation, now)
    shown.tell_conversation(conversation, now)


def meet(conversation: Conversation, session_id: int | None, now: datetime) -> None:
    """A message of ours came into a session; one of an earlier talk went on with it."""
    talk = promises.line_talk(conversation)
    first = talk.session is None and session_id is not None
    talk = lifecycle.met(talk, session_id)
    if first and _had_it(conversation, session_id):
        talk = replace(talk, doubt=True)
    keep(conversation, talk, now)


def _had_it(conversation: Conversation, session_id: int | None) -> bool:
    earlier = select(Conversation.id).where(
        Conversation.portal_id == conversation.portal_id,
        Conversation.identity_id == conversation.identity_id,
        Conversation.id < conversation.id,
        Conversation.line_session_id == session_id,
    )
    return db.session.scalar(earlier.limit(1)) is not None


def look_again(conversation: Conversation, now: datetime) -> None:
    """What is known of the line may be stale."""
    keep(conversation, replace(promises.line_talk(conversation), doubt=True), now)


def _move(conversation: Conversation, talk: Talk, now: datetime) -> None:
    if talk.status == "closed":
        conversation.close(now)
    elif talk.status == "new":
        conversation.wait_again()
    elif conversation.status == "closed":
        conversation.reopen(talk.responsible or 0, now)
    else:
        conversation.hand(talk.responsible or 0, now)


def _named(conversation: Conversation, user_id: int | None) -> dict[str, Any]:
    known = shown.operators(conversation.portal_id, [user_id]).get(user_id or 0)
    return {"name": known.name if known else f"#{user_id}"}


def _other_open(conversation: Conversation) -> bool:
    others = select(Conversation.id).where(
        Conversation.identity_id == conversation.identity_id,
        Conversation.id != conversation.id,
        Conversation.status != "closed",
    )
    return db.session.scalar(others.limit(1)) is not None
