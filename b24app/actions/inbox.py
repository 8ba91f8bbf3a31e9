"""What messengers bring: understood once, kept once, told to screens, promised onward."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import contains_eager, lazyload

from b24app import channels, clock, i18n, media
from b24app.actions import (
    accounts,
    contact_merges,
    joining,
    journal,
    left,
    lost_sends,
    promises,
    settings,
    shown,
    skipped,
    windows,
)
from b24app.db import db, transaction
from b24app.errors import Invalid
from b24app.models import (
    Arrival,
    Attachment,
    Channel,
    Contact,
    Conversation,
    Identity,
    Job,
    Message,
    MessageLayout,
    MessageVersion,
    Portal,
)
from b24app.models.event import announce
from b24app.rules import spans, texts
from b24app.values import (
    Blocked,
    Deleted,
    Edited,
    HookCall,
    Incoming,
    Person,
    Profile,
    Reacted,
    Receipt,
    RemoteFile,
    Skipped,
    Typing,
    Visit,
)

# What may still become delivered, read or failed.
BEFORE = {
    "sent": (),
    "delivered": ("sent",),
    "read": ("sent", "delivered"),
    "failed": ("sent",),
}

CHANNEL: Any = bindparam("channel")
EXTERNAL: Any = bindparam("external")
ARRIVED = (
    select(Arrival, Channel)
    .join(Channel, Channel.id == Arrival.channel_id)
    .join(Channel.portal)
    .where(Arrival.id == bindparam("number"), Arrival.state == "new")
    .options(contains_eager(Channel.portal))
)
KNOWN = select(
    or_(
        exists().where(Message.channel_id == CHANNEL, Message.external_id == EXTERNAL),
        exists().where(Attachment.channel_id == CHANNEL, Attachment.external_id == EXTERNAL),
    )
)
WHO = (
    select(Identity)
    .join(Identity.contact)
    .where(Identity.channel_id == CHANNEL, Identity.external_id == bindparam("chat"))
    .options(contains_eager(Identity.contact))
)
# The channel, the identity and its contact are in the session already.
GOING_ON = (
    select(Conversation)
    .where(Conversation.identity_id == bindparam("identity"), Conversation.status != "closed")
    .options(
        lazyload(Conversation.channel),
        lazyload(Conversation.contact),
        lazyload(Conversation.identity),
    )
)


def keep(job: Job) -> None:
    """Understand an arrival of a messenger. Doing it twice changes nothing more."""
    with transaction() as session:
        found = session.execute(ARRIVED, {"number": job.payload["arrival_id"]}).one_or_none()
        if found is not None:
            arrival, channel = found
            take(channel, arrival, clock.now())


def take(channel: Channel, arrival: Arrival, now: datetime) -> None:
    """Read one arrival and apply everything in it, in the running transaction."""
    adapter = accounts.adapter(channel)
    try:
        parsed = adapter.parse(call_of(arrival))
    except Invalid as error:
        skipped.count(channel, "not_understood")
        arrival.state, arrival.error = "failed", error.message[:500]
        return
    told = [news for news in parsed if not isinstance(news, Skipped)]
    arrival.error = skipped.note(channel, [news for news in parsed if isinstance(news, Skipped)])
    arrival.state = "done" if told or not arrival.error else "skipped"
    for news in told:
        TAKE[type(news)](channel, news, now)
        channel.last_in_at = now


def call_of(arrival: Arrival) -> HookCall:
    """The call as it came; a body that is not text was kept in base64."""
    meta = arrival.meta
    body = _body(arrival)
    return HookCall(
        method=meta.get("method", "POST"),
        headers=meta.get("headers", {}),
        query=meta.get("query", {}),
        body=body,
        received_at=arrival.received_at,
    )


def _body(arrival: Arrival) -> bytes:
    if key := arrival.meta.get("stored"):
        with media.open(key) as stream:
            return stream.read()
    raw = arrival.body
    return base64.b64decode(raw) if arrival.meta.get("base64") else raw.encode()


def hear(channel: Channel, news: Incoming, now: datetime) -> Message | None:
    """Keep one utterance; None if it is known already, or is no utterance of a chat."""
    external_id = f"{news.chat_id}:{news.message_id}"
    if known(channel.id, external_id):
        return None
    if news.from_device and lost_sends.is_ours(channel, news):
        return None
    if news.as_request is not None:
        left.keep(channel, news, now)
        return None
    if news.automatic:
        _note_automatic(channel, news, now)
        return None
    identity = identity_of(channel, news.chat_id, news.person, now)
    if news.memo:
        identity.details = {**(identity.details or {}), "memo": dict(news.memo)}
    conversation = open_conversation(channel, identity, now, news.visit)
    if part := _album(conversation, news):
        return _join_album(conversation, part, news, external_id, now)
    message = Message(
        portal_id=channel.portal_id,
        channel_id=channel.id,
        conversation_id=conversation.id,
        external_id=external_id,
        external_ids=[external_id],
        album_id=news.album_id,
        direction="out" if news.from_device else "in",
        origin="device" if news.from_device else "channel",
        author_name=identity.contact.name or identity.name,
        text=news.text,
        state="sent" if news.from_device else "received",
        said_at=news.sent_at,
        created_at=now,
        attachments=_attachments(channel, news, now),
        details=spans.kept(news.spans),
    )
    if news.html:
        message.layout = MessageLayout(html=news.html)
        message.details = {"laid_out": True}
    _quote(message, channel, news)
    db.session.add(message)
    promises.spread(conversation, message, now)
    words, kind = texts.one_line(message.text), message.first_kind
    if news.from_device:
        conversation.replied(words, kind, now)
    else:
        conversation.heard(words, kind, now)
        if windows.span(channel.kind):
            identity.heard_at = now
    conversation.last_message_id = message.id
    shown.tell_message(message, conversation, now)
    shown.tell_conversation(conversation, now)
    return message


def _note_automatic(channel: Channel, news: Incoming, now: datetime) -> None:
    """A machine's answer is told in the chat that goes on; it opens none and is not answered."""
    conversation = db.session.scalar(_open_by_chat(channel.id, news.chat_id))
    if conversation:
        journal.note(conversation, "automatic_reply", {"text": news.text[:1000]}, now)


def edit(channel: Channel, news: Edited, now: datetime) -> None:
    """The client changed their words: the earlier ones stay as a version."""
    message = message_known(channel.id, f"{news.chat_id}:{news.message_id}")
    if message is None or message.text == news.text:
        return
    conversation = db.session.get_one(Conversation, message.conversation_id)
    _keep_version(message, now)
    message.text = news.text
    message.details = spans.again(message.details, news.spans)
    message.edited_at = news.edited_at
    _tell_change(conversation, message, now)


def delete(channel: Channel, news: Deleted, now: datetime) -> None:
    message = message_known(channel.id, f"{news.chat_id}:{news.message_id}")
    if message is None or message.deleted_at:
        return
    conversation = db.session.get_one(Conversation, message.conversation_id)
    _keep_version(message, now)
    message.deleted_at = now
    _tell_change(conversation, message, now)


def confirm(channel: Channel, news: Receipt, now: datetime) -> None:
    """A messenger says how far messages of ours got."""
    for message in _receipted(channel, news, now):
        if news.state == "failed":
            words = news.error or "The messenger could not deliver it."
            message.fail(news.code or "not_delivered", words)
            moved = True
        else:
            moved = message.progress(news.state)
        if moved:
            conversation = db.session.get_one(Conversation, message.conversation_id)
            shown.tell_message(message, conversation, now)


def react(channel: Channel, news: Reacted, now: datetime) -> None:
    """A client's emoji stands at the message it was put to."""
    message = message_known(channel.id, f"{news.chat_id}:{news.message_id}")
    if message is None or message.details.get("reaction", "") == news.emoji:
        return
    message.details = {**message.details, "reaction": news.emoji}
    message.version += 1
    shown.tell_message(message, db.session.get_one(Conversation, message.conversation_id), now)


def typing(channel: Channel, news: Typing, now: datetime) -> None:
    conversation = db.session.scalar(_open_by_chat(channel.id, news.chat_id))
    if conversation:
        announce(channel.portal_id, "typing", {"conversation_id": str(conversation.id)}, now)


def introduce(channel: Channel, news: Profile, now: datetime) -> None:
    """A client told who they are."""
    identity = identity_of(channel, news.chat_id, news.person, now)
    conversation = db.session.scalar(_open_by_chat(channel.id, news.chat_id))
    if conversation:
        promises.crm(conversation, now)
        shown.tell_conversation(conversation, now)
    elif identity.contact_id:
        db.session.flush()  # who they are is kept even before the first word


def block(channel: Channel, news: Blocked, now: datetime) -> None:
    """The client stopped or restarted the bot: said in the chat, replies are refused meanwhile."""
    identity = db.session.scalar(
        select(Identity).where(
            Identity.channel_id == channel.id, Identity.external_id == news.chat_id
        )
    )
    if identity is None or identity.blocked == news.blocked:
        return
    identity.blocked = news.blocked
    conversation = db.session.scalar(_open_by_chat(channel.id, news.chat_id))
    if conversation is None:
        return
    code = "client_blocked" if news.blocked else "client_returned"
    journal.note(conversation, code, {}, now)
    shown.tell_conversation(conversation, now)


TAKE: dict[type[Any], Callable[[Channel, Any, datetime], Any]] = {
    Incoming: hear,
    Edited: edit,
    Deleted: delete,
    Receipt: confirm,
    Typing: typing,
    Profile: introduce,
    Blocked: block,
    Reacted: react,
}


def known(channel_id: int, external_id: str) -> bool:
    given = {"channel": channel_id, "external": external_id}
    return bool(db.session.scalar(KNOWN, given))


def message_known(channel_id: int, external_id: str) -> Message | None:
    """The message with this id at the messenger; parts of albums count."""
    found = db.session.scalar(
        select(Message).where(Message.channel_id == channel_id, Message.external_id == external_id)
    )
    if found:
        return found
    part = db.session.scalar(
        select(Attachment).where(
            Attachment.channel_id == channel_id, Attachment.external_id == external_id
        )
    )
    return part.message if part else None


def identity_of(
    channel: Channel, chat_id: str, person: Person, now: datetime, contact: Contact | None = None
) -> Identity:
    """The client's address in this channel, made at the first word; learns what is told.

    Args:
        contact: whose address a new one is, if that is known.
    """
    identity = db.session.scalar(WHO, {"channel": channel.id, "chat": chat_id})
    identity = identity or _under_another_name(channel, chat_id, person)
    if identity is None:
        identity = _new_identity(channel, chat_id, person, now, contact)
    _learn(identity, person)
    return identity


def move(identity: Identity, chat_id: str) -> None:
    """The messenger calls this client's chat otherwise, unless somebody is called so already."""
    taken = exists().where(
        Identity.channel_id == identity.channel_id, Identity.external_id == chat_id
    )
    if not db.session.scalar(select(taken)):
        identity.external_id = chat_id


def _under_another_name(channel: Channel, chat_id: str, person: Person) -> Identity | None:
    """Who is known by their own id already: a phone that named the chat may become hidden."""
    kind = channels.kinds().get(channel.kind)
    if kind is None or not kind.renames or not person.external_id:
        return None
    identity = db.session.scalar(
        select(Identity)
        .where(Identity.channel_id == channel.id, Identity.user_id == person.external_id)
        .limit(1)
    )
    if identity and chat_id != person.external_id:
        move(identity, chat_id)
    return identity


def open_conversation(
    channel: Channel, identity: Identity, now: datetime, visit: Visit | None = None
) -> Conversation:
    """The talk that is going on, or a new one."""
    found = db.session.scalar(GOING_ON, {"identity": identity.id})
    conversation = found or _new_conversation(channel, identity, now)
    if visit and not conversation.visit:
        conversation.visit = {
            "page_url": visit.page_url,
            "page_title": visit.page_title,
            "referrer": visit.referrer,
            "utm": dict(visit.utm),
        }
    return conversation


def _new_conversation(channel: Channel, identity: Identity, now: datetime) -> Conversation:
    conversation = Conversation(
        portal_id=channel.portal_id,
        channel=channel,
        contact=identity.contact,
        identity=identity,
        status="new",
        opened_at=now,
        last_at=now,
        version=1,
        unread=0,
        visit={},
        draft="",
        line_id=accounts.line_of(channel),
        settings_version=settings.rules(channel.portal_id, "chats").version,
        line_doubt=False,
        crm_state="",
        crm_told=0,
        crm_comment_from=0,
        last_text="",
        last_kind="",
        last_direction="in",
    )
    db.session.add(conversation)
    db.session.flush()  # messages below name the conversation's id
    return conversation


def _new_identity(
    channel: Channel, chat_id: str, person: Person, now: datetime, contact: Contact | None = None
) -> Identity:
    why = None
    if contact is None:
        why = joining.found(channel, person)
        contact = Contact(
            portal_id=channel.portal_id, created_at=now, name=person.name, phone="", email=""
        )
        db.session.add(contact)
        db.session.flush()  # the identity names the contact's id
    identity = Identity(
        portal_id=channel.portal_id,
        channel_id=channel.id,
        contact=contact,
        external_id=chat_id,
        user_id=person.external_id,
        name=person.name or ("" if person.username else _guest(contact)),
        username=person.username,
        avatar_url=person.avatar_url,
        language=person.language,
        blocked=False,
        details={"joined": {"by": why.by.kind, "value": why.by.value}} if why else {},
        created_at=now,
    )
    db.session.add(identity)
    db.session.flush()  # the conversation names the identity's id
    if why:
        contact.learn(texts.tidy(person))
        contact_merges.join(channel.portal_id, contact.id, why, now)
        db.session.refresh(identity, ["contact"])
    return identity


def _guest(contact: Contact) -> str:
    """Who says no name is told apart by a number, until a name is known."""
    home = db.session.get_one(Portal, contact.portal_id)
    return i18n.say("Guest {number}", i18n.language(home.lang), number=contact.id)


def _learn(identity: Identity, person: Person) -> None:
    identity.contact.learn(texts.tidy(person))
    identity.name = person.name or identity.name
    identity.user_id = person.external_id or identity.user_id
    identity.username = person.username or identity.username
    identity.avatar_url = person.avatar_url or identity.avatar_url
    identity.blocked = False


def _album(conversation: Conversation, news: Incoming) -> Message | None:
    if not news.album_id:
        return None
    return db.session.scalar(
        select(Message).where(
            Message.conversation_id == conversation.id, Message.album_id == news.album_id
        )
    )


def _join_album(
    conversation: Conversation, message: Message, news: Incoming, external_id: str, now: datetime
) -> Message:
    """Another picture of an album that is one message to people."""
    channel = conversation.channel
    message.attachments.extend(_attachments(channel, news, now))
    message.external_ids = [*message.external_ids, external_id]
    message.text = message.text or news.text
    message.version += 1
    db.session.flush()  # promises name the attachments' ids
    promises.fetch_files(message, now)
    promises.crm_again(conversation, message, now)
    shown.tell_message(message, conversation, now)
    return message


def _attachments(channel: Channel, news: Incoming, now: datetime) -> list[Attachment]:
    return [_attachment(channel, news, file, now) for file in news.files]


def _attachment(channel: Channel, news: Incoming, file: RemoteFile, now: datetime) -> Attachment:
    """A file the messenger holds, or one the visitor has put into our store already."""
    if file.remote_id.startswith("attachment:"):
        return _uploaded(channel, news.chat_id, file)
    return Attachment(
        portal_id=channel.portal_id,
        channel_id=channel.id,
        external_id=f"{news.chat_id}:{news.message_id}",
        kind=file.kind,
        name=file.name,
        mime=file.mime or "application/octet-stream",
        size=file.size,
        duration_seconds=file.duration_seconds,
        remote_id=file.remote_id,
        state="remote",
        created_at=now,
    )


def _uploaded(channel: Channel, chat_id: str, file: RemoteFile) -> Attachment:
    """A visitor's own upload that belongs to no message yet."""
    number = file.remote_id.removeprefix("attachment:")
    found = db.session.scalar(
        select(Attachment).where(
            Attachment.id == (int(number) if number.isdecimal() else 0),
            Attachment.channel_id == channel.id,
            Attachment.owner == f"visitor:{chat_id}",
            Attachment.message_id.is_(None),
        )
    )
    if found is None:
        raise Invalid("A file of this message was never uploaded.")
    return found


def _quote(message: Message, channel: Channel, news: Incoming) -> None:
    if news.quote_id is None:
        return
    quoted = message_known(channel.id, f"{news.chat_id}:{news.quote_id}")
    message.quote_id = quoted.id if quoted else None
    message.quote_text = (news.quote_text or (quoted.text if quoted else ""))[:500]
    message.quote_author = quoted.author_name if quoted else ""


def _keep_version(message: Message, now: datetime) -> None:
    db.session.add(MessageVersion(message_id=message.id, text=message.text, replaced_at=now))
    message.version += 1


def _tell_change(conversation: Conversation, message: Message, now: datetime) -> None:
    if message.line_state == "sent":
        message.line_state = "edited"
        promises.lines(conversation.portal_id, now)
    promises.crm_again(conversation, message, now)
    if conversation.last_message_id == message.id:
        conversation.last_text = texts.one_line("" if message.deleted_at else message.text)
        shown.tell_conversation(conversation, now)
    shown.tell_message(message, conversation, now)


def _receipted(channel: Channel, news: Receipt, now: datetime) -> list[Message]:
    if news.message_id is not None:
        found = message_known(channel.id, f"{news.chat_id}:{news.message_id}")
        found = found or lost_sends.claimed(channel, news, now)
        return [found] if found and found.direction == "out" else []
    identity = select(Identity.id).where(
        Identity.channel_id == channel.id, Identity.external_id == news.chat_id
    )
    rows = db.session.scalars(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.identity_id.in_(identity),
            Message.direction == "out",
            Message.said_at <= news.at,
            Message.state.in_(BEFORE[news.state]),
        )
        .order_by(Message.id)
    )
    return list(rows)


def _open_by_chat(channel_id: int, chat_id: str) -> Any:
    return (
        select(Conversation)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(
            Identity.channel_id == channel_id,
            Identity.external_id == chat_id,
            Conversation.status != "closed",
        )
    )


JOBS = {"receive": keep}
