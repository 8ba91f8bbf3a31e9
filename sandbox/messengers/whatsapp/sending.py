"""POST /messages: what a business may send, and what becomes of it.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.messengers.phones.world import Account, Chat, Json, Message, Person
from sandbox.messengers.whatsapp import templates
from sandbox.messengers.whatsapp.errors import GraphError

if TYPE_CHECKING:
    from sandbox.messengers.whatsapp.business import WhatsApp

WINDOW_SECONDS = 24 * 3600
TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
MEDIA = ("image", "document", "audio", "video", "sticker")
CAPTIONED = ("image", "document", "video")
MB = 1 << 20
LIMITS = {"image": 5 * MB, "audio": 16 * MB, "video": 16 * MB, "document": 100 * MB}
TYPES = {
    "image": ("image/jpeg", "image/png"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    "video": ("video/mp4", "video/3gpp"),
    "sticker": ("image/webp",),
}
TOO_OLD = (
    "Message failed to send because more than 24 hours have passed since the customer last "
    "replied to this number."
)


def send(business: "WhatsApp", account: Account, body: Mapping[str, Any]) -> Json:
    """Take a message, or mark the client's as read.

    Raises:
        GraphError: as WhatsApp refuses at once; other trouble comes as a status.
    """
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "messaging_product is required")
    if body.get("status") == "read":
        return _seen(business, account, str(body.get("message_id")))
    person = _recipient(business, body)
    chat = business.world.chat(account, person)
    message = _message(business, account, body)
    _within_limits(business, account, person)
    business.world.add(chat, message)
    _outcome(business, chat, message)
    told = {"input": str(body.get("to") or body.get("recipient")), "wa_id": person.id}
    return {
        "messaging_product": "whatsapp",
        "contacts": [told],
        "messages": [{"id": message.id}],
    }


def _seen(business: "WhatsApp", account: Account, message_id: str) -> Json:
    """Everything the client wrote up to that message is read."""
    for chat in business.world.chats.values():
        if chat.account is account and message_id in chat.messages:
            for one in chat.messages.values():
                one.state = "read" if one.mine else one.state
                if one.id == message_id:
                    return {"success": True}
    raise GraphError(100, "There is no such message")


def _recipient(business: "WhatsApp", body: Mapping[str, Any]) -> Person:
    """Somebody without WhatsApp can be written to as well; nothing comes of it."""
    wanted = str(body.get("to") or body.get("recipient") or "").removeprefix("+")
    for person in business.world.people.values():
        dialled = person.phone.removeprefix("+")  # WhatsApp's own id of some is another
        if wanted in (person.id, person.details["user_id"], dialled):
            return person
    if not wanted.isdecimal():
        raise GraphError(131009, "to is not a phone number")
    return Person(wanted, wanted, f"+{wanted}", {"user_id": f"RU.{wanted}", "absent": True})


def _within_limits(business: "WhatsApp", account: Account, person: Person) -> None:
    hit = business.world.limits.take(account.id, person.id, business.world.clock())
    if hit:
        raise GraphError(131056 if hit == "pair" else 130429)


def _outcome(business: "WhatsApp", chat: Chat, message: Message) -> None:
    """What the phone's owner and the rules of WhatsApp make of a message that was taken."""
    if chat.person.details.get("absent"):
        business.failed(chat, message, GraphError(131026, "Message Undeliverable."))
    elif message.kind != "template" and not _open(business, chat):
        business.failed(chat, message, GraphError(131047, TOO_OLD))
    else:
        business.arrived(chat, message)


def _open(business: "WhatsApp", chat: Chat) -> bool:
    return business.world.clock() - chat.client_at < WINDOW_SECONDS


def _message(business: "WhatsApp", account: Account, body: Mapping[str, Any]) -> Message:
    kind = str(body.get("type") or "text")
    content = body.get(kind)
    if kind not in ("text", "template", *MEDIA) or not isinstance(content, dict):
        raise GraphError(100, f"sandbox: type {kind} is not simulated, or has no object")
    text, more, file = _content(business, account, kind, content)
    data = str(body.get("biz_opaque_callback_data") or "")
    return Message(
        id=business.wamid(),
        mine=False,
        at=business.world.clock(),
        kind=kind,
        text=text,
        file=file,
        quote=str((body.get("context") or {}).get("message_id") or ""),
        more={**more, "biz_opaque_callback_data": data},
    )


def _content(business: "WhatsApp", account: Account, kind: str, content: Json) -> Any:
    """Words, what else is shown, and the file."""
    if kind == "template":
        template = templates.found(business.templates, content)
        read = templates.filled(template, content)
        medium = read.pop("media")
        file = _file(business, account, template_kind(medium, business), medium) if medium else None
        return read.pop("text"), {**read, "template": content["name"]}, file
    if kind == "text":
        return _text(str(content.get("body") or ""), TEXT_LIMIT), {}, None
    caption = str(content.get("caption") or "")
    if caption and kind not in CAPTIONED:
        raise GraphError(100, f"{kind} has no caption")
    file = _file(business, account, kind, content)
    return (_text(caption, CAPTION_LIMIT) if caption else ""), {}, file


def template_kind(medium: Json, business: "WhatsApp") -> str:
    """What a header's file is, by its type."""
    file = business.world.files.get(str(medium.get("id")))
    mime = file.mime if file else ""
    return next((kind for kind, types in TYPES.items() if mime in types), "document")


def _file(business: "WhatsApp", account: Account, kind: str, content: Json) -> Any:
    file = business.world.files.get(str(content.get("id")))
    if file is None or file.account != account.id:
        raise GraphError(131009, "The media ID is not this number's")
    if kind in TYPES and file.mime not in TYPES[kind]:
        raise GraphError(131053, f"{file.mime} is not a type of {kind}")
    if len(file.content) > LIMITS.get(kind, 100 * MB):
        raise GraphError(131053, "File is too large")
    if content.get("filename"):
        file.name = str(content["filename"])
    return file


def check_media(mime: str, size: int) -> None:
    """What cannot be uploaded at all."""
    if not size:
        raise GraphError(131053, "The file is empty")
    if size > 100 * MB or not mime:
        raise GraphError(131053, "File is too large")


def _text(text: str, limit: int) -> str:
    if not text.strip():
        raise GraphError(100, "The parameter text['body'] is required.")
    if len(text) > limit:
        raise GraphError(100, f"Param text['body'] must be at most {limit} characters long.")
    return text
