"""Messages of ours on their way to the messenger, part by part, each part once.

Before a part goes, the try is written down and committed (`details.trying`); after it
went, what it became (`details.done`). Whoever finds a try without an outcome (a crash, a
lost answer) asks the adapter to look whether it went, and only then sends it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from b24app import clock, media
from b24app.actions import accounts, channels, inbox, lost_sends, promises, shown
from b24app.channels.base import (
    NEEDS_ATTENTION,
    RECIPIENT_GONE,
    UNKNOWN_OUTCOME,
    Adapter,
    Part,
)
from b24app.db import db, reading, transaction
from b24app.errors import ChannelError
from b24app.models import Arrival, Attachment, Conversation, Job, Message
from b24app.rules import retry, spans
from b24app.values import Filled, OutFile, Outgoing, Sent

FILE_WAIT_SECONDS = 1.0
ECHO_LOOK_SECONDS = 3.0
UNDERSTOOD_WITHIN = timedelta(minutes=1)
KNOWN_MOST = 2000
FETCHED_WITHIN = timedelta(days=30)  # some messengers let the client's phone fetch a file
UNKNOWN_WORDS = (
    "The messenger did not answer, so this message may have arrived. "
    "Ask the client or send it again."
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message ready to go. trying: number of a part whose outcome is not known."""

    message_id: int
    adapter: Adapter
    outgoing: Outgoing
    done: int
    trying: int | None
    newest: str | None
    tried_at: datetime | None = None


def deliver(job: Job) -> None:
    """Send what is left of a message."""
    delivery = _begin(job.payload["message_id"])
    if delivery is None:
        return
    try:
        for number, part in _left(delivery):
            _send(delivery, number, part)
    except ChannelError as error:
        _trouble(delivery, error, job)
    else:
        _arrived(delivery.message_id)


def _left(delivery: Delivery) -> Sequence[tuple[int, Part]]:
    return list(enumerate(delivery.adapter.parts(delivery.outgoing)))[delivery.done :]


def _send(delivery: Delivery, number: int, part: Part) -> None:
    sent = None
    if delivery.trying == number:
        _hear_echo(delivery)
        sent = delivery.adapter.find_part(part, delivery.newest or "", _known_ids(delivery))
    if sent is None:
        _note_try(delivery, number, clock.now())
        sent = delivery.adapter.send_part(part)
    _note_sent(delivery.message_id, number, part, sent)


def _begin(message_id: int) -> Delivery | None:
    """Read what is to go; None if it went or failed already."""
    now = clock.now()
    with transaction() as session:
        message = session.get(Message, message_id)
        if message is None or message.state not in ("queued", "sending"):
            return None
        conversation = session.get_one(Conversation, message.conversation_id)
        if not conversation.channel.connected:
            return None  # it waits: whoever connects the channel again lets it go
        files = [_file(one) for one in message.attachments if _ready(one)]
        if message.state == "queued" and message.progress("sending"):
            shown.tell_message(message, conversation, now)
        return Delivery(
            message_id=message.id,
            adapter=accounts.adapter(conversation.channel),
            outgoing=_outgoing(message, conversation, files),
            done=message.details.get("done", 0),
            trying=message.details.get("trying"),
            newest=message.details.get("newest"),
            tried_at=_moment(message.details.get("tried_at")),
        )


def _outgoing(message: Message, conversation: Conversation, files: Sequence[OutFile]) -> Outgoing:
    chat_id = conversation.identity.external_id
    quoted = db.session.get(Message, message.quote_id) if message.quote_id else None
    known = quoted.external_id if quoted else None
    return Outgoing(
        chat_id=chat_id,
        uuid=message.client_uuid or f"m{message.id}",
        text=message.text,
        files=tuple(files),
        quote_id=known.removeprefix(f"{chat_id}:") if known else None,
        author_name=message.author_name,
        spans=spans.read(message.details, message.text),
        template=_template(message.details.get("template")),
        memo=(conversation.identity.details or {}).get("memo", {}),
    )


def _template(kept: dict[str, Any] | None) -> Filled | None:
    if not kept:
        return None
    lists = {name: tuple(kept.get(name, ())) for name in ("values", "variables")}
    return Filled(**{**kept, **lists})


def _ready(file: Attachment) -> bool:
    """Whether a file can go; one that is still being brought is waited for."""
    if file.state == "remote":
        raise ChannelError("A file of this message is on its way.", retry_after=FILE_WAIT_SECONDS)
    return file.state == "stored"


def _file(row: Attachment) -> OutFile:
    key = row.media_key
    return OutFile(
        kind=row.kind,  # type: ignore[arg-type]
        name=row.name,
        mime=row.mime,
        size=row.size or 0,
        open=lambda: media.open(key),
        url=media.link(key, row.name, row.mime, clock.now() + FETCHED_WITHIN),
    )


def _moment(kept: str | None) -> datetime | None:
    return datetime.fromisoformat(kept) if kept else None


def _hear_echo(delivery: Delivery) -> None:
    """Let a messenger that tells of what went by itself speak first.

    Raises:
        ChannelError: it may still tell; what it tells is noted by `lost_sends`.
    """
    echo, tried_at = delivery.adapter.echo, delivery.tried_at
    if echo and tried_at and clock.now() < tried_at + echo:
        raise ChannelError(
            "The messenger may still say what became of it.",
            retry_after=ECHO_LOOK_SECONDS,
            unknown=True,
        )


def _note_try(delivery: Delivery, number: int, now: datetime) -> None:
    """Committed before the call: a crash during it is then known to have an open outcome."""
    with transaction() as session:
        message = session.get_one(Message, delivery.message_id)
        newest = _newest_id(message.channel_id)
        tried = {"trying": number, "newest": newest, "tried_at": now.isoformat()}
        message.details = {**message.details, **tried}


def _note_sent(message_id: int, number: int, part: Part, sent: Sent) -> None:
    with transaction() as session:
        message = session.get_one(Message, message_id)
        chat_id = sent.chat_id or part.chat_id
        lost_sends.note(message, number, [f"{chat_id}:{one}" for one in sent.message_ids])
        if chat_id != part.chat_id:
            identity = session.get_one(Conversation, message.conversation_id).identity
            inbox.move(identity, chat_id)


def _arrived(message_id: int) -> None:
    """The messenger took it all: screens and the Open Line learn of it."""
    now = clock.now()
    with transaction() as session:
        # The lock: the line that posts it just now sees our ids or shows us its own.
        message = session.get_one(Message, message_id, with_for_update=True)
        conversation = session.get_one(Conversation, message.conversation_id)
        message.progress("sent")
        conversation.channel.last_out_at = now
        if conversation.channel.state == "attention":
            conversation.channel.works()
        if message.line_message_id is not None:
            message.line_ack = "queued"
            promises.lines(message.portal_id, now)
        shown.tell_message(message, conversation, now)


def _trouble(delivery: Delivery, error: ChannelError, job: Job) -> None:
    """Give the message up in words, or leave it for another try."""
    wait = retry.next_try(error, job.attempts)
    with transaction() as session:
        message = session.get_one(Message, delivery.message_id)
        if not error.unknown and message.details.get("trying") is not None:
            message.details = {**message.details, "trying": None}  # surely not carried out
        if wait is None:
            _fail(message, error, clock.now())
    if wait is not None:
        raise error


def _fail(message: Message, error: ChannelError, now: datetime) -> None:
    conversation = db.session.get_one(Conversation, message.conversation_id)
    if error.unknown or error.code == UNKNOWN_OUTCOME:
        message.fail(UNKNOWN_OUTCOME, UNKNOWN_WORDS)
    else:
        message.fail(error.code, error.message)
    if error.code in NEEDS_ATTENTION:
        channels.alarm(conversation.channel, error.message, now)
    if error.code == RECIPIENT_GONE:
        conversation.identity.blocked = True
        shown.tell_conversation(conversation, now)
    if message.line_message_id is not None:
        promises.line_note(message, now)
    shown.tell_message(message, conversation, now)


def _newest_id(channel_id: int) -> str:
    """The messenger's id of the newest message we know in this channel, of either side."""
    found = db.session.scalar(
        select(Message.external_ids)
        .where(Message.channel_id == channel_id, Message.external_id.is_not(None))
        .order_by(Message.id.desc())
        .limit(1)
    )
    return str(found[-1]).rpartition(":")[2] if found else ""


def _known_ids(delivery: Delivery) -> frozenset[str]:
    """Ids in the account that are known to be other messages.

    Raises:
        ChannelError: what clients wrote is being understood, and its ids are not known yet.
    """
    with reading() as session:
        channel_id = session.get_one(Message, delivery.message_id).channel_id
        lately = Arrival.received_at > clock.now() - UNDERSTOOD_WITHIN
        coming = select(Arrival.id).where(
            lately, Arrival.channel_id == channel_id, Arrival.state == "new"
        )
        if session.scalar(coming.limit(1)):
            raise ChannelError(
                "What clients wrote is being read first.",
                retry_after=FILE_WAIT_SECONDS,
                unknown=True,
            )
        rows = session.scalars(
            select(Message.external_ids)
            .where(Message.channel_id == channel_id)
            .order_by(Message.id.desc())
            .limit(KNOWN_MOST)
        )
        return frozenset(str(one).rpartition(":")[2] for ids in rows for one in ids)


JOBS = {"deliver": deliver}
