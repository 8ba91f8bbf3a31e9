"""The site widget's side of things: who the visitor is, what they see, what they upload."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import exists, select

from b24app import media
from b24app.actions import accounts, live, requests, shown, uploads
from b24app.actions.widget_texts import texts
from b24app.channels import base, webchat
from b24app.db import db
from b24app.errors import Denied, Invalid, NotFound, Stranger
from b24app.i18n import LANGUAGES, say
from b24app.models import (
    Audit,
    Channel,
    Conversation,
    Identity,
    Message,
    OfflineRequest,
    Portal,
)
from b24app.rules import forms, hours

HISTORY = 50
CONTACT_FIELDS = ("name", "phone", "email")
UNREAD = ("queued", "sending", "sent", "delivered")
MESSAGE_FIELDS = ("id", "direction", "text", "at", "deleted")
FILE_FIELDS = ("id", "kind", "name", "size", "mime", "url")


def channel_of(key: str) -> Channel:
    """The widget with this key; NotFound if it is unknown, switched off or its portal left."""
    row = db.session.scalar(
        select(Channel)
        .join(Portal, Portal.id == Channel.portal_id)
        .where(Channel.hook_key == key, Channel.kind == "webchat", live.here())
    )
    if row is None or not row.connected:
        raise NotFound("This chat is switched off.", code="channel_gone")
    return row


def check_site(channel: Channel, origin: str | None) -> None:
    """Other sites than the channel's may not use it; programs without Origin are no site."""
    if origin is not None and not accounts.adapter(channel).allows_origin(origin):
        raise Denied("This site is not in the list of the chat's sites.", code="foreign_site")


def welcome(channel: Channel, token: str) -> tuple[str, str]:
    """The visitor's token and id: those they showed, or new ones."""
    try:
        return token, visitor_of(channel, token)
    except Stranger:
        fresh = webchat.new_visitor(channel.secret)
        return fresh, visitor_of(channel, fresh)


def visitor_of(channel: Channel, token: str) -> str:
    """The visitor that a token of this channel names; Stranger if it names none."""
    return webchat.visitor_of(token, channel.secret)


def session(channel: Channel, visitor: str, now: datetime) -> dict[str, Any]:
    """What a widget shows when it opens; news after `after` come by the stream."""
    after = db.session.scalar(select(Portal.last_event).where(Portal.id == channel.portal_id))
    rows = _history(channel, visitor)  # read after the number: told twice is harmless
    read = _last_read(rows)
    messages = [message(shown.message(row, now)) for row in rows]
    for row, told in zip(rows, messages, strict=True):
        if row.direction == "in" and row.id <= read:
            told["state"] = "read"
    return {
        "visitor_id": visitor,
        "config": look(channel, now, talking=_talks(channel, visitor)),
        "messages": messages,
        "after": after,
        "unread": sum(row.direction == "out" and row.state in UNREAD for row in rows),
    }


def look(channel: Channel, now: datetime, *, talking: bool = False) -> dict[str, Any]:
    """How the widget looks and what it asks; goes into the script that everybody reads."""
    return look_of(channel.settings or {}, now, talking=talking)


def look_of(settings: Mapping[str, Any], now: datetime, *, talking: bool = False) -> dict[str, Any]:
    """The same of settings that nobody has kept yet; who is talking goes on in off hours."""
    text, url = settings.get("consent_text") or "", settings.get("consent_url") or ""
    return {
        "title": settings.get("title") or "",
        "greeting": settings.get("greeting") or "",
        "delay": int(settings.get("greeting_delay") or 0),
        "color": settings.get("color") or "",
        "position": settings.get("position") or "right",
        "button": settings.get("button") or "",
        "consent": {"text": text, "url": url or None} if text or url else None,
        "contact_form": bool(settings.get("contact_form")),
        "ask": _asked(settings),
        "away": None if talking or _at_work(settings, now) else settings.get("away_text") or "",
        "file_limit": uploads.UPLOAD_LIMIT,
    }


def rehearsed(settings: Mapping[str, Any], reads: str, now: datetime) -> dict[str, Any]:
    """A look of settings as they are typed: what makes no sense yet is named and left out."""
    try:
        kept, wrong = base.cleaned(webchat.Webchat.fields, settings), {}
    except Invalid as error:
        wrong = error.fields
        sound = {name: value for name, value in settings.items() if name not in wrong}
        kept = base.cleaned(webchat.Webchat.fields, sound)
    wrong |= webchat.wrong_looks(kept)
    kept = {name: value for name, value in kept.items() if name not in wrong}
    return {
        "look": look_of(kept, now),
        "away_text": kept.get("away_text") or "",
        "texts": texts(str(kept.get("lang") or reads)),
        "wrong": {name: say(words, reads) for name, words in wrong.items()},
    }


def language(channel: Channel, wanted: str, accepted: str) -> str:
    """In which language the widget speaks: as the page asks, as is set, as the browser reads."""
    kept = (channel.settings or {}).get("lang")
    return wanted if wanted in LANGUAGES else str(kept or accepted)


def _asked(settings: Mapping[str, Any]) -> list[list[str]]:
    """`[["name", "optional"], …]`, in the order of the form."""
    needs = [[name, settings.get(f"ask_{name}") or "optional"] for name in CONTACT_FIELDS]
    return [[name, need] for name, need in needs if need != "off"]


def _at_work(settings: Mapping[str, Any], now: datetime) -> bool:
    spans = hours.read(settings.get("hours") or ())
    return hours.is_open(spans, settings.get("zone") or "UTC", now)


def leave(
    channel: Channel, visitor: str, uuid: str, fields: Mapping[str, Any], now: datetime
) -> OfflineRequest:
    """Words left outside working hours; the same uuid again is the same request."""
    given = replace(forms.read(fields), kind="widget", external_id=f"{visitor}:{uuid}")
    return requests.keep(channel, given, now)


def consent(channel: Channel, visitor: str, page_url: str, now: datetime) -> None:
    """Keep for good that a visitor agreed, to which words and where."""
    agreed = look(channel, now)["consent"] or {}
    details = {"channel_id": channel.id, "visitor": visitor, "page_url": page_url, **agreed}
    db.session.add(
        Audit(
            portal_id=channel.portal_id,
            user_id=None,
            deed="widget_consent",
            details=details,
            at=now,
        )
    )


def keep_file(
    channel_id: int, visitor: str, name: str, stored: media.Stored, now: datetime
) -> dict[str, Any]:
    """A visitor's upload; the message that brings it along follows."""
    channel = db.session.get_one(Channel, channel_id)
    kind = media.kind_of(stored.mime)
    row = uploads.keep_upload(channel.portal_id, f"visitor:{visitor}", name, stored, kind, now)
    row.channel_id = channel.id
    return _file(shown.attachment(row, now))


def store(stream: BinaryIO) -> media.Stored:
    return uploads.receive(stream)


def news(kind: str, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """What a visitor is told of news about them: kind and data, or None."""
    if kind == "message" and data["direction"] in ("in", "out"):
        return "message", message(data)
    if kind == "operator_typing":
        return "typing", {"author": data.get("operator", "")}
    if kind == "conversation" and data["status"] == "closed":
        return "closed", {}
    if kind == "conversation" and not data["unread"]:
        return "read", {}  # an employee has seen everything so far
    return None


def message(told: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the API as its visitor may see it: nothing but what is named here."""
    author = told["author"] or {}
    return {
        **{name: told[name] for name in MESSAGE_FIELDS},
        "uuid": told["client_uuid"] or "",
        "author": author.get("name", "") if told["direction"] == "out" else "",
        "attachments": [_file(one) for one in told["attachments"]],
        "state": "delivered" if told["direction"] == "in" else told["state"],
    }


def _file(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in FILE_FIELDS}


def _talks(channel: Channel, visitor: str) -> bool:
    """Whether the visitor has a talk that is not closed."""
    going_on = exists().where(
        Identity.channel_id == channel.id,
        Identity.external_id == visitor,
        Conversation.identity_id == Identity.id,
        Conversation.status != "closed",
    )
    return bool(db.session.scalar(select(going_on)))


def _history(channel: Channel, visitor: str) -> list[Message]:
    """The visitor's newest messages in this channel, oldest first."""
    rows = db.session.scalars(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(
            Identity.channel_id == channel.id,
            Identity.external_id == visitor,
            Message.direction != "system",
            Message.deleted_at.is_(None),
        )
        .order_by(Message.id.desc())
        .limit(HISTORY)
    )
    return list(rows)[::-1]


def _last_read(rows: Sequence[Message]) -> int:
    """The newest message that an employee has certainly seen; 0: none.

    They saw what they answered, and everything when nothing of the talk is unread.
    """
    if not rows:
        return 0
    talk = db.session.get_one(Conversation, rows[-1].conversation_id)
    answers = [row.id for row in rows if row.direction == "out"]
    return rows[-1].id if not talk.unread else max(answers, default=0)
