"""What the timelines are still to be told of a chat: comments to write and to rewrite.

Told at once, a chat is one rolling comment that grows until it is full or a day old; told
at the end, its comments are numbered. A told message that changes is rewritten where it is
in the rolling comment; changed later, it is told once more in a comment of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from b24app.actions import crm_places
from b24app.actions.crm_lines import Voice, safe, worth_telling
from b24app.db import db
from b24app.models import Conversation, Message, MessageVersion
from b24app.rules import transcript
from b24app.rules.texts import one_line
from b24app.rules.transcript import Part

MESSAGES_MOST = 2_000  # of one chat in one go
OLD = timedelta(hours=24)  # new words below old ones of yesterday would not be seen


@dataclass(frozen=True, slots=True)
class Saying:
    """One comment; comment_id: the one that is rewritten, None: a new one.

    last: the last message that has been said to its end with it. alone: nothing follows in
    this comment. message_ids: whose words it says. found: it was there after a lost answer.
    """

    text: str
    message_ids: tuple[int, ...]
    last: int
    alone: bool = False
    comment_id: int | None = None
    found: bool = False

    @property
    def first(self) -> int:
        return self.message_ids[0]

    @property
    def whole(self) -> bool:
        return self.last >= self.message_ids[-1]


@dataclass(frozen=True, slots=True)
class Words:
    """Comments of the talk in order, and of messages that changed after they were told.

    more: something is left for the next time.
    """

    talk: tuple[Saying, ...] = ()
    changes: tuple[Saying, ...] = ()
    more: bool = False


def words_of(row: Conversation, voice: Voice, now: datetime, *, rolls: bool, room: int) -> Words:
    """What is to be told now.

    Args:
        rolls: told at once, not at the end.
        room: how many comments may be written.
    """
    rolling = _rolling(row, voice, now) if rolls and row.crm_comment_id else []
    changes = list(_changes(row, voice))[:room]
    talk, more = _talk(row, voice, rolling)
    left = room - len(changes)
    kept = tuple(_numbered(row, talk, not (rolls or more or len(talk) > left)))[:left]
    return Words(kept, tuple(changes), more or len(kept) < len(talk))


def first_words(row: Conversation, voice: Voice, *, rolls: bool) -> Saying | None:
    """What the comment says that comes with a new place; None: words come separately."""
    found = transcript.parts(voice.lines(_messages(row, row.crm_told + 1)))
    if not found or (not rolls and len(found) > 1) or not _speaks(row, found[0]):
        return None
    return _saying(row, found[0])


def _rolling(row: Conversation, voice: Voice, now: datetime) -> list[Part]:
    """The rolling comment as it would be now, and what has no room in it; [] if it is over."""
    if row.crm_stale is None and _old(row, now):
        return []
    found = transcript.parts(voice.lines(_messages(row, row.crm_comment_from)))
    if found and found[0].piece:  # its first message has become too long for any comment
        crm_places.begin_anew(row)
        return []
    news = row.crm_stale is not None or (found and found[0].last > row.crm_told)
    return found if news else []


def _talk(
    row: Conversation, voice: Voice, rolling: Sequence[Part]
) -> tuple[list[tuple[Part, int | None]], bool]:
    """Parts, each with its comment if it has one; and whether more follow.

    A full comment is finished first; what follows has its own, one step later.
    """
    if rolling:
        return [(rolling[0], row.crm_comment_id)], len(rolling) > 1
    messages = _messages(row, row.crm_told + 1)
    if all(one.direction == "system" for one in messages):
        return [], False
    found = transcript.parts(voice.lines(messages))
    return [(part, None) for part in found], len(messages) == MESSAGES_MOST


def _numbered(
    row: Conversation, parts: Sequence[tuple[Part, int | None]], numbers: bool
) -> Iterator[Saying]:
    count = len(parts) if numbers else 0
    for at, (part, comment_id) in enumerate(parts, 1):
        yield _saying(row, part, comment_id, at, count)


def _saying(
    row: Conversation, part: Part, comment_id: int | None = None, at: int = 0, count: int = 0
) -> Saying:
    mark = transcript.mark(row.id, part.first, part.piece)
    return Saying(
        text=_text(row, mark, part.lines, at, count),
        message_ids=part.message_ids,
        last=part.last or row.crm_told,
        alone=part.piece > 0,
        comment_id=comment_id,
    )


def _changes(row: Conversation, voice: Voice) -> Iterator[Saying]:
    """Told messages that changed and are not in the rolling comment, each by itself."""
    rolling = row.crm_comment_from if row.crm_comment_id else row.crm_told + 1
    ids = {number for number in row.crm_stale or () if 0 < number < rolling}
    query = select(Message).where(Message.id.in_(ids), Message.conversation_id == row.id)
    for message in db.session.scalars(query.order_by(Message.id)) if ids else ():
        versions = select(func.max(MessageVersion.id)).where(
            MessageVersion.message_id == message.id
        )
        version = db.session.scalar(versions) or message.version
        for part in transcript.parts([voice.changed(message)]):
            mark = transcript.mark(row.id, message.id, part.piece, version)
            yield Saying(_text(row, mark, part.lines), part.message_ids, message.id, alone=True)


def _text(row: Conversation, mark: str, lines: Sequence[str], at: int = 0, count: int = 0) -> str:
    head = transcript.head(safe(one_line(row.channel.name)), mark, at, count)
    return "\n".join([head, *lines])


def _messages(row: Conversation, since: int) -> list[Message]:
    rows = db.session.scalars(
        select(Message)
        .where(Message.conversation_id == row.id, Message.id >= since)
        .order_by(Message.id)
        .limit(MESSAGES_MOST)
    )
    return [one for one in rows if worth_telling(one)]


def _speaks(row: Conversation, part: Part) -> bool:
    """Whether anybody says anything in it."""
    query = select(Message.id).where(
        Message.id.in_(part.message_ids), Message.direction != "system"
    )
    return db.session.scalar(query.limit(1)) is not None


def _old(row: Conversation, now: datetime) -> bool:
    first = db.session.get(Message, row.crm_comment_from)
    return first is not None and first.created_at < now - OLD
