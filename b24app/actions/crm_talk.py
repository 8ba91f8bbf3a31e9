"""The talk in CRM timelines: which chats are told when, many of them in one request.

Whether a new comment was written is noted before it is: after a lost answer the timeline is
read first, and what is found there by its mark is taken over.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, false, or_, select

from b24app import clock
from b24app.actions import (
    crm_activities,
    crm_files,
    crm_lines,
    crm_places,
    crm_telling,
    crm_told,
    portals,
)
from b24app.actions import settings as rules
from b24app.actions.crm_story import Saying, Words, first_words, words_of
from b24app.actions.crm_telling import Story
from b24app.bitrix.batch import LIMIT
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Conversation, Job, Message, Portal
from b24app.models.job import LATER, promise

TELL_PAUSE = timedelta(seconds=3)
TELL_MOST = 40  # chats in one go
# A chat that nobody closes is told after this time without a word.
IDLE = timedelta(hours=24)
SLOT = timedelta(hours=1)
SYSTEM_LINES = 0  # among the ids of what changed


def tell(job: Job) -> None:
    """Bring what was said since into the timelines: many chats in one request."""
    portal_id, now = job.payload["portal_id"], clock.now()
    with transaction():
        stories, more = _stories(portal_id, now)
    if not stories:
        return
    answered = crm_telling.bring(portals.client(portal_id), stories)
    with transaction():
        again = [crm_told.settle(story, answered, now) for story in stories]
        crm_files.promise_waiting(portal_id, now)
    if trouble := next((one for one in answered.errors.values() if not one.permanent), None):
        raise trouble
    if more or any(again):
        raise BitrixError("More chats wait to be told.", retry_after=0.0)


def promise_telling(row: Conversation, now: datetime) -> None:
    """Chats of a portal are told together, a moment later."""
    if row.crm_state != "ready":
        return
    when = _transcript(row.portal_id, row.settings_version)
    _note_ending(row, when)
    if crm_activities.is_behind(row) or (_has_news(row) and when != "off"):
        later = when == "at_close" and row.is_open and not crm_activities.is_behind(row)
        _promise(row.portal_id, now, row.last_at + IDLE if later else None)


def tell_anew(row: Conversation, now: datetime) -> None:
    """Somebody said or did something: what was refused before is tried again with it."""
    if row.crm_state == "ready" and row.crm_error:
        row.crm_error = ""
    promise_telling(row, now)


def first_saying(row: Conversation, transcript: str) -> Saying | None:
    """What is said together with the chat's new place; None: nothing, or it comes later."""
    if transcript == "off" or row.crm_comment_id or (transcript == "at_close" and row.is_open):
        return None
    voice = crm_lines.voice(row.portal_id)
    return first_words(row, voice, rolls=transcript == "online")


def note_first(
    row: Conversation, saying: Saying, comment_id: int, now: datetime, *, found: bool
) -> None:
    """The comment that came with the place is written, or was found after a lost answer."""
    rolls = _transcript(row.portal_id, row.settings_version) == "online"
    crm_told.note_told(row, saying, comment_id, rolls=rolls)
    if found and rolls and not saying.alone:
        row.crm_told = saying.first  # it may lack what was said after
    elif found or not saying.whole:
        row.crm_told, row.crm_unsure = min(row.crm_told, saying.first - 1), True
    crm_files.queue(saying.message_ids)
    crm_files.promise_waiting(row.portal_id, now)


def _promise(portal_id: int, now: datetime, due_at: datetime | None) -> None:
    """Args: due_at: of a chat that waits for its end; None: as soon as others are told."""
    due, key = now + TELL_PAUSE, f"crm_tell:{portal_id}"
    if due_at is not None:
        slot = int(due_at.timestamp() // SLOT.total_seconds()) + 1
        due, key = max(due_at + SLOT, due), f"crm_tell:{portal_id}:{slot}"
    promise(
        "crm_tell",
        key,
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:crm*",
        priority=LATER,
        due_at=due,
        payload={"portal_id": portal_id},
    )


def _has_news(row: Conversation) -> bool:
    return (row.last_message_id or 0) > row.crm_told or row.crm_stale is not None


def _note_ending(row: Conversation, when: str) -> None:
    """That a chat was closed is told even if nobody says anything more."""
    if row.is_open or when != "online" or not row.crm_comment_id:
        return
    ending = select(Message.id).where(
        Message.conversation_id == row.id,
        Message.id > row.crm_told,
        Message.direction == "system",
    )
    if SYSTEM_LINES not in (row.crm_stale or ()) and db.session.scalar(ending.limit(1)):
        row.crm_stale = [*(row.crm_stale or ()), SYSTEM_LINES]


def _transcript(portal_id: int, version: int | None) -> str:
    """When words go to CRM, by the settings that a chat began with."""
    return rules.rules_of(portal_id, "chats", version).document.transcript


# -- Which chats ------------------------------------------------------------------------


def _stories(portal_id: int, now: datetime) -> tuple[list[Story], bool]:
    """As many chats as one request holds, none torn apart; and whether others wait."""
    if not db.session.get_one(Portal, portal_id).integration_active:
        return [], False
    rows = _due(portal_id, now)
    voice = crm_lines.voice(portal_id)
    stories: list[Story] = []
    room, more = LIMIT, len(rows) == TELL_MOST
    for row in rows:
        story = _story(row, voice, now)
        if story is None:
            continue
        if story.size > room:
            more = True
            continue
        room -= story.size
        more = more or story.words.more
        row.crm_unsure = row.crm_unsure or story.begins
        stories.append(story)
    return stories, more and bool(stories)


def _story(row: Conversation, voice: crm_lines.Voice, now: datetime) -> Story | None:
    main = crm_places.main_card(row)
    if main is None:
        return None
    beside = tuple(crm_places.bound_cards(row))
    when = _transcript(row.portal_id, row.settings_version)
    due = when == "online" or (
        when == "at_close" and (not row.is_open or row.last_at <= now - IDLE)
    )
    words = Words()
    if due and _has_news(row):
        room = (LIMIT - 1) // (1 + len(beside))
        words = words_of(row, voice, now, rolls=when == "online", room=room)
    return Story(
        conversation_id=row.id,
        target=main,
        beside=beside,
        words=words,
        heard=len(row.crm_stale or ()) if due else 0,
        verify=row.crm_unsure,
        rolls=when == "online",
        deed=crm_activities.deed_of(row, f"a{row.id}", now),
    )


def _due(portal_id: int, now: datetime) -> Sequence[Conversation]:
    """Chats whose own settings want their words in CRM now, or whose activity is behind."""
    mine = (
        Conversation.portal_id == portal_id,
        Conversation.crm_state == "ready",
        Conversation.crm_error == "",
    )
    news = or_(
        Conversation.last_message_id > Conversation.crm_told, Conversation.crm_stale.is_not(None)
    )
    versions = db.session.scalars(
        select(Conversation.settings_version).where(*mine, news).distinct()
    ).all()
    wanted = or_(false(), *_wanted(portal_id, versions, now))
    rows = db.session.scalars(
        select(Conversation)
        .where(*mine, or_(and_(news, wanted), crm_activities.behind()))
        .order_by(Conversation.last_at, Conversation.id)
        .limit(TELL_MOST)
    )
    return rows.all()


def _wanted(portal_id: int, versions: Sequence[int | None], now: datetime) -> Iterator[Any]:
    ended = or_(Conversation.status == "closed", Conversation.last_at <= now - IDLE)
    for version in versions:
        same = Conversation.settings_version.is_not_distinct_from(version)
        when = _transcript(portal_id, version)
        if when != "off":
            yield same if when == "online" else and_(same, ended)


JOBS = {"crm_tell": tell}
