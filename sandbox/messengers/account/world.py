"""The state: one shop's account, the people it writes with, what Telegram has told it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Json = dict[str, Any]
CODE, PASSWORD = "12345", "owl"
OWNER: Json = {
    "id": 900001,
    "key": 1,
    "first_name": "Магазин",
    "last_name": "«Сова и лампа»",
    "username": "owl_and_lamp",
    "phone": "+79990000010",
    "language": "ru",
    "bot": False,
    "self": True,
}
PEOPLE = (
    (5000001, "Анна", "Соколова", "anna_s", "+79990000001"),
    (5000002, "Игорь", "Лесной", "", "+79990000002"),
)


class No(Exception):
    """Telegram's refusal: its name, and how long it asks to wait."""

    def __init__(self, name: str, seconds: int = 0) -> None:
        super().__init__(name)
        self.name, self.seconds = name, seconds


@dataclass
class Accounts:
    """Everything; `changed` guards it and is told of every change."""

    clock: Callable[[], float] = time.time
    people: dict[int, Json] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    told: list[Json] = field(default_factory=list)  # position + 1 is pts
    sessions: dict[str, str] = field(default_factory=dict)  # → "", code, password, in
    sent: dict[int, int] = field(default_factory=dict)  # random id → message
    files: dict[int, Json] = field(default_factory=dict)
    trouble: list[No] = field(default_factory=list)
    seen: dict[int, int] = field(default_factory=dict)  # by the account, in each chat
    two_step: bool = False
    scanned: bool = False
    lost_answers: int = 0
    patience_seconds: float = 20.0  # how long a question for news may wait
    changed: threading.Condition = field(default_factory=threading.Condition)
    numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        for number, first, last, username, phone in PEOPLE:
            self.meet(number, first_name=first, last_name=last, username=username, phone=phone)

    def meet(self, number: int, **told: str) -> Json:
        """Somebody with a phone; known ones stay as they are."""
        empty = {"first_name": "", "last_name": "", "username": "", "phone": "", "language": "ru"}
        fresh = {"id": number, "key": number * 7, "bot": False, "self": False, **empty, **told}
        return self.people.setdefault(number, fresh)

    def log_in(self, session: str, state: str) -> None:
        """The session is in, but for a password; a picture is good for one scan."""
        self.scanned = False
        wanted = state in ("code", "scanned") and self.two_step
        self.sessions[session] = "password" if wanted else "in"
        if wanted:
            raise No("SessionPasswordNeeded")

    def check(self, session: str) -> None:
        """May this session act?"""
        if self.trouble:
            raise self.trouble.pop(0)
        if self.sessions.get(session) != "in":
            raise No("AuthKeyUnregistered")

    def say(self, peer: int, text: str, *, out: bool = False, **more: Any) -> Json:
        """A message in the chat with `peer`, and the news of it."""
        number = next(self.numbers)
        message = {
            "kind": "message",
            "id": number,
            "peer": peer,
            "out": out,
            "date": int(self.clock()),
            "edited": 0,
            "text": text,
            "reply_to": None,
            "album": "",
            "service": False,
            **more,
        }
        self.messages[number] = message
        self.tell({**message, "user": self.people.get(peer)})
        return message

    def tell(self, item: Json) -> None:
        with self.changed:
            self.told.append(item)
            self.changed.notify_all()

    def of(self, peer: int) -> list[Json]:
        return [one for one in self.messages.values() if one["peer"] == peer]

    def somebody(self, peer: int, key: int) -> Json:
        """Whom a name with its key means: a wrong key is nobody."""
        found = self.people.get(peer)
        if found is None or key not in (0, found["key"]):
            raise No("PeerIdInvalid")
        if found.get("blocked"):
            raise No("UserIsBlocked")
        return found
