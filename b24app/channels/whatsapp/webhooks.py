"""What WhatsApp tells us: changes of an account, read into values. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from b24app.channels import base
from b24app.channels.base import json_object, plain
from b24app.channels.whatsapp import api
from b24app.errors import Invalid
from b24app.values import (
    FileKind,
    Incoming,
    Parsed,
    Person,
    Reacted,
    Receipt,
    RemoteFile,
    Skipped,
    Visit,
)

TEXT_MAX = 20_000
NAME_MAX = 200
ID_MAX = 200
Read = TypeVar("Read", bound=BaseModel)
LAST_SECOND = 253_402_300_799  # of the year 9999
OBJECT = "whatsapp_business_account"
# What a status says of a message of ours; the others change nothing for people.
STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}

Text = Annotated[str, AfterValidator(lambda text: plain(text, TEXT_MAX))]
Name = Annotated[str, AfterValidator(lambda text: plain(text, NAME_MAX))]
Id = Annotated[str, Field(max_length=ID_MAX), AfterValidator(lambda text: plain(text, ID_MAX))]
Second = Annotated[int, Field(ge=0, le=LAST_SECOND)]


def _object(value: Any) -> Any:
    """What is no object is as good as absent: one odd detail does not lose a message."""
    return value if isinstance(value, dict) else None


class Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class Profile(Model):
    name: Name = ""
    username: Name = ""


class Client(Model):
    """Who writes: `user_id` is there always, `wa_id` (the phone) unless it is hidden."""

    wa_id: Id = ""
    user_id: Id = ""
    profile: Profile = Profile()


class Body(Model):
    body: Text = ""


class Medium(Model):
    """Image, document, audio, video or sticker."""

    id: Id = ""
    mime_type: Name = ""
    caption: Text = ""
    filename: Name = ""
    voice: bool = False


class Place(Model):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    name: Text = ""
    address: Text = ""


class CardName(Model):
    formatted_name: Name = ""
    first_name: Name = ""


class CardPhone(Model):
    phone: Name = ""


class Card(Model):
    name: CardName = CardName()
    phones: Sequence[CardPhone] = ()
    emails: Sequence[Any] = ()


class Button(Model):
    """A button of a template."""

    text: Text = ""


class Choice(Model):
    title: Text = ""
    description: Text = ""


class Form(Model):
    """A flow that the client filled in."""

    name: Name = ""
    body: Text = ""
    response_json: Text = ""


class Interactive(Model):
    button_reply: Choice | None = None
    list_reply: Choice | None = None
    nfm_reply: Form | None = None


class Reaction(Model):
    message_id: Id = ""
    emoji: Name = ""


class Item(Model):
    product_retailer_id: Name = ""
    quantity: Name = ""
    item_price: Name = ""
    currency: Name = ""


class Order(Model):
    text: Text = ""
    product_items: Sequence[Item] = ()


class System(Model):
    body: Text = ""
    type: Name = ""
    wa_id: Id = ""


class Context(Model):
    id: Id = ""
    from_: Id = Field(default="", alias="from")


class Referral(Model):
    """The advertisement or post that led the client here."""

    source_url: Text = ""
    source_id: Name = ""
    source_type: Name = ""
    headline: Text = ""
    body: Text = ""
    ctwa_clid: Name = ""


class Trouble(Model):
    code: int = -1
    title: Text = ""
    message: Text = ""
    error_data: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = None


class Message(Model):
    id: Id
    type: Name = ""
    timestamp: Second = 0
    from_: Id = Field(default="", alias="from")
    from_user_id: Id = ""
    group_id: Id = ""
    text: Body | None = None
    image: Medium | None = None
    document: Medium | None = None
    audio: Medium | None = None
    voice: Medium | None = None
    video: Medium | None = None
    sticker: Medium | None = None
    location: Place | None = None
    contacts: Sequence[Card] = ()
    button: Button | None = None
    interactive: Interactive | None = None
    reaction: Reaction | None = None
    order: Order | None = None
    system: System | None = None
    context: Annotated[Context | None, BeforeValidator(_object)] = None
    referral: Annotated[Referral | None, BeforeValidator(_object)] = None
    errors: Sequence[Trouble] = ()


class Status(Model):
    id: Id
    status: Name = ""
    timestamp: Second = 0
    recipient_id: Id = ""
    recipient_user_id: Id = ""
    recipient_type: Name = ""
    biz_opaque_callback_data: Name = ""
    errors: Sequence[Trouble] = ()


class Metadata(Model):
    phone_number_id: Id = ""


def chat(body: bytes) -> str:
    """The chat that a call is about; empty if it is about none or several."""
    chats = {
        str(one.get("from") or one.get("recipient_id") or one.get("from_user_id") or "")
        for kind in ("messages", "statuses")
        for value in _values(json_object(body))
        for one in _list(value.get(kind))
        if isinstance(one, dict)
    }
    return chats.pop()[:80] if len(chats) == 1 else ""


def parsed(body: bytes, number_id: str) -> list[Parsed]:
    """Everything that a call tells; what is of another number or is not for people is skipped."""
    call = json_object(body)
    if call.get("object") != OBJECT:
        raise Invalid("This is no call of WhatsApp.")
    found = [news for change in _changes(call) for news in _change(change, number_id)]
    return found or [Skipped("nothing_told")]


def _changes(call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in _list(call.get("entry")):
        yield from (one for one in _list(_get(entry, "changes")) if isinstance(one, dict))


def _values(call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for change in _changes(call):
        if isinstance(change.get("value"), dict):
            yield change["value"]


def _change(change: dict[str, Any], number_id: str) -> list[Parsed]:
    value = change.get("value")
    if change.get("field") != "messages" or not isinstance(value, dict):
        return [Skipped(f"field_{_word(change.get('field'))}")]
    whose = _read(Metadata, value.get("metadata"))
    if number_id and (whose is None or whose.phone_number_id != number_id):
        return [Skipped("another_number")]
    people = [_read(Client, one) for one in _list(value.get("contacts"))]
    known = [one for one in people if one is not None]
    told = [news for one in _list(value.get("messages")) for news in _message(one, known)]
    told += [_status(one) for one in _list(value.get("statuses"))]
    return told or [Skipped("account_error" if value.get("errors") else "nothing_told")]


def _message(given: Any, people: Sequence[Client]) -> list[Parsed]:
    message = _read(Message, given)
    if message is None:
        return [_unreadable(given)]
    if message.group_id:
        return [Skipped("group_chat")]
    if not (message.from_ or message.from_user_id):
        return [Skipped("nobody_named")]
    if message.reaction:
        return [_reaction(message, message.reaction)]
    if message.type == "system":
        return [Skipped(f"system_{_word(message.system.type if message.system else '')}")]
    return [_incoming(message, _client(message, people))]


def _unreadable(given: Any) -> Parsed:
    """A message that is broken inside is shown as such, if it says whose it is."""
    bare = {name: _get(given, name) for name in ("id", "from", "timestamp", "from_user_id")}
    message = _read(Message, {name: value for name, value in bare.items() if value is not None})
    if message is None or not (message.from_ or message.from_user_id):
        return Skipped("broken_message")
    return _incoming(message, _client(message, ()), f"[{_word(_get(given, 'type'))}]")


def _reaction(message: Message, reaction: Reaction) -> Parsed:
    if not reaction.message_id:
        return Skipped("reaction_to_nothing")
    return Reacted(_chat(message), reaction.message_id, reaction.emoji[:16])


def _incoming(message: Message, client: Client, words: str = "") -> Incoming:
    files = () if words else _files(message)
    return Incoming(
        chat_id=_chat(message),
        message_id=message.id,
        sent_at=datetime.fromtimestamp(message.timestamp, UTC),
        person=_person(message, client),
        text=words or _words(message) or ("" if files else _unknown(message)),
        files=files,
        quote_id=message.context.id if message.context and message.context.id else None,
        visit=_visit(message.referral),
    )


def _chat(message: Message) -> str:
    return message.from_ or message.from_user_id


def _client(message: Message, people: Sequence[Client]) -> Client:
    """Who of the people named in the call wrote this."""
    for one in people:
        if (one.wa_id and one.wa_id == message.from_) or (
            one.user_id and one.user_id == message.from_user_id
        ):
            return one
    return Client(wa_id=message.from_, user_id=message.from_user_id)


def _person(message: Message, client: Client) -> Person:
    digits = client.wa_id or message.from_
    return Person(
        external_id=client.user_id or message.from_user_id or digits,
        name=client.profile.name or client.profile.username,
        username=client.profile.username,
        phone=f"+{digits}" if digits.isdecimal() else "",
    )


def _words(message: Message) -> str:
    for say in SAID:
        if words := say(message):
            return plain(words, TEXT_MAX)
    return ""


def _say_text(message: Message) -> str:
    return message.text.body if message.text else ""


def _say_caption(message: Message) -> str:
    medium = message.image or message.video or message.document or message.audio
    return medium.caption if medium else ""


def _say_choice(message: Message) -> str:
    """What the client pressed, as its label reads."""
    if message.button:
        return message.button.text
    chosen = message.interactive
    picked = (chosen.button_reply or chosen.list_reply) if chosen else None
    if picked:
        return "\n".join(part for part in (picked.title, picked.description) if part)
    return _say_form(chosen.nfm_reply) if chosen and chosen.nfm_reply else ""


def _say_form(form: Form) -> str:
    return "\n".join(part for part in (form.body or form.name, form.response_json) if part)


def _say_place(message: Message) -> str:
    place = message.location
    if place is None:
        return ""
    title = ", ".join(part for part in (place.name, place.address) if part)
    where = f"https://maps.google.com/maps?q={place.latitude},{place.longitude}"
    return f"📍 {title}\n{where}" if title else f"📍 {where}"


def _say_cards(message: Message) -> str:
    return "\n".join(_card(card) for card in message.contacts)


def _card(card: Card) -> str:
    phones = ", ".join(one.phone for one in card.phones if one.phone)
    name = card.name.formatted_name or card.name.first_name
    return f"👤 {name} {phones}".strip()


def _say_order(message: Message) -> str:
    if message.order is None:
        return ""
    lines = [
        f"{one.product_retailer_id} × {one.quantity}, {one.item_price} {one.currency}".strip()
        for one in message.order.product_items
    ]
    return "\n".join(part for part in ("🛒", message.order.text, *lines) if part)


SAID: tuple[Callable[[Message], str], ...] = (
    _say_text,
    _say_caption,
    _say_choice,
    _say_place,
    _say_cards,
    _say_order,
)


def _unknown(message: Message) -> str:
    """What we cannot show is named, so that nothing disappears silently."""
    return f"[{_word(message.type)}]"


FILES: tuple[tuple[str, FileKind, str], ...] = (
    ("image", "image", "photo.jpg"),
    ("video", "video", "video.mp4"),
    ("voice", "voice", "voice.ogg"),
    ("audio", "audio", "audio.ogg"),
    ("sticker", "sticker", "sticker.webp"),
    ("document", "document", "document"),
)


def _files(message: Message) -> tuple[RemoteFile, ...]:
    for attribute, kind, name in FILES:
        medium: Medium | None = getattr(message, attribute)
        if medium and medium.id:
            spoken: FileKind = "voice" if medium.voice else kind
            mime = medium.mime_type.split(";")[0].strip()[:100]
            return (RemoteFile(spoken, medium.id, medium.filename or name, mime),)
    return ()


def _visit(referral: Referral | None) -> Visit | None:
    """The advertisement that the client came by."""
    if referral is None:
        return None
    marks = {
        "utm_source": referral.source_type,
        "utm_content": referral.source_id,
        "click_id": referral.ctwa_clid,
    }
    url = referral.source_url if referral.source_url.startswith(("https://", "http://")) else ""
    utm = {name: mark for name, mark in marks.items() if mark}
    found = Visit(page_url=url[:1000], page_title=referral.headline[:200], utm=utm)
    return found if found != Visit() else None


def _status(given: Any) -> Parsed:
    status = _read(Status, given)
    if status is None:
        return Skipped("broken_status")
    chat_id = status.recipient_id or status.recipient_user_id
    state = STATES.get(status.status)
    if status.recipient_type == "group":
        return Skipped("group_chat")
    if state is None or not chat_id:
        return Skipped(f"status_{_word(status.status)}")
    error, code = _failure(status.errors) if state == "failed" else ("", "")
    return Receipt(
        chat_id=chat_id,
        message_id=status.id,
        state=state,  # type: ignore[arg-type]
        at=datetime.fromtimestamp(status.timestamp, UTC),
        error=error,
        code=code,
        uuid=status.biz_opaque_callback_data,
    )


def _failure(errors: Sequence[Trouble]) -> tuple[str, str]:
    """Why a message did not arrive: in words, and as a code of ours."""
    if not errors:
        return "", ""
    first = errors[0]
    words = api.said(first.model_dump())
    code, message = api.meaning_of(first.code) or (base.REJECTED, api.REFUSED)
    return message.format(words=words.rstrip(".")), code


def _read(model: type[Read], given: Any) -> Read | None:
    try:
        return model.model_validate(given)
    except (ValidationError, RecursionError):
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _word(value: Any) -> str:
    """A name of WhatsApp's as a part of ours: letters only, not long."""
    text = value if isinstance(value, str) else ""
    return "".join(re.findall(r"[\w-]", text, re.ASCII))[:40] or "unknown"
