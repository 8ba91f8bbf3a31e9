"""Letters out of a mailbox, each once, none marked or moved before it is safe with us.

A bookmark is `<UIDVALIDITY>:<UID>:<day>`: numbers grow within a validity; when the server
has numbered the mailbox anew, letters since the day are brought again and known by their own
numbers.
Source: RFC 3501, 2.3.1.1 and 6.4.8.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imap_tools import BaseMailBox, MailMessageFlags
from imap_tools.errors import MailboxFetchError
from imap_tools.utils import check_command_status

INBOX = "INBOX"
LETTER_MAX = 30 << 20
AT_ONCE = 50
SENT_NAMES = (
    "Sent",
    "Sent Items",
    "Sent Messages",
    "Отправленные",
    "INBOX.Sent",
    "[Gmail]/Sent Mail",
)
BOOKMARK = re.compile(r"(\d{1,12}):(\d{1,12}):(\d{4}-\d\d-\d\d)")
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """uid: the newest letter that was brought. day: when it was."""

    validity: int
    uid: int
    day: datetime.date

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}:{self.day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter as it lies there; `large`: its size, and then `raw` is its headers only."""

    uid: int
    raw: bytes
    large: int | None
    after: Bookmark


def bookmark(text: str) -> Bookmark | None:
    found = BOOKMARK.fullmatch(text)
    if found is None:
        return None
    return Bookmark(int(found[1]), int(found[2]), datetime.date.fromisoformat(found[3]))


def now(box: BaseMailBox, today: datetime.date) -> Bookmark:
    """The bookmark behind everything that lies there."""
    status = box.folder.status(INBOX, ["UIDVALIDITY", "UIDNEXT"])
    return Bookmark(status["UIDVALIDITY"], status["UIDNEXT"] - 1, today)


def taken(box: BaseMailBox, after: Bookmark, today: datetime.date) -> Iterator[Taken]:
    """Letters behind a bookmark, oldest first, AT_ONCE at most."""
    validity = box.folder.status(INBOX, ["UIDVALIDITY"])["UIDVALIDITY"]
    box.folder.set(INBOX, readonly=True)
    same = validity == after.validity
    for uid in _numbers(box, after, same)[:AT_ONCE]:
        size = _size(box, uid)
        if size is None:
            continue  # somebody deleted it this moment
        large = size if size > LETTER_MAX else None
        raw = _raw(box, uid, "BODY.PEEK[HEADER]" if large else "BODY.PEEK[]")
        if raw:
            yield Taken(uid, raw, large, Bookmark(validity, uid, today))


def mark_seen(box: BaseMailBox, uids: Sequence[int]) -> None:
    box.folder.set(INBOX)
    box.flag([str(uid) for uid in uids], MailMessageFlags.SEEN, True)


def sent_folder(box: BaseMailBox) -> str | None:
    """Where the server keeps what was sent: by its mark, else by its name."""
    folders = box.folder.list()
    for folder in folders:
        if any(flag.lower() == "\\sent" for flag in folder.flags):
            return folder.name
    names = {folder.name.lower(): folder.name for folder in folders}
    return next((names[name.lower()] for name in SENT_NAMES if name.lower() in names), None)


def holds(box: BaseMailBox, folder: str, message_id: str) -> bool:
    """Whether a letter of this Message-ID lies in a folder."""
    box.folder.set(folder, readonly=True)
    return bool(box.uids(f'HEADER Message-ID "{message_id}"'))


def put(box: BaseMailBox, folder: str, raw: bytes) -> None:
    """Keep a copy of what was sent."""
    box.append(raw, folder, flag_set=[MailMessageFlags.SEEN])


def _numbers(box: BaseMailBox, after: Bookmark, same: bool) -> list[int]:
    if same:
        found = map(int, box.uids(f"UID {after.uid + 1}:*"))
        return sorted(uid for uid in found if uid > after.uid)  # `*` is the newest, however old
    since = (after.day - datetime.timedelta(days=1)).strftime("%d-%b-%Y")
    return sorted(map(int, box.uids(f"SINCE {since}")))


def _size(box: BaseMailBox, uid: int) -> int | None:
    for line in _fetched(box, uid, "(RFC822.SIZE)"):
        if found := SIZE.search(line if isinstance(line, bytes) else b""):
            return int(found[1])
    return None


def _raw(box: BaseMailBox, uid: int, what: str) -> bytes:
    for line in _fetched(box, uid, f"({what})"):
        if isinstance(line, tuple):
            return line[1]
    return b""


def _fetched(box: BaseMailBox, uid: int, what: str) -> list[bytes | tuple[bytes, bytes]]:
    answer = box.client.uid("fetch", str(uid), what)
    check_command_status(answer, MailboxFetchError)
    return [line for line in answer[1] if line]
