"""Messages for later: planned, changed, cancelled, and sent by a promise exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app import clock
from b24app.actions import conversations, journal, people, replies, shown
from b24app.db import db, transaction
from b24app.errors import AppError, Conflict, Invalid, NotFound
from b24app.i18n import N_
from b24app.models import Attachment, Conversation, Job, Operator, Scheduled
from b24app.models.event import announce
from b24app.models.job import URGENT, promise
from b24app.rules import texts

FURTHEST = timedelta(days=366)
MOST = 50
TOO_SOON = N_("Choose a time that is still to come.")
TOO_FAR = N_("Choose a time within a year.")
OVER = N_("This message has been sent or cancelled already.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be said, and when."""

    client_uuid: str
    text: str
    due_at: datetime
    attachments: Sequence[int] = ()


def listed(conversation: Conversation, now: datetime) -> list[dict[str, Any]]:
    """What waits in a chat, and what failed, the soonest first."""
    rows = db.session.scalars(
        select(Scheduled)
        .where(
            Scheduled.conversation_id == conversation.id,
            Scheduled.state.in_(("waiting", "failed")),
        )
        .order_by(Scheduled.due_at, Scheduled.id)
    ).all()
    people = shown.operators(conversation.portal_id, [row.user_id for row in rows])
    return [_shown(row, people, now) for row in rows]


def plan(
    conversation: Conversation, operator: Operator, given: Plan, now: datetime
) -> dict[str, Any]:
    """Keep a message for later; the same uuid again gives the same one.

    Raises: Invalid, Conflict.
    """
    known = db.session.scalar(
        select(Scheduled).where(
            Scheduled.portal_id == conversation.portal_id,
            Scheduled.client_uuid == given.client_uuid,
        )
    )
    if known and known.conversation_id != conversation.id:
        raise Conflict("This message was sent to another chat.", code="uuid_taken")
    return _told(known or _new(conversation, operator, given, now), now)


def change(
    conversation: Conversation, number: int, text: str, due_at: datetime, now: datetime
) -> dict[str, Any]:
    """Other words or another time, while it waits; a failed one waits again."""
    row = _found(conversation, number)
    if row.state not in ("waiting", "failed"):
        raise Conflict(OVER, code="over")
    _check(text, row.files, due_at, now)
    row.text, row.due_at = texts.clean(text), due_at
    row.state, row.error = "waiting", ""
    row.version += 1
    _promise(row, now)
    return _told(row, now)


def cancel(conversation: Conversation, number: int, now: datetime) -> None:
    """It will not be sent; cancelled twice is cancelled once."""
    row = _found(conversation, number)
    if row.state == "cancelled":
        return
    if row.state not in ("waiting", "failed"):
        raise Conflict(OVER, code="over")
    row.state = "cancelled"
    row.version += 1
    for file in _files(row.files):
        file.kept = False
    _told(row, now)


def send(job: Job) -> None:
    """Say it now, as its author; what forbids it is told in the chat."""
    number, version = job.payload["scheduled_id"], job.payload["version"]
    try:
        with transaction() as session:
            row = session.get(Scheduled, number, with_for_update=True)
            if row and row.state == "waiting" and row.version == version:
                _say(row, clock.now())
    except AppError as error:
        with transaction() as session:
            _fail(session.get_one(Scheduled, number), error, clock.now())


def _say(row: Scheduled, now: datetime) -> None:
    conversation = conversations.find(row.portal_id, row.conversation_id)
    operator = people.operator(row.portal_id, row.user_id)
    draft = replies.Draft(row.client_uuid, row.text, [int(one) for one in row.files])
    kept = conversation.draft
    message, _ = replies.reply(conversation, operator, draft, now)
    conversation.draft = kept  # what somebody is writing just now is another message
    for file in message.attachments:
        file.kept = False
    row.state, row.message_id = "sent", message.id
    _told(row, now)


def _fail(row: Scheduled, error: AppError, now: datetime) -> None:
    if row.state != "waiting":
        return
    row.state, row.error = "failed", error.message[:500]
    conversation = conversations.find(row.portal_id, row.conversation_id)
    journal.note(conversation, "later_failed", {"error": error.message}, now)
    shown.tell_conversation(conversation, now)
    _told(row, now)


def _new(conversation: Conversation, operator: Operator, given: Plan, now: datetime) -> Scheduled:
    _check(given.text, given.attachments, given.due_at, now)
    if not conversation.is_open:
        raise Conflict("This chat is closed. Reopen it to answer.", code="closed")
    if len(listed(conversation, now)) >= MOST:
        raise Conflict(N_("Too many messages wait in this chat already."), code="too_many")
    files = replies.own_uploads(conversation, operator, given.attachments)
    for file in files:
        file.kept = True
    row = Scheduled(
        portal_id=conversation.portal_id,
        conversation_id=conversation.id,
        user_id=operator.user_id,
        client_uuid=given.client_uuid,
        text=texts.clean(given.text),
        files=[file.id for file in files],
        due_at=given.due_at,
        state="waiting",
        error="",
        version=1,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()  # the promise names its id
    _promise(row, now)
    return row


def _check(text: str, files: Sequence[Any], due_at: datetime, now: datetime) -> None:
    wrong = {}
    if not text.strip() and not files:
        wrong["text"] = N_("Write something or attach a file.")
    if len(text) > replies.TEXT_MAX:
        wrong["text"] = f"At most {replies.TEXT_MAX} characters."
    if due_at <= now:
        wrong["due_at"] = TOO_SOON
    if due_at > now + FURTHEST:
        wrong["due_at"] = TOO_FAR
    if wrong:
        raise Invalid(fields=wrong)


def _promise(row: Scheduled, now: datetime) -> None:
    """Each version has a promise of its own; only the last one's counts."""
    promise(
        "scheduled",
        f"scheduled:{row.id}:{row.version}",
        now,
        portal_id=row.portal_id,
        lane=f"scheduled:{row.id}*",
        priority=URGENT,
        due_at=row.due_at,
        payload={"scheduled_id": row.id, "version": row.version},
    )


def _found(conversation: Conversation, number: int) -> Scheduled:
    row = db.session.scalar(
        select(Scheduled)
        .where(Scheduled.conversation_id == conversation.id, Scheduled.id == number)
        .with_for_update()
    )
    if row is None:
        raise NotFound("There is no such message in this chat.")
    return row


def _files(numbers: Sequence[Any]) -> Sequence[Attachment]:
    if not numbers:
        return ()
    rows = db.session.scalars(select(Attachment).where(Attachment.id.in_(numbers)))
    return sorted(rows, key=lambda row: list(numbers).index(row.id))


def _told(row: Scheduled, now: datetime) -> dict[str, Any]:
    """As screens see it; they are told."""
    data = _shown(row, shown.operators(row.portal_id, [row.user_id]), now)
    announce(row.portal_id, "scheduled", data, now)
    return data


def _shown(row: Scheduled, people: dict[int, Operator], now: datetime) -> dict[str, Any]:
    known = people.get(row.user_id)
    return {
        "id": str(row.id),
        "conversation_id": str(row.conversation_id),
        "text": row.text,
        "attachments": [shown.attachment(one, now) for one in _files(row.files)],
        "due_at": shown.moment(row.due_at),
        "state": row.state,
        "error": row.error,
        "version": row.version,
        "author": {"id": str(row.user_id), "name": known.name if known else f"#{row.user_id}"},
    }


JOBS = {"scheduled": send}
