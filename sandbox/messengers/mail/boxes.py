"""Mailboxes in memory: every address has one, made when it is first named."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

PASSWORD = "sandbox"
INBOX, SENT = "INBOX", "Sent"
VALIDITY = 1_700_000_000
NOBODY = "nobody@"  # letters to it come back


@dataclass
class Letter:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Box:
    """Folders of one address."""

    folders: dict[str, list[Letter]] = field(default_factory=lambda: {INBOX: [], SENT: []})
    next_uid: dict[str, int] = field(default_factory=lambda: {INBOX: 1, SENT: 1})

    def put(self, folder: str, raw: bytes, flags: Sequence[str] = ()) -> Letter:
        letter = Letter(self.next_uid[folder], raw, set(flags))
        self.next_uid[folder] += 1
        self.folders[folder].append(letter)
        return letter


class Boxes:
    """All mailboxes; `changed` guards them and is told of every change."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.boxes: dict[str, Box] = {}
        self.version = 0

    def box(self, address: str) -> Box:
        return self.boxes.setdefault(address.strip().lower(), Box())

    def deliver(self, address: str, raw: bytes) -> None:
        with self.changed:
            self.box(address).put(INBOX, raw)
            self._tell()

    def keep(self, address: str, folder: str, raw: bytes, flags: Sequence[str]) -> None:
        """What the owner puts there."""
        with self.changed:
            self.box(address).put(folder, raw, flags)
            self._tell()

    def wait(self, seen: int, seconds: float) -> int:
        """The version, at once if it is not the one that was seen."""
        with self.changed:
            self.changed.wait_for(lambda: self.version != seen, seconds)
            return self.version

    def _tell(self) -> None:
        self.version += 1
        self.changed.notify_all()
