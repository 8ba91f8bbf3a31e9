"""What a message sets in motion: each promise is written with the row it serves."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app.actions import accounts
from b24app.db import db
from b24app.models import Attachment, Channel, Conversation, LineLink, Message, OfflineRequest
from b24app.models.job import LATER, SOON, URGENT, promise
from b24app.rules import lifecycle

# A person types several lines in a row: CRM hears them together.
CRM_PAUSE = timedelta(seconds=2)


def spread(conversation: Conversation, message: Message, now: datetime) -> None:
    """Keep a message and send it everywhere but where it came from."""
    to_line(conversation, message, now)
    db.session.flush()  # the promises below name its id
    fetch_files(message, now)
    if message.origin in ("workplace", "line", "bot"):
        deliver(message, now)
    crm(conversation, now)


def deliver(message: Message, now: datetime) -> None:
    """To the messenger, in the order of the conversation."""
    promise(
        "deliver",
        f"deliver:{message.id}",
        now,
        portal_id=message.portal_id,
        lane=f"conversation:{message.conversation_id}:deliver",
        priority=URGENT,
        payload={"message_id": message.id},
    )


def to_line(conversation: Conversation, message: Message, now: datetime) -> None:
    """To the Open Line that serves the channel, unless it came from there."""
    line_id = accounts.line_of(conversation.channel)
    if line_id is None or message.origin in ("line", "bot", "system"):
        return
    conversation.line_id = line_id
    message.line_state = "queued"
    lines(message.portal_id, now)


def lines(portal_id: int, now: datetime, pause: timedelta = timedelta()) -> None:
    """Drain what waits to go to Open Lines: one drain per portal at a time.

    As urgent as what messengers bring: behind it, lines would hear nothing for as long as
    clients write faster than we read.
    """
    promise(
        "lines",
        f"lines:{portal_id}",
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:lines*",
        priority=URGENT,
        due_at=now + pause,
        payload={"portal_id": portal_id},
    )


def messengers(portal_id: int, kind: str, now: datetime) -> None:
    """Have every messenger of a portal leave us or join us: leave_messenger, rejoin_messenger."""
    numbers = db.session.scalars(
        select(Channel.id).where(
            Channel.portal_id == portal_id,
            Channel.deleted_at.is_(None),
            Channel.state != "disconnected",
        )
    )
    for number in numbers:
        promise(
            kind,
            f"{kind}:{number}",
            now,
            portal_id=portal_id,
            lane=f"channel:{number}:webhook",
            priority=SOON,
            payload={"channel_id": number},
        )


def unpark(link: LineLink, due_at: datetime) -> None:
    """Try a line that refused messages again."""
    promise(
        "unpark",
        f"unpark:{link.id}",
        due_at,
        portal_id=link.portal_id,
        lane=f"portal:{link.portal_id}:lines:unpark",
        priority=LATER,
        payload={"link_id": link.id},
    )


def amend(message: Message, now: datetime) -> None:
    """Bring an edit or a deletion of ours to the messenger."""
    promise(
        "amend",
        f"amend:{message.id}",
        now,
        portal_id=message.portal_id,
        lane=f"conversation:{message.conversation_id}:deliver",
        priority=URGENT,
        payload={"message_id": message.id},
    )


def line_note(message: Message, now: datetime, why: str = "") -> None:
    """Tell the Open Line that a reply written there, or a change of it, did not reach the client.

    Args:
        why: what to say; "": why the message failed.
    """
    promise(
        "line_note",
        f"line_note:{message.id}:{message.version}" if why else f"line_note:{message.id}",
        now,
        portal_id=message.portal_id,
        lane=f"portal:{message.portal_id}:lines*",
        priority=SOON,
        payload={"message_id": message.id, "why": why},
    )


def line_noted(message: Message, line_message_id: int, name: str, now: datetime) -> None:
    """Acknowledge a note of ours that came back from the line."""
    promise(
        "line_noted",
        f"line_noted:{line_message_id}",
        now,
        portal_id=message.portal_id,
        lane=f"portal:{message.portal_id}:lines*",
        priority=SOON,
        payload={"message_id": message.id, "line_message_id": line_message_id, "name": name},
    )


def line_deed(
    conversation: Conversation,
    deed: lifecycle.Deed,
    user_id: int,
    now: datetime,
    *,
    to: int | None = None,
) -> None:
    """Do in the Open Line what an operator did here, after the words said before it.

    Args:
        to: who gets the chat, if it is a transfer.
    """
    if accounts.line_of(conversation.channel) is None:
        return
    after = conversation.last_message_id or 0
    wish = lifecycle.wish(line_talk(conversation), deed, user_id, to, after)
    conversation.line_wish = lifecycle.kept(wish)
    lines(conversation.portal_id, now)


def line_talk(conversation: Conversation) -> lifecycle.Talk:
    """Both sides of a talk, as far as we know."""
    status: Any = conversation.status
    return lifecycle.Talk(
        status,
        conversation.responsible_id,
        conversation.line_session_id,
        conversation.line_ended_id,
        lifecycle.read(conversation.line_wish),
        conversation.line_doubt,
    )


def crm(conversation: Conversation, now: datetime, pause: timedelta = CRM_PAUSE) -> None:
    """Bring the conversation's state into CRM."""
    first = conversation.crm_state == ""
    promise(
        "crm",
        f"crm:{conversation.id}",
        now,
        portal_id=conversation.portal_id,
        lane=f"portal:{conversation.portal_id}:crm*",
        priority=SOON if first else LATER,
        due_at=now + (timedelta() if first else pause),
        payload={"conversation_id": conversation.id},
    )


def crm_request(row: OfflineRequest, now: datetime) -> None:
    """Bring an offline request into CRM."""
    promise(
        "crm",
        f"crm:request:{row.id}",
        now,
        portal_id=row.portal_id,
        lane=f"portal:{row.portal_id}:crm*",
        priority=SOON,
        payload={"request_id": row.id},
    )


def crm_again(conversation: Conversation, message: Message, now: datetime) -> None:
    """A message changed: if CRM was told of it, CRM hears the change."""
    if message.id <= conversation.crm_told:
        conversation.crm_stale = [*(conversation.crm_stale or ()), message.id]
    crm(conversation, now)


def crm_files(portal_id: int, now: datetime) -> None:
    """Bring files that the timelines were told of: one after another, the words do not wait."""
    promise(
        "crm_files",
        f"crm_files:{portal_id}",
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:crm*",
        priority=LATER,
        payload={"portal_id": portal_id},
    )


def crm_todo(row: OfflineRequest, now: datetime) -> None:
    """Complete or take up again the activity of a request, as the request stands."""
    if row.crm_activity_id is None or (row.status == "done") == row.crm_activity_done:
        return
    promise(
        "crm_todo",
        f"crm_todo:{row.id}",
        now,
        portal_id=row.portal_id,
        lane=f"portal:{row.portal_id}:crm*",
        priority=LATER,
        payload={"request_id": row.id},
    )


def fetch_files(message: Message, now: datetime) -> None:
    """Bring files into our store while the messenger still gives them."""
    _fetch(message.portal_id, message.attachments, f"message:{message.id}:fetch", now)


def fetch_request_files(row: OfflineRequest, now: datetime) -> None:
    """Bring files that came along with a request into our store."""
    _fetch(row.portal_id, row.attachments, f"request:{row.id}:fetch", now)


def _fetch(portal_id: int, files: Iterable[Attachment], lane: str, now: datetime) -> None:
    for number in [one.id for one in files if one.state == "remote"]:
        promise(
            "fetch",
            f"fetch:{number}",
            now,
            portal_id=portal_id,
            lane=lane,
            priority=URGENT + 5,
            payload={"attachment_id": number},
        )
