"""Everything such a simulator knows: accounts, people, chats, files, and what waits to be told."""

import hashlib
import mimetypes
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Blueprint

from sandbox.faults import Faults
from sandbox.messengers.phones.limits import Limits
from sandbox.outside import Outside

Json = dict[str, Any]
# Ready files lie with the first simulator that had some.
SAMPLES = Path(__file__).parent.with_name("telegram") / "samples"


class Refused(Exception):
    """The control API cannot do this; the text says why."""


@dataclass
class StoredFile:
    id: str
    name: str
    mime: str
    content: bytes
    account: str = ""

    def shown(self) -> Json:
        return {"id": self.id, "name": self.name, "mime": self.mime, "size": len(self.content)}


@dataclass
class Person:
    """A client; `id` names them in the page and the API of the messenger."""

    id: str
    name: str
    phone: str = ""
    details: Json = field(default_factory=dict)

    def shown(self) -> Json:
        return {"id": self.id, "name": self.name, "phone": self.phone}


@dataclass
class Message:
    """What stands in a chat; `mine`: the client wrote it. state: sent, delivered, read, failed."""

    id: str
    mine: bool
    at: float
    kind: str
    text: str = ""
    file: StoredFile | None = None
    quote: str = ""
    more: Json = field(default_factory=dict)
    reaction: str = ""
    state: str = "sent"

    def shown(self) -> Json:
        told = {name: getattr(self, name) for name in ("id", "mine", "at", "kind", "text", "state")}
        more = {"quote": self.quote, "reaction": self.reaction, **self.more}
        return {**told, **more, "file": self.file.shown() if self.file else None}


@dataclass
class Account:
    """An account of a business; `secrets` are what connects it."""

    id: str
    name: str
    secrets: Mapping[str, str]
    hook: str = ""
    revoked: bool = False
    details: Json = field(default_factory=dict)

    def shown(self) -> Json:
        told = {"id": self.id, "name": self.name, "secrets": dict(self.secrets)}
        return {**told, "connected": bool(self.hook), "revoked": self.revoked}


@dataclass
class Chat:
    """client_at: when the client last wrote; 0: never."""

    account: Account
    person: Person
    messages: dict[str, Message] = field(default_factory=dict)
    client_at: float = 0
    blocked: bool = False
    opened: bool = False

    def shown(self) -> Json:
        return {
            "account": self.account.id,
            "person": self.person.id,
            "blocked": self.blocked,
            "messages": [one.shown() for one in self.messages.values()],
        }


@dataclass
class Telling:
    """A call that waits to be made to the application."""

    account: Account
    lane: str
    body: bytes
    headers: Mapping[str, str]
    born: float
    due: float
    tries: int = 0
    in_flight: bool = False


class Messenger(ABC):
    """What differs: who there is at the beginning, what the application hears, the API."""

    brand: str
    kinds: Sequence[str]
    can_react = False
    can_quote = False

    def __init__(self, world: "World", outside: Outside) -> None:
        self.world = world
        self.outside = outside

    @abstractmethod
    def accounts(self) -> list[Account]: ...

    @abstractmethod
    def people(self) -> list[Person]: ...

    @abstractmethod
    def person(self, given: Mapping[str, Any], number: int) -> Person:
        """A new client whom a test or the page describes."""

    @abstractmethod
    def api(self) -> Blueprint: ...

    @abstractmethod
    def said(self, chat: Chat, message: Message) -> None: ...

    @abstractmethod
    def read(self, chat: Chat, messages: Sequence[Message]) -> None:
        """The client saw these messages of the business."""

    def reacted(self, chat: Chat, message: Message) -> None:
        raise Refused(f"{self.brand} has no reactions.")

    def blocked(self, chat: Chat) -> None:  # noqa: B027 (not every messenger tells)
        """The client blocked the business or let it back."""

    def opened(self, chat: Chat) -> None:  # noqa: B027
        """The client looks at a chat for the first time."""


class World:
    """The state of the simulator behind one lock."""

    messenger: Messenger

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.faults = Faults()
        self.limits = Limits()
        self.changed = threading.Condition(threading.RLock())
        self.version = 0

    def begin(self, messenger: Messenger) -> None:
        self.messenger = messenger
        self._clear()

    def reset(self) -> None:
        """As at the start."""
        self.faults.clear()
        self.limits.switch(None)
        with self.change():
            self._clear()

    def _clear(self) -> None:
        self.accounts = {one.id: one for one in self.messenger.accounts()}
        self.people = {one.id: one for one in self.messenger.people()}
        self.chats: dict[tuple[str, str], Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.calls: list[Json] = []
        self.tellings: list[Telling] = []
        self.counter = 0

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

    def next(self) -> int:
        self.counter += 1
        return self.counter

    def chat(self, account: Account, person: Person) -> Chat:
        """The chat of the two, opened on first use."""
        return self.chats.setdefault((account.id, person.id), Chat(account, person))

    def store(self, name: str, mime: str, content: bytes, account: str = "") -> StoredFile:
        number = self.next()
        digits = hashlib.sha256(f"{number} {name}".encode()).hexdigest()
        file = StoredFile(str(int(digits[:13], 16)), name, mime, content, account)
        self.files[file.id] = file
        return file

    def sample(self, kind: str) -> tuple[str, str, bytes]:
        """Name, type and content of a ready file of a kind."""
        path = next(SAMPLES.glob(f"{SAMPLE_OF.get(kind, kind)}.*"), None)
        if path is None:
            raise Refused(f"There is no ready {kind}: give its content.")
        mime = "audio/ogg" if path.suffix == ".oga" else mimetypes.guess_type(path.name)[0]
        return path.name, mime or "application/octet-stream", path.read_bytes()

    def add(self, chat: Chat, message: Message) -> Message:
        chat.messages[message.id] = message
        if message.mine:
            chat.client_at = message.at
        return message

    def tell(self, account: Account, lane: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Queue a call to the application, if it asked to be called."""
        if account.hook:
            now = self.clock()
            self.tellings.append(Telling(account, lane, body, headers, now, now))

    def note(self, account: str, method: str, params: Any) -> Json:
        """A line in the list of calls; its outcome is filled in by the caller."""
        entry = {"n": len(self.calls) + 1, "account": account, "method": method, "params": params}
        self.calls.append(entry)
        return entry


SAMPLE_OF = {"image": "photo", "picture": "photo", "file": "document", "audio": "voice"}
