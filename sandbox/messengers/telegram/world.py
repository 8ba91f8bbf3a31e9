"""Everything the simulator knows: bots, people with phones, their chats, files and updates."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import Faults
from sandbox.messengers.telegram.errors import bad
from sandbox.messengers.telegram.limits import Limits

UPDATE_KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
UPDATE_LIFE_SECONDS = 24 * 3600
ACTION_SECONDS = 5
FIRST_NEW_PERSON = 5_000_101

Json = dict[str, Any]


@dataclass
class StoredFile:
    file_id: str
    unique_id: str
    bot_id: int
    path: str
    name: str
    mime: str
    content: bytes


@dataclass
class Person:
    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    phone: str = ""
    language_code: str = "ru"

    def user(self) -> Json:
        """The documented User object."""
        shown: Json = {"id": self.id, "is_bot": False, **self.names()}
        return {**shown, "language_code": self.language_code}

    def names(self) -> Json:
        """First name, and last name and username where they are set."""
        given = {"last_name": self.last_name, "username": self.username}
        return {"first_name": self.first_name, **{key: text for key, text in given.items() if text}}


@dataclass
class Webhook:
    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    allowed_updates: tuple[str, ...] = ()
    last_error_at: int | None = None
    last_error: str = ""


@dataclass
class Update:
    """Something a bot must hear; kept until its webhook answers 2xx."""

    bot_id: int
    chat_id: int
    document: Json
    born: float
    due: float
    tries: int = 0
    in_flight: bool = False


@dataclass
class Bot:
    id: int
    token: str
    name: str
    username: str
    webhook: Webhook = field(default_factory=Webhook)
    pending: list[Update] = field(default_factory=list)
    revoked: bool = False
    next_message: int = 1
    next_update: int = 0

    def user(self) -> Json:
        """The documented User object of a bot."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.name,
            "username": self.username,
        }


@dataclass
class Line:
    """One message of a chat as both sides see it."""

    message: Json
    read: bool = False


@dataclass
class Chat:
    bot: Bot
    person: Person
    lines: dict[int, Line] = field(default_factory=dict)
    started: bool = False
    blocked: bool = False
    action: str = ""
    action_until: float = 0

    def chat(self) -> Json:
        """The documented Chat object of a private chat."""
        return {"id": self.person.id, "type": "private", **self.person.names()}


def ready_bots() -> list[Bot]:
    """The bots every sandbox begins with."""
    return [
        Bot(100001, "100001:SANDBOX-TOKEN-ONE", "CallGear Demo", "callgear_demo_bot"),
        Bot(100002, "100002:SANDBOX-TOKEN-TWO", "Second Shop", "callgear_second_bot"),
    ]


def ready_people() -> list[Person]:
    """The clients every sandbox begins with."""
    return [
        Person(5_000_001, "Анна", "Соколова", "anna_demo", "+79000000001"),
        Person(5_000_002, "Игорь", "Лесной", "", "+79000000002"),
    ]


class Telegram:
    """The state of the simulator behind one lock."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.faults = Faults()
        self.limits = Limits()
        self.changed = threading.Condition(threading.RLock())
        self.version = 0
        self._clear()

    def _clear(self) -> None:
        self.bots = {bot.id: bot for bot in ready_bots()}
        self.people = {person.id: person for person in ready_people()}
        self.chats: dict[tuple[int, int], Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.calls: list[Json] = []
        self.queries: dict[str, Json] = {}
        self.next_file = 0

    def reset(self) -> None:
        """Back to the beginning: ready bots without webhooks, ready people, no chats."""
        self.faults.clear()
        self.limits.switch(False)
        with self.change():
            self._clear()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock, then tell whoever waits for news."""
        with self.changed:
            yield
            self.version += 1
            self.changed.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """The version once it differs from `seen`, or after `seconds`."""
        with self.changed:
            self.changed.wait_for(lambda: self.version != seen, timeout=seconds)
            return self.version

    def bot_by_token(self, token: str) -> Bot | None:
        """The bot whose valid token this is."""
        found = (bot for bot in self.bots.values() if bot.token == token and not bot.revoked)
        return next(found, None)

    def bot_named(self, name: str) -> Bot:
        """A bot by its token or @username.

        Raises:
            KeyError: there is none.
        """
        wanted = name.removeprefix("@").lower()
        for bot in self.bots.values():
            if name == bot.token or wanted == bot.username.lower():
                return bot
        raise KeyError(f"no bot {name!r}")

    def person(self, given: Mapping[str, Any]) -> Person:
        """The person described: known by id or names, else a new one with a phone of their own."""
        person = self._known(given)
        if person is None:
            number = int(given.get("id") or self._free_id())
            person = Person(number, str(given.get("first_name") or f"Client {number}"))
            self.people[number] = person
        for name in ("first_name", "last_name", "username", "phone", "language_code"):
            if given.get(name):
                setattr(person, name, str(given[name]))
        return person

    def _known(self, given: Mapping[str, Any]) -> Person | None:
        if given.get("id"):
            return self.people.get(int(given["id"]))
        wanted = {name: str(given.get(name) or "") for name in ("first_name", "last_name")}
        for person in self.people.values():
            if all(getattr(person, name) == text for name, text in wanted.items()):
                return person
        return None

    def _free_id(self) -> int:
        return max([FIRST_NEW_PERSON - 1, *self.people]) + 1

    def chat(self, bot: Bot, person: Person) -> Chat:
        """The private chat of the two, opened on first use."""
        return self.chats.setdefault((bot.id, person.id), Chat(bot, person))

    def add_message(
        self, chat: Chat, sender: Json, content: Json, reply_to: int | None = None
    ) -> Json:
        """A new message in the chat.

        Raises:
            Refused: the message to reply to is not there.
        """
        message: Json = {
            "message_id": chat.bot.next_message,
            "from": sender,
            "chat": chat.chat(),
            "date": int(self.clock()),
        }
        if reply_to:
            message["reply_to_message"] = self.quoted(chat, reply_to)
        message.update(content)
        chat.bot.next_message += 1
        chat.lines[message["message_id"]] = Line(message)
        return message

    def quoted(self, chat: Chat, message_id: int) -> Json:
        """A message as it stands in `reply_to_message`: without its own quote."""
        if message_id not in chat.lines:
            raise bad("message to be replied not found")
        message = chat.lines[message_id].message
        return {key: value for key, value in message.items() if key != "reply_to_message"}

    def tell(self, chat: Chat, kind: str, content: Json) -> Json | None:
        """Queue an update for the bot; None if it did not ask for this kind."""
        bot, now = chat.bot, self.clock()
        wanted = bot.webhook.allowed_updates or UPDATE_KINDS
        if kind not in wanted:
            return None
        bot.next_update = bot.next_update or bot.id * 1000
        document = {"update_id": bot.next_update, kind: content}
        bot.next_update += 1
        bot.pending.append(Update(bot.id, chat.person.id, document, born=now, due=now))
        return document
