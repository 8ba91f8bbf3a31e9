"""Letters as they came, read into values. Pure.

Source: RFC 5322 (letters), 2045-2047 and 2231 (parts and words), 3464 (bounces), 3834 (machines).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime
from hashlib import sha256
from typing import Any

from b24app.channels.base import plain
from b24app.channels.email import words
from b24app.errors import Invalid
from b24app.values import FileKind, Incoming, Parsed, Person, Receipt, RemoteFile, Skipped

ADDRESS_MAX = 110
NUMBER_MAX = 120
SUBJECT_MAX = 300
REFERENCES_MAX = 20
FILES_MAX = 50
DEPTH_MAX = 30
WORD_LIMIT = 2 << 20  # bytes of a text part that are read
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"\[\]]+\.[^\s@<>(),;.]{2,}")
NUMBER = re.compile(r"<[^<>\s]{1,990}>")
ANSWER = re.compile(r"^\s*(?:(?:re|aw|fwd?|ответ|отв|hа|пересл)(?:\[\d+\])?\s*:\s*)+", re.I)
FALLBACKS = ("utf-8", "cp1251")
KINDS: dict[str, FileKind] = {"image": "image", "audio": "audio", "video": "video"}
MACHINES = re.compile(r"^(?:mailer-daemon|postmaster)@", re.I)
AWAY = re.compile(
    r"^\s*(?:auto(?:matic)?[- ]?reply|out of office|автоответ|автоматический ответ)",
    re.I,
)
LARGE = "[A letter of {size} MB is too large to be brought. It lies in the mailbox.]"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whose letters are read. own: addresses that are ours, in small letters."""

    own: frozenset[str]
    as_requests: bool = False


def read(raw: bytes) -> Message:
    """A letter taken apart; Invalid if nobody could."""
    try:
        return message_from_bytes(raw)
    except (RecursionError, ValueError, LookupError) as error:
        raise Invalid(f"This is no letter: {type(error).__name__}.") from None


def number(letter: Message) -> str:
    """What tells this letter from all others: the same one brought again has the same."""
    told = [header(letter, name) for name in ("Message-ID", "From", "Date", "Subject")]
    return sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()


def sender(letter: Message) -> tuple[str, str]:
    """Name and address whom an answer goes to; empty strings if nobody is named."""
    for name in ("Reply-To", "From", "Sender"):
        for who, address in people(letter, name):
            return who, address
    return "", ""


def people(letter: Message, name: str) -> list[tuple[str, str]]:
    """Names and proper addresses in a header, the addresses in small letters."""
    found = getaddresses([header(letter, name)])
    tidy = [(plain(who, 200).strip(), address.strip().lower()) for who, address in found]
    return [
        (who, address)
        for who, address in tidy
        if len(address) <= ADDRESS_MAX and ADDRESS.fullmatch(address)
    ]


def told(letter: Message, box: Mailbox, at: datetime, large: int | None = None) -> list[Parsed]:
    """Everything that a letter tells.

    Args:
        at: when it was brought; counts if the letter names no sensible time.
        large: its size in bytes, if only its headers were brought.
    """
    bounces: list[Parsed] = [*_bounces(letter, at)]
    if bounces:
        return bounces
    name, address = sender(letter)
    if reason := _why_not(letter, box, address):
        return [Skipped(reason)]
    return [_incoming(letter, box, Person(address, name=name, email=address), at, large)]


def _why_not(letter: Message, box: Mailbox, address: str) -> str:
    """Why a letter is not shown to people; "" if it is."""
    if not address:
        return "no_sender"
    if address in box.own:
        return "own_letter"
    if MACHINES.match(address):
        return "report_of_a_server"
    return "newsletter" if _is_bulk(letter) else ""


def leaf(letter: Message, place: str) -> Message | None:
    """The part at a place like `1.0`, or None."""
    return next((part for where, part in _leaves(letter) if where == place), None)


def content(part: Message) -> bytes:
    """A part's bytes; what cannot be decoded comes as it is, a letter within as a letter."""
    if part.get_content_type() == "message/rfc822":
        inner: Any = part.get_payload()
        return bytes(inner[0].as_bytes()) if isinstance(inner, list) and inner else b""
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return str(part.get_payload()).encode("utf-8", "replace")
    return found if isinstance(found, bytes) else b""


def header(letter: Message, name: str) -> str:
    """A header in plain words, on one line."""
    given = next((value for key, value in letter.raw_items() if key.lower() == name.lower()), "")
    raw = str(given).encode("utf-8", "surrogateescape")  # bytes beyond ASCII came as they are
    return " ".join(plain(_decoded(_unjunked(raw, "")), 20_000).split())


def subject(letter: Message) -> str:
    return header(letter, "Subject")[:SUBJECT_MAX]


def base_subject(text: str) -> str:
    """A subject without `Re:` and its kin."""
    return ANSWER.sub("", text).strip()


def short(message_id: str) -> str:
    """A Message-ID as rows keep it: a longer one by its digest."""
    bare = message_id.strip("<> ")
    if len(bare) <= NUMBER_MAX:
        return plain(bare, NUMBER_MAX)
    return sha256(bare.encode("utf-8", "replace")).hexdigest()


def references(letter: Message) -> Sequence[str]:
    """Message-IDs of the letters this one answers, the first of the thread first."""
    found = NUMBER.findall(f"{header(letter, 'References')} {header(letter, 'In-Reply-To')}")
    return list(dict.fromkeys(found))


def answers(letter: Message) -> str:
    """The Message-ID of the letter that this one answers, or ""."""
    direct = NUMBER.findall(header(letter, "In-Reply-To"))
    thread = references(letter)
    return direct[0] if direct else (thread[-1] if thread else "")


def _incoming(
    letter: Message, box: Mailbox, person: Person, at: datetime, large: int | None
) -> Incoming:
    own_id = (NUMBER.findall(header(letter, "Message-ID")) or [""])[0]
    answered = answers(letter)
    text, html = _words(letter)
    title, files = subject(letter), tuple(_files(letter))
    said = _said(title, text, large, bool(answered))
    asked = box.as_requests and not answered and not _is_automatic(letter)
    return Incoming(
        chat_id=person.external_id,
        message_id=short(own_id or number(letter)),
        sent_at=_sent_at(letter, at),
        person=person,
        text=said or ("" if files else "[…]"),
        files=files,
        quote_id=short(answered) if answered else None,
        memo=_memo(own_id, title, [*references(letter), own_id]),
        html=html,
        automatic=_is_automatic(letter),
        as_request=_request(letter, title, text, files) if asked else None,
    )


def _said(title: str, text: str, large: int | None, answer: bool) -> str:
    """A letter that begins a thread says its subject first."""
    lines = [] if answer else [title]
    if large:
        lines.append(LARGE.format(size=large >> 20))
    return "\n\n".join(part for part in (*lines, text) if part)


def _request(
    letter: Message, title: str, text: str, files: Sequence[RemoteFile]
) -> Mapping[str, str]:
    fields = {"Subject": title, "Files": ", ".join(file.name for file in files)}
    return {**{name: value for name, value in fields.items() if value}, "text": text or title}


def _memo(own_id: str, title: str, thread: Sequence[str]) -> dict[str, str]:
    kept = [one for one in dict.fromkeys(thread) if one]
    if len(kept) > REFERENCES_MAX:  # the first one names the thread
        kept = [kept[0], *kept[1 - REFERENCES_MAX :]]
    return {"subject": title, "answers": own_id, "references": " ".join(kept)}


def _sent_at(letter: Message, at: datetime) -> datetime:
    try:
        found = parsedate_to_datetime(header(letter, "Date"))
        sent = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return at
    return sent if EARLIEST < sent <= at + timedelta(hours=1) else at


def _words(letter: Message) -> tuple[str, str]:
    """Own words, and the layout if there is one."""
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for _, part in _leaves(letter):
        kind = part.get_content_type()
        if kind in texts and not _is_file(part):
            texts[kind].append(_text(part))
    text, html = ("\n".join(texts[kind]) for kind in ("text/plain", "text/html"))
    said = words.latest(text) if text.strip() else ""
    if not said and html.strip():
        said = words.latest(words.of_html(html))
    return said, words.harmless(html) if html.strip() else ""


def _text(part: Message) -> str:
    raw = content(part)[:WORD_LIMIT]
    named = part.get_content_charset() or ""
    return _unjunked(raw, named)


def _unjunked(raw: bytes, named: str) -> str:
    """Bytes as text: in the charset they name, else in one that fits."""
    for charset in (named, *FALLBACKS):
        try:
            if charset:
                return raw.decode(charset)
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def _files(letter: Message) -> Iterator[RemoteFile]:
    """Attachments and pictures of the layout."""
    key = number(letter)
    parts = [(place, part) for place, part in _leaves(letter) if _is_file(part)]
    for count, (place, part) in enumerate(parts[:FILES_MAX], start=1):
        mime = part.get_content_type()[:100]
        name = _file_name(part) or f"file-{count}{_ending(mime)}"
        yield RemoteFile(
            kind=KINDS.get(part.get_content_maintype(), "document"),
            remote_id=f"{key}/{place}/{header(part, 'Content-ID').strip('<>')[:200]}",
            name=name,
            mime=mime,
            size=len(content(part)),
        )


def _is_file(part: Message) -> bool:
    if part.get_content_maintype() == "multipart":
        return False
    disposition = (header(part, "Content-Disposition").split(";")[0]).strip().lower()
    if part.get_content_type() in ("text/plain", "text/html"):
        return disposition == "attachment" or bool(_file_name(part))
    return part.get_content_type() not in ("message/delivery-status", "text/rfc822-headers")


def _file_name(part: Message) -> str:
    for name, place in (("filename", "Content-Disposition"), ("name", "Content-Type")):
        try:
            given = part.get_param(name, header=place)
        except (ValueError, LookupError):
            continue
        if given:
            return plain(_decoded(collapse_rfc2231_value(given)), 200).strip()
    return ""


def _ending(mime: str) -> str:
    known = {"image/jpeg": ".jpg", "message/rfc822": ".eml", "text/calendar": ".ics"}
    sub = mime.partition("/")[2]
    return known.get(mime, f".{sub}" if sub.isalnum() and len(sub) <= 4 else "")


def _leaves(letter: Message, place: str = "0", depth: int = 0) -> Iterator[tuple[str, Message]]:
    """Parts that are no containers, each with its place; a letter within is one part."""
    payload = letter.get_payload()
    inside = letter.get_content_maintype() == "multipart" and isinstance(payload, list)
    if not inside or depth > DEPTH_MAX:
        yield place, letter
        return
    for count, part in enumerate(payload):
        if isinstance(part, Message):
            yield from _leaves(part, f"{place}.{count}", depth + 1)


def _is_automatic(letter: Message) -> bool:
    """A machine answers: somebody is away, a ticket was opened."""
    auto = header(letter, "Auto-Submitted").split(";")[0].strip().lower()
    if auto == "auto-replied" or letter.get("X-Autoreply") or letter.get("X-Autorespond"):
        return True
    if header(letter, "Precedence").lower() == "auto_reply":
        return True
    return bool(AWAY.match(subject(letter))) or header(letter, "Return-Path") == "<>"


def _is_bulk(letter: Message) -> bool:
    """A newsletter: sent to a list, with a way out of it."""
    many = header(letter, "Precedence").lower() in ("bulk", "list", "junk")
    return many and bool(letter.get("List-Unsubscribe") or letter.get("List-Id"))


def _bounces(letter: Message, at: datetime) -> Iterator[Receipt]:
    """What a report of a mail server says of letters of ours."""
    report = [part for _, part in _leaves(letter)]
    status = [part for part in report if part.get_content_type() == "message/delivery-status"]
    if not status:
        return
    original = _original(report)
    message_id = (NUMBER.findall(header(original, "Message-ID")) or [""])[0] if original else ""
    written_to = [address for _, address in people(original, "To")] if original else []
    for fields in status[0].get_payload() if isinstance(status[0].get_payload(), list) else ():
        if isinstance(fields, Message) and (news := _reported(fields, at)) and message_id:
            chat = written_to[0] if len(written_to) == 1 else news.chat_id
            yield Receipt(chat, short(message_id), news.state, at, news.error)


def _original(report: Sequence[Message]) -> Message | None:
    """The headers of our letter, as the report gives them back."""
    for part in report:
        inner: Any = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(inner, list) and inner:
            return inner[0] if isinstance(inner[0], Message) else None
        if part.get_content_type() == "text/rfc822-headers":
            return read(content(part))
    return None


def _reported(fields: Message, at: datetime) -> Receipt | None:
    """What happened to one recipient."""
    action = header(fields, "Action").lower()
    recipient = header(fields, "Final-Recipient").rpartition(";")[2].strip().lower()
    if action not in ("failed", "delivered") or not recipient:
        return None
    why = header(fields, "Diagnostic-Code").partition(";")[2].strip() or header(fields, "Status")
    state: Any = action
    return Receipt(
        recipient[:ADDRESS_MAX], None, state, at, why[:400] if action == "failed" else ""
    )


def _decoded(text: str) -> str:
    """Encoded words as text, whatever is wrong with them."""
    try:
        pieces = decode_header(text)
    except (ValueError, LookupError, IndexError):
        return text
    found = [
        piece if isinstance(piece, str) else _unjunked(piece, charset or "")
        for piece, charset in pieces
    ]
    return "".join(found)
