"""Bots, and what Viber tells the application of its clients.

Source: developers.viber.com/docs/api/rest-bot-api (callbacks).
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from flask import Blueprint

from sandbox.messengers.phones.world import (
    Account,
    Chat,
    Json,
    Message,
    Messenger,
    Person,
    Refused,
    StoredFile,
)
from sandbox.messengers.viber import rest
from sandbox.outside import Unreachable

KINDS = ("picture", "video", "file", "sticker")
FIRST_TOKEN = 4_912_661_846_655_238_000
WELCOME_SECONDS = 5


def bot(id: str, name: str, token: str) -> Account:
    return Account(id, name, {"token": token}, details={"events": (), "uri": name.lower()})


class Viber(Messenger):
    brand = "Viber"
    kinds = KINDS

    def accounts(self) -> list[Account]:
        return [
            bot("pa:75346594275468546724", "CallGear Demo", "445da6az1s345z78-sandbox-one"),
            bot("pa:75346594275468546725", "Second Shop", "445da6az1s345z78-sandbox-two"),
        ]

    def people(self) -> list[Person]:
        return [
            Person("anna0000000001A==", "Анна Соколова", "+79000000001"),
            Person("igor0000000002A==", "Игорь Лесной", "+79000000002"),
        ]

    def person(self, given: Mapping[str, Any], number: int) -> Person:
        name = str(given.get("name") or f"Client {number}")
        whose = str(given.get("id") or f"client{number:08d}A==")
        return Person(whose, name, str(given.get("phone") or ""))

    def api(self) -> Blueprint:
        return rest.api(self)

    def said(self, chat: Chat, message: Message) -> None:
        if chat.blocked:
            raise Refused("Subscribe to the bot first.")
        old, message.id = message.id, self.token()
        chat.messages[message.id] = chat.messages.pop(old)
        told = {"sender": _user(chat.person), "message": self._content(message), "silent": False}
        self.tell(chat, "message", message.id, **told)

    def read(self, chat: Chat, messages: Sequence[Message]) -> None:
        for message in messages:
            self.tell(chat, "seen", message.id, user_id=chat.person.id)

    def blocked(self, chat: Chat) -> None:
        who: Json = {"user_id": chat.person.id}
        if not chat.blocked:
            who = {"user": _user(chat.person)}
        event = "unsubscribed" if chat.blocked else "subscribed"
        self.tell(chat, event, self.token(), **who)

    def opened(self, chat: Chat) -> None:
        """The bot may welcome who opens the chat, in its answer to this very call."""
        body, headers = self.call(
            chat.account,
            "conversation_started",
            self.token(),
            type="open",
            user=_user(chat.person),
            subscribed=bool(chat.client_at),
        )
        if not chat.account.hook:
            return
        try:
            _, answer = self.outside.post(
                chat.account.hook, body=body, headers=headers, timeout=WELCOME_SECONDS
            )
            told = json.loads(answer)
        except (Unreachable, ValueError):
            return
        if isinstance(told, dict) and told.get("type") == "text":
            message = Message(self.token(), False, self.world.clock(), "text", str(told["text"]))
            self.world.add(chat, message)

    def token(self) -> str:
        return str(FIRST_TOKEN + self.world.next())

    def arrived(self, chat: Chat, message: Message) -> None:
        """The phone is always on."""
        message.state = "delivered"
        self.tell(chat, "delivered", message.id, user_id=chat.person.id)

    def tell(self, chat: Chat, event: str, token: str, **more: Any) -> None:
        body, headers = self.call(chat.account, event, token, **more)
        wanted = chat.account.details["events"]
        if event == "message" or not wanted or event in wanted:
            self.world.tell(chat.account, chat.person.id, body, headers)

    def call(self, account: Account, event: str, token: str, **more: Any) -> Any:
        """Body and headers of a callback."""
        told = {
            "event": event,
            "timestamp": int(self.world.clock() * 1000),
            "chat_hostname": "SN-CHAT-01_",
            "message_token": int(token),
            **more,
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        signature = hmac.new(account.secrets["token"].encode(), body, sha256).hexdigest()
        headers = {"X-Viber-Content-Signature": signature, "Content-Type": "application/json"}
        return body, headers

    def _content(self, message: Message) -> Json:
        """The part of a message that depends on its type."""
        if message.kind == "location":
            place = message.more["location"]
            told = {"lat": place["latitude"], "lon": place["longitude"]}
            return {"type": "location", "location": told}
        if message.kind == "contact":
            card = message.more["contact"]
            told = {"name": card["name"], "phone_number": card["phone"]}
            return {"type": "contact", "contact": told}
        if message.kind == "sticker":
            return {"type": "sticker", "sticker_id": 46105}
        if message.file:
            return self._medium(message, message.file)
        kind = "rich_media" if message.kind == "odd" else "text"
        return {"type": kind, "text": message.text, "tracking_data": ""}

    def _medium(self, message: Message, file: StoredFile) -> Json:
        told = {"type": message.kind, "media": f"{self.base()}/_files/{file.id}"}
        more = {"file_name": file.name, "text": message.text}
        sizes = {"size": len(file.content), "file_size": len(file.content)}
        return {**told, **more, **sizes}

    def base(self) -> str:
        """Where files lie: the address that the API was called at last."""
        return str(getattr(self, "address", "http://127.0.0.1:7212"))


def _user(person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "avatar": "",
        "country": "RU",
        "language": "ru-RU",
        "api_version": 10,
    }
