"""Our connector in Open Lines: calls to it and what they answer.

Source: apidocs.bitrix24.com/api-reference/imopenlines/imconnector
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

from b24app.bitrix.batch import safe_text
from b24app.bitrix.payloads import whole
from b24app.errors import BitrixError
from b24app.rules import bbcode
from b24app.values import Call, Person, Span

NAME_LIMIT = 25
TITLE_LIMIT = 200
# What Open Lines accept in names: letters of any alphabet, spaces, hyphens, apostrophes.
_NOT_NAME = re.compile(r"[^\w\s'-]|[\d_]")
_APOSTROPHES = str.maketrans("’ʼ`´", "''''")
_JOINTS = re.compile(r"[\s'-]+")
_SPACES = re.compile(r"\s+")
_OURS = re.compile(r"c([0-9]{1,18}):(.+)", re.S)


@dataclass(frozen=True, slots=True)
class Item:
    """One message on its way to an Open Line.

    Args:
        chat: the messenger's own chat id; it is the client's id as well.
        message: unique within the channel; tells a lost answer from a lost message.
        files: (public address, name) pairs; Bitrix24 downloads them itself.
        author: who said it, when it was not the client; shown in front of the text.
        employee_id: post as this employee, 0: as the system; None: as the client.
        disable_crm: Bitrix24 shall not look for the client in CRM.
    """

    channel_id: int
    chat: str
    message: str
    sent_at: datetime
    person: Person
    text: str = ""
    spans: Sequence[Span] = ()
    files: Sequence[tuple[str, str]] = ()
    chat_url: str = ""
    author: str = ""
    employee_id: int | None = None
    disable_crm: bool = False


@dataclass(frozen=True, slots=True)
class Ack:
    """A reply of the line that the messenger took; all ids it got there, at once."""

    im_chat_id: int
    im_message_id: int
    chat: str
    message_ids: Sequence[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class LineSent:
    """What became of one message; `message_id` is ours, as it was sent."""

    ok: bool
    errors: tuple[str, ...] = ()
    session_id: int | None = None
    chat_id: int | None = None
    user_id: int | None = None
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class LineStatus:
    """Whether our connector serves a line."""

    works: bool
    configured: bool
    error: bool


@dataclass(frozen=True, slots=True)
class Registration:
    """How the connector looks and behaves; `icon_svg` is the drawing itself."""

    code: str
    name: str
    icon_svg: str
    handler: str
    color: str = "#2FC6F6"
    extra: Mapping[str, Any] = field(default_factory=dict)


def external(channel_id: int, own: str) -> str:
    """A chat, client or message id as Open Lines know it: two channels never collide.

    It must never change: Bitrix24 would take the client for a new one.
    """
    return f"c{channel_id}:{own}"


def internal(external_id: str) -> tuple[int, str] | None:
    """Channel and the messenger's own id; None if the id is not one of ours."""
    found = _OURS.fullmatch(external_id)
    return (int(found[1]), found[2]) if found else None


def message(item: Item) -> dict[str, Any]:
    """An element of MESSAGES."""
    return {"user": _user(item), "message": _message(item), "chat": _chat(item)}


def send_messages(connector: str, line: int, items: Sequence[Item], key: str = "") -> Call:
    """Messages of one chat, in order; the order inside one call is kept."""
    return _messages("send.messages", connector, line, [message(item) for item in items], key)


def update_messages(connector: str, line: int, items: Sequence[Item], key: str = "") -> Call:
    return _messages("update.messages", connector, line, [message(item) for item in items], key)


def delete_messages(connector: str, line: int, items: Sequence[Item], key: str = "") -> Call:
    """Bitrix24 answers success for ids it never had."""
    named = [_named(item) for item in items]
    return _messages("delete.messages", connector, line, named, key)


def send_status_delivery(connector: str, line: int, acks: Sequence[Ack], key: str = "") -> Call:
    """The first acknowledgement of a message counts; without one it is marked as lost."""
    return _messages("send.status.delivery", connector, line, [_ack(ack) for ack in acks], key)


def activate(connector: str, line: int, active: bool, key: str = "") -> Call:
    params = {"CONNECTOR": connector, "LINE": line, "ACTIVE": "1" if active else "0"}
    return Call("imconnector.activate", params, key)


def connector_data_set(
    connector: str, line: int, channel: str, name: str, url: str, key: str = ""
) -> Call:
    """What the line shows of the connected account; after `activate`, or it is not shown."""
    data = {"ID": channel, "URL": url, "URL_IM": url, "NAME": _title(name)}
    params = {"CONNECTOR": connector, "LINE": line, "DATA": data}
    return Call("imconnector.connector.data.set", params, key)


def status(connector: str, line: int, key: str = "") -> Call:
    return Call("imconnector.status", {"CONNECTOR": connector, "LINE": line}, key)


def register(registration: Registration, key: str = "") -> Call:
    """Registering the same code again changes it."""
    icon = {
        "DATA_IMAGE": "data:image/svg+xml," + quote(registration.icon_svg, safe=" ='()"),
        "COLOR": registration.color,
        "SIZE": "90%",
        "POSITION": "center",
    }
    params = {
        "ID": registration.code.lower(),
        "NAME": registration.name,
        "ICON": icon,
        "ICON_DISABLED": icon,
        "PLACEMENT_HANDLER": registration.handler,
        "DEL_EXTERNAL_MESSAGES": True,
        "EDIT_INTERNAL_MESSAGES": True,
        "DEL_INTERNAL_MESSAGES": True,
        "NEWSLETTER": False,
        "NEED_SYSTEM_MESSAGES": True,
        "NEED_SIGNATURE": False,  # messengers show who writes in their own way
        "CHAT_GROUP": False,  # or Bitrix24 would not look for the client in CRM
        **registration.extra,
    }
    return Call("imconnector.register", params, key)


def unregister(connector: str, key: str = "") -> Call:
    return Call("imconnector.unregister", {"ID": connector}, key)


def read_sent(result: Any) -> list[LineSent]:
    """What became of each message, in the order they were sent.

    The list is shorter than what was sent when Bitrix24 left some out: those are unknown.
    """
    told = _mapping(_mapping(result).get("DATA")).get("RESULT")
    return [_sent(_mapping(one)) for one in _listed(told)]


def read_status(result: Any) -> LineStatus:
    told = _mapping(result)
    return LineStatus(
        works=_true(told.get("STATUS")),
        configured=_true(told.get("CONFIGURED")),
        error=_true(told.get("ERROR")),
    )


def read_done(result: Any) -> None:
    """Check an answer of register and unregister, which fail with HTTP 200.

    Raises:
        BitrixError: it was refused.
    """
    told = _mapping(result)
    if result is True or _true(told.get("result")):
        return
    code = str(told.get("error") or "CONNECTOR_REFUSED")[:100]
    text = str(told.get("error_description") or "The connector was refused.")[:300]
    raise BitrixError(f"{code}: {text}", code=code, permanent=True)


def person_name(text: str) -> str:
    """A name as Open Lines take it; "" if nothing of it can stay."""
    whole_letters = normalize("NFC", text).translate(_APOSTROPHES)
    words = _JOINTS.sub(_joint, _NOT_NAME.sub("", whole_letters)).strip(" -'")
    return words[:NAME_LIMIT].strip(" -'")


def _joint(found: re.Match[str]) -> str:
    """One mark between two words, the strongest of several."""
    return next((mark for mark in "-'" if mark in found[0]), " ")


def _messages(
    method: str, connector: str, line: int, items: Sequence[Mapping[str, Any]], key: str
) -> Call:
    params = {"CONNECTOR": connector, "LINE": line, "MESSAGES": list(items)}
    return Call(f"imconnector.{method}", params, key)


def _user(item: Item) -> dict[str, Any]:
    first, last = _names(item.person)
    picture = item.person.avatar_url
    told = {
        "name": first,
        "last_name": last,
        "email": item.person.email,
        "phone": item.person.phone,
        "picture": {"url": picture} if picture else None,
        "url": item.chat_url,
    }
    return {"id": external(item.channel_id, item.chat)} | _told(told)


def _message(item: Item) -> dict[str, Any]:
    told = {
        "text": _text(item),
        "files": [{"url": url, "name": name[:255]} for url, name in item.files],
        "disable_crm": "Y" if item.disable_crm else None,
    }
    return {
        "id": external(item.channel_id, item.message),
        "date": int(item.sent_at.timestamp()),
        **_told(told),
        **({} if item.employee_id is None else {"user_id": item.employee_id}),
    }


def _chat(item: Item) -> dict[str, Any]:
    title = _title(item.person.name or item.person.username or item.person.phone)
    return {"id": external(item.channel_id, item.chat)} | _told(
        {"name": title, "url": item.chat_url}
    )


def _named(item: Item) -> dict[str, Any]:
    chat = external(item.channel_id, item.chat)
    own = external(item.channel_id, item.message)
    return {"user": {"id": chat}, "message": {"id": own}, "chat": {"id": chat}}


def _ack(ack: Ack) -> dict[str, Any]:
    return {
        "im": {"chat_id": ack.im_chat_id, "message_id": ack.im_message_id},
        "message": {"id": list(ack.message_ids), "date": int(ack.at.timestamp())},
        "chat": {"id": ack.chat},
    }


def _text(item: Item) -> str:
    words = safe_text(bbcode.tagged(item.text, item.spans))
    if not item.author:
        return words
    author = safe_text(item.author.replace("[", "(").replace("]", ")"))
    return f"[b]{author}:[/b] [br]{words}".strip()


def _names(person: Person) -> tuple[str, str]:
    first, last = person.first_name, person.last_name
    if not first and not last:
        first, _, last = person.name.partition(" ")
    return person_name(first), person_name(last)


def _title(text: str) -> str:
    words = _SPACES.sub(" ", text).strip()[:TITLE_LIMIT]
    return safe_text(bbcode.escaped(words))


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _sent(told: dict[str, Any]) -> LineSent:
    session = _mapping(told.get("session"))
    return LineSent(
        ok=_true(told.get("SUCCESS")),
        errors=tuple(_words(one) for one in _listed(told.get("ERRORS"))),
        session_id=whole(session.get("ID")),
        chat_id=whole(session.get("CHAT_ID")),
        user_id=whole(told.get("user")),
        message_id=_words(_mapping(told.get("message")).get("id")),
    )


def _words(value: Any) -> str:
    if isinstance(value, list):  # older portals wrap an id
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("message") or value.get("MESSAGE") or value.get("code") or ""
    return str(value or "")[:300]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [value] if value else []


def _true(value: Any) -> bool:
    return value is True or str(value).upper() in ("1", "Y", "TRUE")
