"""Numbers of a business, and what WhatsApp tells the application of its clients.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from flask import Blueprint

from sandbox.messengers.phones.world import Account, Chat, Json, Message, Messenger, Person, Refused
from sandbox.messengers.whatsapp import graph
from sandbox.messengers.whatsapp.errors import GraphError
from sandbox.messengers.whatsapp.templates import ready_templates

WABA = "102290129340398"
TOKEN = "EAASANDBOXTOKEN"
APP_SECRET = "sandbox-app-secret"
KINDS = ("image", "document", "voice", "audio", "video", "sticker")


def number(id: str, phone: str, name: str) -> Account:
    secrets = {
        "phone_number_id": id,
        "business_account_id": WABA,
        "token": TOKEN,
        "app_secret": APP_SECRET,
    }
    return Account(id, name, secrets, details={"phone": phone, "subscribed": False})


class WhatsApp(Messenger):
    brand = "WhatsApp"
    kinds = KINDS
    can_react = True
    can_quote = True

    def accounts(self) -> list[Account]:
        self.templates = ready_templates()
        return [
            number("106540352242922", "15550783881", "CallGear Demo"),
            number("106540352242923", "15550783882", "Second Shop"),
        ]

    def people(self) -> list[Person]:
        return [
            Person("79000000001", "Анна Соколова", "+79000000001", {"user_id": "RU.1000000001"}),
            Person("79000000002", "Игорь Лесной", "+79000000002", {"user_id": "RU.1000000002"}),
            Person("5215512345678", "Lupe Pérez", "+525512345678", {"user_id": "MX.1000000003"}),
        ]

    def person(self, given: Mapping[str, Any], number: int) -> Person:
        digits = "".join(one for one in str(given.get("phone", "")) if one.isdecimal())
        digits = digits or f"7900{number:07d}"
        name = str(given.get("name") or f"Client {digits}")
        return Person(digits, name, f"+{digits}", {"user_id": f"RU.{digits[::-1]}"})

    def api(self) -> Blueprint:
        return graph.api(self)

    def said(self, chat: Chat, message: Message) -> None:
        if chat.blocked:
            raise Refused("Unblock the business first.")
        old, message.id = message.id, self.wamid()
        chat.messages[message.id] = chat.messages.pop(old)
        self._tell_message(chat, {**_content(message), **_context(chat, message)}, message)

    def reacted(self, chat: Chat, message: Message) -> None:
        reaction = {"message_id": message.id, "emoji": message.reaction}
        if not message.reaction:
            del reaction["emoji"]
        told = Message(self.wamid(), True, self.world.clock(), "reaction")
        self._tell_message(chat, {"type": "reaction", "reaction": reaction}, told)

    def read(self, chat: Chat, messages: Sequence[Message]) -> None:
        for message in messages:
            self.tell_status(chat, message, "read")

    def wamid(self) -> str:
        return f"wamid.HBgL{self.world.next():024d}"

    def arrived(self, chat: Chat, message: Message) -> None:
        """The message of the business went to the phone, which is always on."""
        self.tell_status(chat, message, "sent")
        if chat.blocked:
            return
        message.state = "delivered"
        self.tell_status(chat, message, "delivered")

    def failed(self, chat: Chat, message: Message, error: GraphError) -> None:
        """WhatsApp took the message and could not bring it."""
        message.state = "failed"
        self.tell_status(chat, message, "failed", errors=[error.told()])

    def tell_status(self, chat: Chat, message: Message, status: str, **more: Any) -> None:
        told: Json = {
            "id": message.id,
            "status": status,
            "timestamp": str(int(self.world.clock())),
            "recipient_id": chat.person.id,
            "recipient_user_id": chat.person.details["user_id"],
        }
        if data := message.more.get("biz_opaque_callback_data"):
            told["biz_opaque_callback_data"] = data
        self._tell(chat, {"statuses": [{**told, **more}]})

    def _tell_message(self, chat: Chat, content: Json, message: Message) -> None:
        person = chat.person
        told = {
            "from": person.id,
            "from_user_id": person.details["user_id"],
            "id": message.id,
            "timestamp": str(int(message.at)),
            **content,
        }
        who = {
            "profile": {"name": person.name},
            "wa_id": person.id,
            "user_id": person.details["user_id"],
        }
        self._tell(chat, {"contacts": [who], "messages": [told]})

    def _tell(self, chat: Chat, value: Json) -> None:
        account = chat.account
        if not account.details["subscribed"]:
            return
        metadata = {
            "display_phone_number": account.details["phone"],
            "phone_number_id": account.id,
        }
        change = {
            "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
            "field": "messages",
        }
        call = {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [change]}]}
        body = json.dumps(call, ensure_ascii=False).encode()
        signature = hmac.new(APP_SECRET.encode(), body, sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={signature}"}
        self.world.tell(account, chat.person.id, body, headers)


def _content(message: Message) -> Json:
    """The part of a message that depends on its type."""
    if message.file:
        return _medium(message)
    if message.kind == "location":
        return {"type": "location", "location": message.more["location"]}
    if message.kind == "contact":
        card = message.more["contact"]
        phones = [{"phone": card["phone"], "type": "CELL"}]
        told = {"name": {"formatted_name": card["name"]}, "phones": phones}
        return {"type": "contacts", "contacts": [told]}
    if message.kind == "button":
        message.text = message.more["button"]["text"]
        return {"type": "button", "button": {"payload": message.text, "text": message.text}}
    if message.kind == "odd":
        return {"type": "unsupported", "errors": [GraphError(131051).told()]}
    return {"type": "text", "text": {"body": message.text}}


def _medium(message: Message) -> Json:
    file = message.file
    assert file is not None
    kind = "audio" if message.kind == "voice" else message.kind
    medium: Json = {"id": file.id, "mime_type": file.mime, "sha256": "c2FuZGJveA=="}
    if kind == "audio":
        medium["voice"] = message.kind == "voice"
    if kind == "document":
        medium["filename"] = file.name
    if message.text and kind in ("image", "video", "document"):
        medium["caption"] = message.text
    return {"type": kind, kind: medium}


def _context(chat: Chat, message: Message) -> Json:
    if not message.quote:
        return {}
    quoted = chat.messages.get(message.quote)
    author = chat.person.id if quoted and quoted.mine else chat.account.details["phone"]
    return {"context": {"from": author, "id": message.quote}}
