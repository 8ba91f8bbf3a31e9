"""What Telegram tells us: updates, read into values. Pure.

Source: core.telegram.org/bots/api#update.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from b24app.channels.base import json_object, plain
from b24app.errors import Invalid
from b24app.values import (
    Blocked,
    Edited,
    FileKind,
    Incoming,
    Parsed,
    Person,
    Profile,
    RemoteFile,
    Skipped,
    Span,
    Visit,
)

TEXT_MAX = 20_000
NAME_MAX = 200
LAST_SECOND = 253_402_300_799  # of the year 9999
CHAT_KEYS = ("message", "edited_message", "my_chat_member")

Text = Annotated[str, AfterValidator(lambda text: plain(text, TEXT_MAX))]
Name = Annotated[str, AfterValidator(lambda text: plain(text, NAME_MAX))]
Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Second = Annotated[int, Field(ge=0, le=LAST_SECOND)]
Size = Annotated[int, Field(ge=0, lt=2**53)]


class Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Chat(Model):
    id: Number
    type: Name
    first_name: Name = ""
    last_name: Name = ""
    username: Name = ""


class User(Model):
    id: Number
    first_name: Name = ""
    last_name: Name = ""
    username: Name = ""
    language_code: Name = ""


class Entity(Model):
    """Offsets and lengths count UTF-16 units."""

    type: Name
    offset: Number
    length: Number
    url: Text = ""


class File(Model):
    """Photo size, document, voice, video, audio, animation, video note or sticker."""

    file_id: Annotated[Text, Field(max_length=900)]
    file_name: Name = ""
    mime_type: Annotated[Name, AfterValidator(lambda mime: mime[:100])] = ""
    file_size: Size | None = None
    duration: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    width: Number = 0
    height: Number = 0
    emoji: Name = ""
    is_animated: bool = False
    is_video: bool = False
    thumbnail: "File | None" = None


class Location(Model):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class Venue(Model):
    location: Location
    title: Text = ""
    address: Text = ""


class Contact(Model):
    phone_number: Name
    first_name: Name = ""
    last_name: Name = ""
    user_id: Number | None = None


class Quote(Model):
    text: Text = ""


class Titled(Model):
    """A dice, a poll, a game and the like: what can be said of it in words."""

    emoji: Name = ""
    value: Number | None = None
    question: Text = ""
    title: Text = ""


class Message(Model):
    message_id: Number
    date: Second = 0
    edit_date: Second | None = None
    chat: Chat
    from_: User | None = Field(default=None, alias="from")
    media_group_id: Annotated[Name, AfterValidator(lambda name: name[:100])] | None = None
    text: Text = ""
    caption: Text = ""
    entities: Sequence[Entity] = ()
    caption_entities: Sequence[Entity] = ()
    photo: Sequence[File] = ()
    animation: File | None = None
    document: File | None = None
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    sticker: File | None = None
    location: Location | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    dice: Titled | None = None
    poll: Titled | None = None
    game: Titled | None = None
    story: Titled | None = None
    checklist: Titled | None = None
    invoice: Titled | None = None
    giveaway: Titled | None = None
    paid_media: Titled | None = None
    quote: Quote | None = None
    reply_to_message: "Message | None" = None


class Member(Model):
    status: Name


class Membership(Model):
    chat: Chat
    new_chat_member: Member


class Update(Model):
    message: Message | None = None
    edited_message: Message | None = None
    my_chat_member: Membership | None = None
    channel_post: Message | None = None
    edited_channel_post: Message | None = None


def number(body: bytes) -> str:
    """The update's number, which a repeated call repeats."""
    found = json_object(body).get("update_id")
    if not isinstance(found, int) or isinstance(found, bool) or abs(found) >= 2**63:
        raise Invalid("The update has no number.")
    return str(found)


def chat(body: bytes) -> str:
    """The chat that an update is about; empty if it is about none."""
    update = json_object(body)
    for key in CHAT_KEYS:
        about = update.get(key)
        place = about.get("chat") if isinstance(about, dict) else None
        found = place.get("id") if isinstance(place, dict) else None
        if isinstance(found, int) and abs(found) < 2**63:
            return str(found)
    return ""


def parsed(body: bytes) -> list[Parsed]:
    """Everything an update tells; skipped unless it comes from a private chat."""
    try:
        update = Update.model_validate(json_object(body))
    except (ValidationError, RecursionError) as error:
        raise Invalid(f"This is no update of Telegram: {_first(error)}") from None
    about = update.message or update.edited_message or update.my_chat_member
    if update.channel_post or update.edited_channel_post:
        return [Skipped("channel_post")]
    if about is None:
        return [Skipped("unknown_update")]
    if about.chat.type != "private":
        return [Skipped("group_chat")]
    if update.message:
        return _told(update.message)
    if update.edited_message:
        return _edited(update.edited_message)
    return _blocked(update.my_chat_member) if update.my_chat_member else []


def _told(message: Message) -> list[Parsed]:
    text, files = words(message), _files(message)
    if not text and not files:
        return [Skipped("nothing_to_show")]  # a pinned message, a changed timer and the like
    incoming = Incoming(
        chat_id=str(message.chat.id),
        message_id=str(message.message_id),
        sent_at=_moment(message.date),
        person=person(message),
        text=text,
        spans=layout(message, text),
        files=files,
        quote_id=str(message.reply_to_message.message_id) if message.reply_to_message else None,
        quote_text=_quoted(message),
        album_id=message.media_group_id,
        visit=_visit(message.text),
    )
    return [incoming, *_profile(message)]


def _edited(message: Message) -> list[Parsed]:
    at = _moment(message.edit_date or message.date)
    text = words(message)
    spans = layout(message, text)
    return [Edited(str(message.chat.id), str(message.message_id), text, at, spans)]


def _blocked(news: Membership) -> list[Parsed]:
    return [Blocked(str(news.chat.id), news.new_chat_member.status == "kicked")]


def _profile(message: Message) -> list[Parsed]:
    """A client who shares a contact of their own tells us their phone."""
    who = message.from_
    if not message.contact or not who or message.contact.user_id != who.id:
        return []
    known = person(message)
    told = Person(
        external_id=known.external_id,
        name=known.name,
        first_name=known.first_name,
        last_name=known.last_name,
        username=known.username,
        phone=_phone(message.contact.phone_number),
        language=known.language,
    )
    return [Profile(str(message.chat.id), told)]


def person(message: Message) -> Person:
    """Who writes; in a private chat the chat itself names them too."""
    who: User | Chat = message.from_ or message.chat
    return Person(
        external_id=str(who.id),
        name=f"{who.first_name} {who.last_name}".strip() or who.username,
        first_name=who.first_name,
        last_name=who.last_name,
        username=who.username,
        language=message.from_.language_code[:16] if message.from_ else "",
    )


# Entities of Telegram that we lay out too.
LAYOUT = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "code",
}


def words(message: Message) -> str:
    """A message as text: its own words with links kept, or what its content says."""
    if message.text:
        return linked(message.text, message.entities)
    if message.caption:
        return linked(message.caption, message.caption_entities)
    for said in SAID:
        if text := said(message):
            return text
    return ""


def layout(message: Message, told: str) -> tuple[Span, ...]:
    """Which words of `told`, the message as text, are bold and the like."""
    text = message.text or message.caption or ""
    entities = message.entities if message.text else message.caption_entities
    raw = text.encode("utf-16-le")
    pieces = [raw[2 * one.offset : 2 * (one.offset + one.length)] for one in entities]
    found: list[Span] = []
    for entity, piece in zip(entities, pieces, strict=True):
        kind, said = LAYOUT.get(entity.type), piece.decode("utf-16-le", "replace")
        before = linked(raw[: 2 * entity.offset].decode("utf-16-le", "replace"), entities)
        if kind and told[len(before) : len(before) + len(said)] == said:
            found.append(Span(len(before), len(before) + len(said), kind))
    return tuple(found)


def linked(text: str, entities: Sequence[Entity]) -> str:
    """Text with the address after each word that is a link: `here (https://…)`."""
    raw, told, done = text.encode("utf-16-le"), b"", 0
    for entity in sorted(entities, key=lambda entity: entity.offset + entity.length):
        start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
        if entity.type != "text_link" or not entity.url or not 0 <= start < end <= len(raw):
            continue
        if raw[start:end].decode("utf-16-le", "replace") != entity.url:
            told += raw[done:end] + f" ({entity.url})".encode("utf-16-le")
            done = end
    return plain((told + raw[done:]).decode("utf-16-le", "replace"), TEXT_MAX)


def _say_venue(message: Message) -> str:
    if not message.venue:
        return ""
    title = ", ".join(part for part in (message.venue.title, message.venue.address) if part)
    return f"📍 {title}\n{_map(message.venue.location)}"


def _say_location(message: Message) -> str:
    return f"📍 {_map(message.location)}" if message.location else ""


def _say_contact(message: Message) -> str:
    if not message.contact:
        return ""
    shared = message.contact
    told = ("👤", shared.first_name, shared.last_name, _phone(shared.phone_number))
    return " ".join(word for word in told if word)


def _say_dice(message: Message) -> str:
    return f"{message.dice.emoji} {message.dice.value}" if message.dice else ""


def _say_titled(message: Message) -> str:
    """Kinds we cannot show are named, so that nothing disappears silently."""
    for kind in NAMED:
        if thing := getattr(message, kind):
            return f"[{kind}] {thing.question or thing.title}".strip()
    return ""


NAMED = ("poll", "game", "story", "checklist", "invoice", "giveaway", "paid_media")


def _say_sticker(message: Message) -> str:
    """An animated sticker without a picture is its emoji."""
    sticker = message.sticker
    if not sticker or not sticker.is_animated or sticker.thumbnail:
        return ""
    return sticker.emoji


# A venue carries a location too: it is asked first.
SAID: tuple[Callable[[Message], str], ...] = (
    _say_venue,
    _say_location,
    _say_contact,
    _say_dice,
    _say_titled,
    _say_sticker,
)


def _files(message: Message) -> tuple[RemoteFile, ...]:
    """The file of a message; an animation is given as a document too, so it goes first."""
    if message.photo:
        best = max(message.photo, key=lambda size: (size.width * size.height, size.file_size or 0))
        return (_file(message, "image", best, "photo.jpg", "image/jpeg"),)
    if message.sticker:
        return (_sticker(message, message.sticker),)
    for attribute, kind, name, mime in FILES:
        if file := getattr(message, attribute):
            return (_file(message, kind, file, name, mime),)
    return ()


FILES: tuple[tuple[str, FileKind, str, str], ...] = (
    ("animation", "video", "animation.mp4", "video/mp4"),
    ("video", "video", "video.mp4", "video/mp4"),
    ("video_note", "video", "video.mp4", "video/mp4"),
    ("voice", "voice", "voice.ogg", "audio/ogg"),
    ("audio", "audio", "audio.mp3", "audio/mpeg"),
    ("document", "document", "document", "application/octet-stream"),
)


def _file(message: Message, kind: FileKind, file: File, name: str, mime: str) -> RemoteFile:
    """Files without a name get one that says which message they came with."""
    stem, dot, ending = name.partition(".")
    return RemoteFile(
        kind=kind,
        remote_id=file.file_id,
        name=file.file_name or f"{stem}-{message.message_id}{dot}{ending}",
        mime=file.mime_type or mime,
        size=file.file_size,
        duration_seconds=file.duration,
    )


def _sticker(message: Message, sticker: File) -> RemoteFile:
    """Browsers cannot show animated stickers: their still picture is taken instead."""
    if sticker.is_animated and sticker.thumbnail:
        return _file(message, "sticker", sticker.thumbnail, "sticker.webp", "image/webp")
    if sticker.is_animated:
        return _file(message, "document", sticker, "sticker.tgs", "application/x-tgsticker")
    if sticker.is_video:
        return _file(message, "sticker", sticker, "sticker.webm", "video/webm")
    return _file(message, "sticker", sticker, "sticker.webp", "image/webp")


def _quoted(message: Message) -> str:
    if message.quote and message.quote.text:
        return message.quote.text[:500]
    return words(message.reply_to_message)[:500] if message.reply_to_message else ""


def _visit(text: str) -> Visit | None:
    """What a link t.me/bot?start=… carried: it tells where the client came from."""
    command, _, payload = text.partition(" ")
    if command != "/start" or not payload.strip():
        return None
    return Visit(utm={"start": payload.strip()[:64]})


def _map(place: Location | None) -> str:
    return f"https://maps.google.com/maps?q={place.latitude},{place.longitude}" if place else ""


def _phone(number: str) -> str:
    return f"+{number}" if number.isdecimal() else number


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _first(error: Exception) -> str:
    """Where and what the first thing wrong is, without the value."""
    if not isinstance(error, ValidationError):
        return "nested too deeply"
    wrong = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, wrong['loc']))[:100]}: {wrong['msg'][:100]}"
