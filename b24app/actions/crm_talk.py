"""The talk in CRM timelines: one rolling comment a chat, many chats in one request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, false, or_, select

from b24app.actions import portals, settings
from b24app.actions.crm_places import main_card
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import BatchAnswer, Client
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.i18n import say
from b24app.models import Conversation, Job, Message, Portal
from b24app.models.job import LATER, promise
from b24app.rules import bbcode
from b24app.rules.plan import add_comment, update_comment
from b24app.rules.target import TYPE_NAMES, Target
from b24app.rules.texts import FILE, KIND_NAMES, safe_text
from b24app.rules.transcript import COMMENT_MAX, same_comment
from b24app.values import Call

TELL_PAUSE = timedelta(seconds=3)
TELL_MOST = 40
LINES_MOST = 200


@dataclass(frozen=True, slots=True)
class Story:
    """What one comment is to say: the text, and the messages it covers.

    tried: such a comment was to be written before, and its answer may have been lost.
    """

    conversation_id: int
    text: str
    first: int
    last: int
    target: Target
    comment_id: int | None
    tried: bool = False


def tell(job: Job) -> None:
    """Bring what was said since into the timelines: many chats in one request."""
    with transaction():
        stories = _stories(job.payload["portal_id"])
    if not stories:
        return
    client = portals.client(job.payload["portal_id"])
    stories = [unless_written(client, one) if one.tried else one for one in stories]
    answer = client.batch([_telling(story) for story in stories])
    kept = [_note_told(story, answer) for story in stories]
    if trouble := next((one for one in answer.errors.values() if not one.permanent), None):
        raise trouble
    if len(stories) == TELL_MOST or not all(kept):
        raise BitrixError("More chats wait to be told.", retry_after=0.0)


def promise_telling(conversation: Conversation, now: datetime) -> None:
    """Chats of a portal are told together, a moment later."""
    if conversation.crm_state != "ready" or not _has_news(conversation):
        return
    when = _transcript(conversation.portal_id, conversation.settings_version)
    if when == "off" or (when == "at_close" and conversation.is_open):
        return
    promise(
        "crm_tell",
        f"crm_tell:{conversation.portal_id}",
        now,
        portal_id=conversation.portal_id,
        lane=f"portal:{conversation.portal_id}:crm*",
        priority=LATER,
        due_at=now + TELL_PAUSE,
        payload={"portal_id": conversation.portal_id},
    )


def _has_news(conversation: Conversation) -> bool:
    return (conversation.last_message_id or 0) > conversation.crm_told


def _transcript(portal_id: int, version: int | None) -> str:
    """When words go to CRM, by the settings that a chat began with."""
    return settings.rules_of(portal_id, "chats", version).document.transcript


def _stories(portal_id: int) -> list[Story]:
    news = (
        Conversation.portal_id == portal_id,
        Conversation.crm_state == "ready",
        Conversation.last_message_id > Conversation.crm_told,
    )
    rows = db.session.scalars(
        select(Conversation)
        .where(*news, _due(portal_id, news))
        .order_by(Conversation.last_at)
        .limit(TELL_MOST)
    )
    found = [story_of(row, target) for row in rows if (target := main_card(row))]
    return [story for story in found if story]


def _due(portal_id: int, news: Sequence[Any]) -> Any:
    """Chats whose own settings want their words in CRM now."""
    versions = db.session.scalars(select(Conversation.settings_version).where(*news).distinct())
    wanted = []
    for version in versions.all():
        same = Conversation.settings_version.is_not_distinct_from(version)
        when = _transcript(portal_id, version)
        if when == "online":
            wanted.append(same)
        elif when == "at_close":
            wanted.append(and_(same, Conversation.status == "closed"))
    return or_(false(), *wanted)


def story_of(conversation: Conversation, target: Target) -> Story | None:
    """The rolling comment: all it said and what is new; a full one is followed by another.

    A new comment's first message is noted before it is written: whoever finds the note
    without a comment's number looks whether it was.
    """
    since = conversation.crm_comment_from if conversation.crm_comment_id else 0
    messages = _said(conversation, since or conversation.crm_told + 1)
    comment_id = conversation.crm_comment_id
    if not messages:
        return None
    head = f"{conversation.channel.name} · #{conversation.id}"
    language = db.session.get_one(Portal, conversation.portal_id).lang
    lines = _lines(messages, language)
    if comment_id and len("\n".join([head, *lines])) > COMMENT_MAX:
        messages = [one for one in messages if one.id > conversation.crm_told] or messages[-1:]
        lines, comment_id = _lines(messages, language), None
    first, text = messages[0].id, safe_text(_fitting(head, lines))
    tried = comment_id is None and conversation.crm_comment_from == first
    if comment_id is None:
        conversation.crm_comment_from, conversation.crm_comment_id = first, None
    return Story(conversation.id, text, first, messages[-1].id, target, comment_id, tried)


def _said(conversation: Conversation, since: int) -> list[Message]:
    rows = db.session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.id >= since,
            Message.direction != "system",
        )
        .order_by(Message.id)
        .limit(LINES_MOST)
    )
    return list(rows)


def _lines(messages: Sequence[Message], language: str) -> list[str]:
    return [_line(one, language) for one in messages]


def _fitting(head: str, lines: Sequence[str]) -> str:
    """A head line, then what was said; the oldest lines yield."""
    text = "\n".join([head, *lines])
    if len(text) <= COMMENT_MAX:
        return text
    kept: list[str] = []
    room = COMMENT_MAX - len(head) - 2
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([head, "…", *reversed(kept)])


def _line(message: Message, language: str) -> str:
    files = [
        f"[{say(KIND_NAMES.get(one.kind, FILE), language)}] {one.name}".strip()
        for one in message.attachments
    ]
    words = "" if message.deleted_at else message.text
    said = " ".join([*files, words]).strip()
    return bbcode.escaped(f"{message.author_name or '—'}: {said}")


def _telling(story: Story) -> Call:
    key = f"c{story.conversation_id}"
    if story.comment_id:
        return update_comment(story.comment_id, story.text, key)
    return add_comment(story.target, story.text, key)


def _note_told(story: Story, answer: BatchAnswer) -> bool:
    """Keep what became of a comment; False if another must be begun at once."""
    key = f"c{story.conversation_id}"
    error = answer.errors.get(key)
    if error is None and key not in answer.results:
        return True
    with transaction() as session:
        conversation = session.get_one(Conversation, story.conversation_id)
        if error is None:
            conversation.crm_comment_id = int(answer.results[key] or story.comment_id or 0) or None
            conversation.crm_comment_from = story.first
            conversation.crm_told = story.last
        elif error.permanent and story.comment_id:  # somebody deleted the comment
            conversation.crm_comment_id, conversation.crm_comment_from = None, 0
            return False
        elif error.permanent:  # the card takes none
            conversation.crm_error = error.message[:500]
            conversation.crm_told = story.last
    return True


def unless_written(client: Client, story: Story) -> Story:
    """After a lost answer: the comment that is in the timeline already is taken over."""
    target = story.target
    asked = bitrix.comment_list(TYPE_NAMES[target.type_id], target.id or 0)
    for number, text in bitrix.read_comments(client.ask(asked)):
        if same_comment(text, story.text):
            return replace(story, comment_id=number)
    return story


JOBS = {"crm_tell": tell}
