"""Chats of Open Lines compared with ours: events are never repeated, so what was lost is found.

What is found becomes a promise in the lane where events of the line are understood: an
event that comes late, or waits there already, and a finding never meet half-way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import aliased

from b24app import clock
from b24app.actions import journal, line_checks, line_state, portals, promises
from b24app.actions.lifecycle import lane_of
from b24app.actions.line_logs import Look, Place, look
from b24app.actions.line_words import line_name
from b24app.bitrix import connector, lines
from b24app.bitrix.client import Client
from b24app.db import db, reading, transaction
from b24app.models import Channel, Conversation, Job, LineLink, Message, Portal
from b24app.models.job import URGENT, promise
from b24app.rules import bbcode, lifecycle, mirror
from b24app.rules.lifecycle import Seen

AT_ONCE = 50  # chats in one request
RECENT = timedelta(hours=26)  # an hourly look overlaps the one before the night
WEEKS = timedelta(days=14)
FRESH = timedelta(minutes=30)  # so long is looked often whether somebody took a chat
UNREADABLE = "Chats of the Open Line cannot be read"
LIVES = ("active", "blocked")  # a portal that rests is compared when it works again


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of the line that we do not have; `files` are LineFile as dicts."""

    message_id: int
    author_id: int
    at: str
    text: str
    files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A message of ours that reads otherwise there."""

    number: int
    text: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Found:
    """How a chat over there differs from ours; everything is JSON.

    `owner_id` 0: nobody. `ended`: see `rules.lifecycle.Seen`. `before`: status and responsible
    here when it was read. `moved`: they are others there. `lacking`: messages that the line had.
    """

    conversation_id: int
    session_id: int | None
    seen_id: int | None
    replies: tuple[Reply, ...] = ()
    changes: tuple[Change, ...] = ()
    owner_id: int = 0
    ended: bool | None = None
    before: tuple[str, int | None] = ("", None)
    moved: bool = False
    lacking: tuple[int, ...] = ()
    error: str = ""

    @property
    def differs(self) -> bool:
        return bool(self.replies or self.changes or self.moved or self.lacking)


def compare_all(job: Job) -> None:
    """A look at every portal, and the promise of the next one."""
    now = clock.now()
    with transaction() as session:
        linked = (
            select(LineLink.portal_id)
            .join(Portal, Portal.id == LineLink.portal_id)
            .where(LineLink.active.is_(True), Portal.lines_active, Portal.status.in_(LIVES))
        )
        for portal_id in session.scalars(linked.distinct()):
            line_checks.ask(portal_id, now, thorough=bool(job.payload.get("thorough")))
        line_checks.promise_next(now)


def compare(job: Job) -> None:
    """The next chats of a portal; those behind them are another try's."""
    told = job.payload
    portal_id, thorough = told["portal_id"], bool(told.get("thorough"))
    if not _is_served(portal_id):
        return
    places = _places(portal_id, told.get("after", 0), thorough, clock.now())
    if not places:
        return
    found = list(_found(portal_id, portals.client(portal_id), places, thorough))
    now = clock.now()
    with transaction():
        _keep(portal_id, found, now)
        if len(places) == AT_ONCE:
            after = places[-1].conversation_id
            pause = timedelta()
            line_checks.ask(portal_id, now, thorough=thorough, after=after, pause=pause)


def look_at_doubts(job: Job) -> None:
    """Read the chats of which we are not sure."""
    portal_id = job.payload["portal_id"]
    places = _doubted(portal_id) if _is_served(portal_id) else []
    if not places:
        return
    found = list(_found(portal_id, portals.client(portal_id), places, True))
    now = clock.now()
    with transaction() as session:
        for one in found:
            session.get_one(Conversation, one.conversation_id).line_doubt = False
        _keep(portal_id, found, now)
        if len(places) == AT_ONCE:
            line_checks.ask_doubts(portal_id, now, timedelta())


def _doubted(portal_id: int) -> list[Place]:
    wanted = (Conversation.portal_id == portal_id, Conversation.line_doubt.is_(True))
    with reading() as session:
        rows = session.scalars(
            select(Conversation).where(*wanted).order_by(Conversation.id).limit(AT_ONCE)
        )
        return [_place(row) for row in rows]


def watch(job: Job) -> None:
    """Whether somebody took a chat in the line that waits here: no event tells of it."""
    portal_id = job.payload["portal_id"]
    waiting = _untaken(portal_id) if _is_served(portal_id) else []
    if not waiting:
        return
    asked = [
        lines.dialog_get(chat_id=one.chat_id, key=f"d{one.conversation_id}") for one in waiting
    ]
    answer = portals.client(portal_id).batch(asked, priority=line_checks.LAST)
    now = clock.now()
    with transaction() as session:
        for one in waiting:
            dialog = lines.read_dialog(answer.results.get(f"d{one.conversation_id}"))
            if dialog and dialog.owner_id:
                line_state.look_again(session.get_one(Conversation, one.conversation_id), now)
        line_checks.watch(portal_id, now)


def _untaken(portal_id: int) -> list[Place]:
    wanted = (
        Conversation.portal_id == portal_id,
        Conversation.status == "new",
        Conversation.line_chat_id.is_not(None),
        Conversation.line_doubt.is_(False),
        Conversation.last_at >= clock.now() - FRESH,
    )
    with reading() as session:
        rows = session.scalars(
            select(Conversation)
            .join(LineLink, LineLink.channel_id == Conversation.channel_id)
            .where(*wanted, LineLink.active.is_(True))
            .order_by(Conversation.last_at.desc())
            .limit(AT_ONCE)
        )
        return [_place(row) for row in rows]


def dry_run(portal_id: int) -> Iterator[Found]:
    """What a thorough look would find; nothing is changed."""
    after, client = 0, portals.client(portal_id)
    while places := _places(portal_id, after, True, clock.now()):
        yield from _found(portal_id, client, places, True)
        after = places[-1].conversation_id


def _is_served(portal_id: int) -> bool:
    with reading() as session:
        portal = session.get(Portal, portal_id)
        return portal is not None and portal.status in LIVES and portal.lines_active


def _places(portal_id: int, after: int, thorough: bool, now: datetime) -> list[Place]:
    """Chats where somebody spoke lately, each by its newest talk."""
    newer = aliased(Conversation)
    overtaken = (
        select(newer.id)
        .where(
            newer.portal_id == portal_id,
            newer.line_chat_id == Conversation.line_chat_id,
            newer.id > Conversation.id,
        )
        .exists()
    )
    wanted: list[ColumnElement[bool]] = [
        Conversation.portal_id == portal_id,
        Conversation.line_chat_id.is_not(None),
        Conversation.id > after,
        Conversation.last_at >= now - (WEEKS if thorough else RECENT),
        ~overtaken,
    ]
    with reading() as session:
        rows = session.scalars(
            select(Conversation)
            .join(LineLink, LineLink.channel_id == Conversation.channel_id)
            .where(*wanted, LineLink.active.is_(True))
            .order_by(Conversation.id)
            .limit(AT_ONCE)
        )
        return [_place(row) for row in rows]


def _place(row: Conversation) -> Place:
    return Place(
        row.id, row.line_chat_id or 0, row.line_session_id, row.line_seen_id, row.responsible_id
    )


def _found(
    portal_id: int, client: Client, places: Sequence[Place], thorough: bool
) -> Iterator[Found]:
    for one in list(look(portal_id, client, places, thorough=thorough)):
        with reading() as session:
            conversation = session.get_one(Conversation, one.place.conversation_id)
            yield _differences(conversation, one)


def _differences(conversation: Conversation, one: Look) -> Found:
    dialog, told = one.dialog, one.told
    talk = promises.line_talk(conversation)
    seen = Seen(dialog.session_id if dialog else None, dialog.owner_id if dialog else 0, one.ended)
    there = lifecycle.observed(talk, seen)
    found = Found(
        conversation_id=conversation.id,
        session_id=seen.session,
        seen_id=dialog.last_message_id if dialog and not one.error else one.place.seen_id,
        owner_id=seen.owner,
        ended=seen.ended,
        before=(talk.status, talk.responsible),
        moved=(there.status, there.responsible) != (talk.status, talk.responsible),
        error=one.error,
    )
    if told is None:
        return found
    ours = _ours(conversation, told)
    return replace(
        found,
        replies=tuple(_reply(said, told) for said in _lost(conversation, told, ours)),
        changes=tuple(_changes(told, ours)),
        lacking=tuple(_lacking(conversation, told)),
    )


def _ours(conversation: Conversation, told: lines.Told) -> dict[int, Message]:
    """Messages of ours by their ids in the line."""
    numbers = [said.message_id for said in told.messages]
    rows = db.session.scalars(
        select(Message).where(
            Message.portal_id == conversation.portal_id, Message.line_message_id.in_(numbers)
        )
    )
    return {row.line_message_id: row for row in rows if row.line_message_id}


def _lost(
    conversation: Conversation, told: lines.Told, ours: dict[int, Message]
) -> Iterator[lines.Said]:
    """Replies that never came to us. One with an external id was delivered by us once."""
    for said in told.replies:
        known = said.message_id in ours or bool(said.mids) or said.deleted
        by_client = said.author_id and said.author_id == conversation.line_user_id
        if not known and not by_client and (said.text.strip() or said.file_ids):
            yield said


def _reply(said: lines.Said, told: lines.Told) -> Reply:
    files = tuple(asdict(file) for file in told.files_of(said))
    at = said.at.isoformat() if said.at else ""
    return Reply(said.message_id, said.author_id, at, said.text, files)


def _changes(told: lines.Told, ours: dict[int, Message]) -> Iterator[Change]:
    """Edits and deletions of operators; one of ours that is on its way there goes first."""
    for said in told.messages:
        message = ours.get(said.message_id)
        if message is None or message.deleted_at or message.line_state not in ("", "sent"):
            continue
        words = mirror.normal(bbcode.plain(said.text))
        if said.deleted or (said.edited and words != mirror.normal(message.text)):
            yield Change(message.id, said.text, said.deleted)


def _lacking(conversation: Conversation, told: lines.Told) -> list[int]:
    """Messages that the line took and has no more: behind one that it still has."""
    there = {said.message_id for said in told.messages}
    rows = db.session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.line_state == "sent")
        .where((Message.direction == "in") | Message.line_message_id.is_not(None))
        .order_by(Message.id)
    )
    has = [
        (
            row.id,
            row.line_message_id in there
            or connector.external(row.channel_id, line_name(row)) in told.mids,
        )
        for row in rows
    ]
    first = next((place for place, (_, known) in enumerate(has) if known), len(has))
    return [number for number, known in has[first:] if not known]


def _keep(portal_id: int, found: Sequence[Found], now: datetime) -> None:
    for one in found:
        if one.differs:
            _promise(portal_id, one, now)
        elif not one.error:
            seen = update(Conversation).where(Conversation.id == one.conversation_id)
            db.session.execute(seen.values(line_seen_id=one.seen_id))
    _tell_administrator(portal_id, found, now)


def _promise(portal_id: int, found: Found, now: datetime) -> None:
    promise(
        "line_found",
        f"line_found:{found.conversation_id}",
        now,
        portal_id=portal_id,
        lane=lane_of(portal_id, "lines"),
        priority=URGENT,
        payload=asdict(found),
    )


def _tell_administrator(portal_id: int, found: Sequence[Found], now: datetime) -> None:
    """Channels whose chats nobody may read say so; they are well when all are read again."""
    errors: dict[int, str] = {}
    for one in found:
        channel_id = db.session.get_one(Conversation, one.conversation_id).channel_id
        errors[channel_id] = errors.get(channel_id) or one.error
    for channel_id, error in errors.items():
        channel = db.session.get_one(Channel, channel_id)
        told = channel.last_error.startswith(UNREADABLE)
        if error and channel.state == "working":
            channel.needs_attention(f"{UNREADABLE}: {error}")
            details = {"channel": channel_id, "error": error}
            journal.audit(portal_id, None, "line.unreadable", details, now)
        elif told and not error:
            channel.works()


JOBS = {
    "reconcile_all": compare_all,
    "reconcile": compare,
    "line_look": look_at_doubts,
    "line_watch": watch,
}
