"""Accounts of messengers: connected, looked after, disconnected; what screens see of them.

Messengers are asked outside any transaction, so these deeds open their own.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Select, exists, func, select
from sqlalchemy import delete as erase

from b24app import channels, clock
from b24app.actions import accounts, apart, collecting, journal, line_states, promises
from b24app.actions.login_steps import Answers
from b24app.actions.shown import client, moment, tell_message
from b24app.channels import base
from b24app.channels.base import Adapter
from b24app.config import Config
from b24app.db import db, reading, transaction
from b24app.errors import ChannelError, Invalid, NotFound
from b24app.i18n import N_, say
from b24app.models import Channel, Conversation, Job, LineLink, Message, Portal
from b24app.models.event import announce
from b24app.models.job import LATER, promise
from b24app.rules import silence
from b24app.values import Account, Connected, Step

NAME_LENGTH = 200
LOG_IN = N_("Log in to this account again: reconnect it.")
NO_ANSWERS = Answers()
CHECK_EVERY = timedelta(minutes=10)
CHECK_SOON = timedelta(minutes=1)
RECENT = 10
UNSENT = ("queued", "sending")
REMOVED = N_("The channel was removed before this message went.")


@dataclass(frozen=True, slots=True)
class Admin:
    """Who changes channels, and where."""

    portal_id: int
    user_id: int | None


def kinds(language: str = "en") -> list[dict[str, Any]]:
    """What can be connected, and the form of each, in the reader's words."""
    return [
        {
            "kind": kind,
            "title": say(found.title, language),
            "fields": [_field(one, language) for one in found.fields],
            "widget": found.has_widget,
            "steps": [say(one, language) for one in found.steps],
            "limits": _limits(found),
        }
        for kind, found in channels.kinds().items()
    ]


def listed(portal_id: int) -> list[dict[str, Any]]:
    """The portal's channels, oldest first."""
    rows = db.session.scalars(
        select(Channel)
        .where(Channel.portal_id == portal_id, Channel.deleted_at.is_(None))
        .order_by(Channel.id)
    ).all()
    waiting = _waiting(row.id for row in rows)
    lines = {
        link.channel_id: link
        for link in db.session.scalars(select(LineLink).where(LineLink.portal_id == portal_id))
    }
    return [_shown(row, lines.get(row.id), waiting.get(row.id, 0)) for row in rows]


def found(portal_id: int, channel_id: int) -> Channel:
    """A channel of this portal; NotFound if there is none."""
    row = db.session.get(Channel, channel_id)
    if row is None or row.portal_id != portal_id or row.deleted_at:
        raise NotFound("There is no such channel.")
    return row


def shown(row: Channel) -> dict[str, Any]:
    """A channel as screens see it: never a secret."""
    return _shown(row, _line(row.id), _waiting([row.id]).get(row.id, 0))


class Unfinished(Exception):
    """More is asked of the administrator before the account is connected."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.text)
        self.step = step


def connect(
    admin: Admin,
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    now: datetime,
    answers: Answers = NO_ANSWERS,
) -> dict[str, Any]:
    """Connect an account; one that was connected here before gets its row back.

    Raises:
        Invalid: the form or the messenger says which field is wrong.
        ChannelError: the messenger cannot be reached or cannot call us.
        Unfinished: there is another step.
    """
    if kind not in channels.kinds():
        raise Invalid(fields={"kind": f"There is no channel of the kind {kind!r}."})
    kept = base.cleaned(channels.kinds()[kind].fields, settings)
    key, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    tried = {**kept, **answers.settings(admin.portal_id, kind)}
    adapter = channels.adapter(kind, Account(0, tried, _hook_url(key), secret))
    connected = _ask(adapter, "")
    with transaction():
        _one_at_a_time(admin.portal_id)
        row = _known(admin.portal_id, kind, connected.external_id) or _new(admin, kind, now)
        row.hook_key, row.secret = key, secret
        row.name = _name(name) or row.name
        _connected(row, kept, connected)
        db.session.flush()  # whoever goes on names its id
        number = row.id
    _listen(adapter, number, now)
    with transaction():
        return _told(found(admin.portal_id, number), admin, "channel_connected", now)


def reconnect(
    admin: Admin,
    channel_id: int,
    settings: Mapping[str, Any],
    now: datetime,
    answers: Answers = NO_ANSWERS,
) -> dict[str, Any]:
    """New settings for the same account: its address, chats and lines stay as they are.

    Settings that are not given, and empty secrets, stay as they were.
    Raises: as connect.
    """
    with reading():
        row = found(admin.portal_id, channel_id)
        kept = _merged(row, settings)
        begun = answers.settings(admin.portal_id, row.kind)
        tried = {**(row.settings or {}), **kept, **begun}
        account = Account(row.id, tried, _hook_url(row.hook_key), row.secret)
        adapter, expected = channels.adapter(row.kind, account), row.external_id
    connected = _ask(adapter, expected)
    with transaction():
        row = found(admin.portal_id, channel_id)
        _connected(row, kept, connected)
        _go_on(row, now)
    _listen(adapter, channel_id, now)
    with transaction():
        return _told(found(admin.portal_id, channel_id), admin, "channel_reconnected", now)


def rename(admin: Admin, channel_id: int, name: str, now: datetime) -> dict[str, Any]:
    """Give a channel another name; in the caller's transaction."""
    if not _name(name):
        raise Invalid(fields={"name": "A channel needs a name."})
    row = found(admin.portal_id, channel_id)
    row.name = _name(name)
    return _told(row, admin, "channel_renamed", now)


def watch(admin: Admin, channel_id: int, hours: int, now: datetime) -> dict[str, Any]:
    """After how many silent hours to raise an alarm (0: never); in the caller's transaction."""
    row = found(admin.portal_id, channel_id)
    row.silence_hours = hours
    _watch(row, now)
    return _told(row, admin, "channel_watched", now)


def chats(portal_id: int, channel_id: int) -> list[dict[str, Any]]:
    """Whom a test message could go to: the newest open talks of a channel."""
    row = found(portal_id, channel_id)
    talks = db.session.scalars(
        select(Conversation)
        .where(Conversation.channel_id == row.id, Conversation.status != "closed")
        .order_by(Conversation.last_at.desc(), Conversation.id.desc())
        .limit(RECENT)
    )
    return [
        {"id": str(talk.id), "client": client(talk), "last_at": moment(talk.last_at)}
        for talk in talks
    ]


def disconnect(admin: Admin, channel_id: int, now: datetime) -> dict[str, Any]:
    """No more messages in or out; chats and settings stay for a reconnect, and what waits too."""
    trouble = _farewell(admin, channel_id)
    with transaction():
        row = found(admin.portal_id, channel_id)
        row.state, row.last_error = "disconnected", ""
        return _told(row, admin, "channel_disconnected", now, trouble=trouble)


def delete(admin: Admin, channel_id: int, now: datetime) -> None:
    """Disconnect for good: its secrets and lines go, its chats stay to be read."""
    trouble = _farewell(admin, channel_id)
    with transaction() as session:
        row = found(admin.portal_id, channel_id)
        row.state, row.last_error = "disconnected", ""
        row.deleted_at, row.settings, row.secret = now, {}, secrets.token_urlsafe(32)
        row.details = {}
        if link := _line(row.id):
            line_states.left(admin.portal_id, link.line_id, now)
        session.execute(erase(LineLink).where(LineLink.channel_id == row.id))
        for message in session.scalars(_unsent(row.id)):
            message.fail("disconnected", REMOVED)
            talk = session.get_one(Conversation, message.conversation_id)
            tell_message(message, talk, now)
        _told(row, admin, "channel_deleted", now, trouble=trouble)


def check(portal_id: int, channel_id: int, now: datetime) -> dict[str, Any]:
    """Ask the messenger whether all is well; the channel as it then is."""
    with reading():
        row = found(portal_id, channel_id)
        adapter = accounts.adapter(row, _public_url()) if row.connected else None
    trouble = _trouble(adapter) if adapter else ""
    with transaction():
        row = found(portal_id, channel_id)
        if adapter and row.connected:
            _judge(row, trouble, now)
        return shown(row)


def keep_checking(job: Job) -> None:
    """Look after one channel, and promise to look again."""
    number, now = job.payload["channel_id"], clock.now()
    with reading():
        row = db.session.get(Channel, number)
        if row is None or not row.connected:
            return
        portal_id = row.portal_id
    state = check(portal_id, number, now)["state"]
    with transaction() as session:
        row = session.get_one(Channel, number)
        pause = CHECK_SOON if state == "attention" or row.silent_since else CHECK_EVERY
        _look_again(row, now, pause)
        collecting.promise_next(row, now)


def leave(job: Job) -> None:
    """The portal threw us out: its messengers are asked to call us no more."""
    with reading():
        row = db.session.get(Channel, job.payload["channel_id"])
        gone = row is not None and db.session.get_one(Portal, row.portal_id).status == "deleted"
        adapter = accounts.adapter(row, _public_url()) if row and gone else None
    if adapter:
        _trouble_of(adapter.disconnect)


def rejoin(job: Job) -> None:
    """The portal is back: its messengers are asked to call us again."""
    number, now = job.payload["channel_id"], clock.now()
    with reading():
        row = db.session.get(Channel, number)
        if row is None or not row.connected:
            return
        adapter, expected = accounts.adapter(row, _public_url()), row.external_id
    try:
        _ask(adapter, expected)
        adapter.listen()
    except Unfinished:
        trouble = LOG_IN
    except (Invalid, ChannelError) as error:
        trouble = error.message
    else:
        trouble = ""
    with transaction() as session:
        _judge(session.get_one(Channel, number), trouble, now)
        _look_again(session.get_one(Channel, number), now, CHECK_SOON)


def _ask(adapter: Adapter, expected: str) -> Connected:
    apart.refuse_open_transaction()
    found = adapter.connect(expected)
    if isinstance(found, Step):
        raise Unfinished(found)
    return found


def _listen(adapter: Adapter, channel_id: int, now: datetime) -> None:
    """Have the messenger call us; an account that does not is kept, and says why it is idle."""
    apart.refuse_open_transaction()
    try:
        adapter.listen()
    except (Invalid, ChannelError) as error:
        with transaction() as session:
            alarm(session.get_one(Channel, channel_id), error.message, now)
        raise


def _farewell(admin: Admin, channel_id: int) -> str:
    """Ask the messenger to call no more; why it did not listen, or nothing."""
    with reading():
        row = found(admin.portal_id, channel_id)
        adapter = accounts.adapter(row, _public_url()) if row.connected else None
    try:
        if adapter:
            adapter.disconnect()
    except ChannelError as error:
        return error.message
    return ""


def _trouble(adapter: Adapter) -> str:
    """What the administrator should know, or nothing."""
    return _trouble_of(adapter.check)


def _trouble_of(deed: Callable[[], None]) -> str:
    apart.refuse_open_transaction()
    try:
        deed()
    except ChannelError as error:
        return error.message
    return ""


def alarm(row: Channel, trouble: str, now: datetime) -> None:
    """A message could not go because of the account itself: administrators see it at once."""
    row.needs_attention(trouble)
    announce(row.portal_id, "channel", shown(row), now)


def recover(row: Channel, now: datetime) -> None:
    """The account itself is well again."""
    _judge(row, "", now)


def _judge(row: Channel, trouble: str, now: datetime) -> None:
    """Keep what a check found; a line's own trouble is not over because the messenger is well."""
    before = (row.state, row.last_error, row.silent_since)
    line = _line(row.id)
    if trouble:
        row.needs_attention(trouble)
    elif line is None or not line.error:
        row.works()
    row.checked_at = now
    _watch(row, now)
    if (row.state, row.last_error, row.silent_since) != before:
        announce(row.portal_id, "channel", shown(row), now)


def _watch(row: Channel, now: datetime) -> None:
    """Learn the channel's rhythm, and notice a silence that is unusual."""
    if row.last_in_at:
        row.rhythm = silence.heard(row.rhythm or {}, row.last_in_at)
    silent = silence.silent(row.rhythm or {}, row.silence_hours, row.last_in_at, now)
    row.silent_since = row.last_in_at if silent else None


def _unsent(channel_id: int) -> Select[Message]:
    """Messages of ours that have not gone, oldest first."""
    return (
        select(Message)
        .where(Message.channel_id == channel_id, Message.state.in_(UNSENT))
        .order_by(Message.id)
    )


def _go_on(row: Channel, now: datetime) -> None:
    """What waited while the channel was disconnected goes now."""
    for message in db.session.scalars(_unsent(row.id)):
        promises.deliver(message, now)


def _waiting(channel_ids: Iterable[int]) -> dict[int, int]:
    """Channel → how many messages of ours have not gone yet."""
    rows = db.session.execute(
        select(Message.channel_id, func.count())
        .where(Message.channel_id.in_(list(channel_ids)), Message.state.in_(UNSENT))
        .group_by(Message.channel_id)
    )
    return {row[0]: row[1] for row in rows}


def _one_at_a_time(portal_id: int) -> None:
    """Two who connect one account at once must not make two channels."""
    db.session.get_one(Portal, portal_id, with_for_update=True)


def _known(portal_id: int, kind: str, external_id: str) -> Channel | None:
    return db.session.scalar(
        select(Channel)
        .where(
            Channel.portal_id == portal_id,
            Channel.kind == kind,
            Channel.external_id == external_id,
        )
        .order_by(Channel.deleted_at.is_not(None), Channel.id.desc())
        .limit(1)
    )


def _new(admin: Admin, kind: str, now: datetime) -> Channel:
    row = Channel(portal_id=admin.portal_id, kind=kind, name="", details={}, created_at=now)
    db.session.add(row)
    return row


def _connected(row: Channel, settings: Mapping[str, Any], connected: Connected) -> None:
    row.settings = {**settings, **connected.settings}
    row.external_id = connected.external_id
    row.link = connected.link
    row.name = row.name or _name(connected.name)
    row.deleted_at = None
    row.works()


def _told(
    row: Channel, admin: Admin, deed: str, now: datetime, *, trouble: str = ""
) -> dict[str, Any]:
    """Everybody learns of a change: the audit, screens, and whoever looks after channels."""
    db.session.flush()  # the audit and the news show the row's id
    details = {"channel_id": row.id, "kind": row.kind, "name": row.name}
    journal.audit(
        admin.portal_id,
        admin.user_id,
        deed,
        {**details, "trouble": trouble} if trouble else details,
        now,
    )
    look = shown(row)
    announce(row.portal_id, "channel", {**look, "deleted": row.deleted_at is not None}, now)
    if row.connected:
        _look_again(row, now, CHECK_SOON)
        collecting.promise_next(row, now)
    return look


def _look_again(row: Channel, now: datetime, pause: timedelta) -> None:
    """Promise the next check, unless one is promised already."""
    lane = f"channel:{row.id}:check"
    if db.session.scalar(select(exists().where(Job.lane == lane, Job.state == "queued"))):
        return
    due = now + pause
    promise(
        "check_channel",
        f"check_channel:{row.id}:{int(due.timestamp())}",
        now,
        portal_id=row.portal_id,
        lane=lane,
        priority=LATER,
        due_at=due,
        payload={"channel_id": row.id},
    )


def _merged(row: Channel, given: Mapping[str, Any]) -> dict[str, Any]:
    fields = channels.kinds()[row.kind].fields
    hidden = {field.name for field in fields if field.type == "secret"}
    old = {field.name: (row.settings or {}).get(field.name, "") for field in fields}
    new = {name: value for name, value in given.items() if value or name not in hidden}
    return base.cleaned(fields, {**old, **new})


def _shown(row: Channel, line: LineLink | None, waiting: int) -> dict[str, Any]:
    kind = channels.kinds().get(row.kind)
    hidden = {field.name for field in kind.fields if field.type == "secret"} if kind else set()
    own = set(kind.hidden) if kind else set(row.settings or {})
    settings = {name: value for name, value in (row.settings or {}).items() if name not in own}
    return {
        "id": str(row.id),
        "kind": row.kind,
        "name": row.name,
        "state": row.state,
        "last_error": row.last_error,
        "skipped": row.details.get("skipped", {}),
        "last_in_at": moment(row.last_in_at),
        "last_out_at": moment(row.last_out_at),
        "silence": {"hours": row.silence_hours, "since": moment(row.silent_since)},
        "waiting": waiting,
        "external_id": row.external_id,
        "link": row.link,
        "settings": {name: value for name, value in settings.items() if name not in hidden},
        "secrets_set": sorted(name for name in hidden if settings.get(name)),
        "line": {"id": str(line.line_id), "connector": line.connector} if line else None,
        "widget": _widget(row) if kind and kind.has_widget else None,
        "created_at": moment(row.created_at),
    }


def _widget(row: Channel) -> dict[str, str]:
    url = f"{_public_url()}/widget/{row.hook_key}.js"
    return {
        "key": row.hook_key,
        "snippet": f'<script async src="{url}"></script>',
        "script_url": url,
    }


def _field(field: base.Field, language: str) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": say(field.label, language),
        "type": field.type,
        "required": field.required,
        "help": say(field.help, language),
        "default": field.default,
        "group": say(field.group, language),
        "options": [
            {"value": value, "label": say(label, language)} for value, label in field.options
        ],
    }


def _limits(kind: type[Adapter]) -> dict[str, Any]:
    """What the messenger takes and can do, as its kind declares it."""
    return {
        "text": kind.text_limit,
        "caption": kind.caption_limit,
        "file": kind.file_limit,
        "edit": kind.can_edit,
        "delete": kind.can_delete,
        "receipts": kind.has_receipts,
        "typing": kind.has_typing,
    }


def _line(channel_id: int) -> LineLink | None:
    return db.session.scalar(select(LineLink).where(LineLink.channel_id == channel_id))


def _name(name: str) -> str:
    return base.plain(" ".join(name.split()), NAME_LENGTH)


def _hook_url(key: str) -> str:
    return f"{_public_url()}/hooks/{key}"


def _public_url() -> str:
    config: Config = current_app.config["CALLGEAR"]
    return config.public_url


JOBS = {"check_channel": keep_checking, "leave_messenger": leave, "rejoin_messenger": rejoin}
