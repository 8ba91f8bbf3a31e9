"""What Telegram tells an account, read into values. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from b24app.channels.base import plain
from b24app.errors import Invalid
from b24app.values import (
    Edited,
    FileKind,
    Incoming,
    Parsed,
    Person,
    Profile,
    Receipt,
    RemoteFile,
    Skipped,
)

TEXT_MAX = 20_000
NAME_MAX = 200
KINDS: dict[str, FileKind] = {
    "image": "image",
    "sticker": "sticker",
    "voice": "voice",
    "audio": "audio",
    "video": "video",
    "document": "document",
}
NAMES = {"image": "photo", "voice": "voice", "audio": "audio", "video": "video"}
ENDINGS = {"image/jpeg": ".jpg", "audio/ogg": ".ogg", "video/mp4": ".mp4", "image/webp": ".webp"}


def number(item: Mapping[str, Any]) -> str:
    """What is the same when it is told again."""
    kind = _word(item, "kind")
    parts = [kind, *(str(item.get(name, "")) for name in ("peer", "id", "edited", "pts", "name"))]
    return ":".join(parts)[:200]


def chat(item: Mapping[str, Any]) -> str:
    peer = item.get("peer")
    return str(peer) if _is_number(peer) and peer else ""


def told(item: Mapping[str, Any], at: datetime) -> list[Parsed]:
    """Everything that an item tells.

    Raises:
        Invalid: it makes no sense.
    """
    kind = _word(item, "kind")
    if kind not in ("message", "edit", "read"):
        return [Skipped({"deleted": "deleted_elsewhere", "gap": "gap"}.get(kind, "unknown_update"))]
    if not chat(item):
        return [Skipped("group_chat")]
    if kind == "read":
        return [Receipt(chat(item), None, "read", at)]
    who = item.get("user")
    if isinstance(who, dict) and (who.get("bot") or who.get("self")):
        return [Skipped("bot" if who.get("bot") else "own_notes")]
    return _edited(item) if kind == "edit" else _message(item)


def person(who: Mapping[str, Any]) -> Person:
    first, last = _word(who, "first_name"), _word(who, "last_name")
    username = _word(who, "username")
    return Person(
        external_id=str(who.get("id", "")),
        name=f"{first} {last}".strip() or username,
        first_name=first,
        last_name=last,
        username=username,
        phone=_word(who, "phone"),
        language=_word(who, "language")[:16],
    )


def memo(who: Mapping[str, Any]) -> dict[str, str]:
    """What it takes to write to somebody."""
    key = who.get("key")
    return {"key": str(key)} if _is_number(key) and key else {}


def _message(item: Mapping[str, Any]) -> list[Parsed]:
    text, files = _words(item), _files(item)
    if item.get("service") or (not text and not files):
        return [Skipped("nothing_to_show")]
    who = item.get("user") if isinstance(item.get("user"), dict) else {}
    reply = item.get("reply_to")
    incoming = Incoming(
        chat_id=chat(item),
        message_id=_id(item),
        sent_at=_moment(item.get("date")),
        person=person(who) if who else Person(chat(item)),
        text=text,
        files=files,
        quote_id=str(reply) if _is_number(reply) and reply else None,
        album_id=_word(item, "album")[:100] or None,
        from_device=item.get("out") is True,
        memo=memo(who or {}),
    )
    return [incoming, *_profile(item, incoming)]


def _edited(item: Mapping[str, Any]) -> list[Parsed]:
    """Reactions count as edits too: without a time of its own nothing was changed."""
    if not item.get("edited"):
        return [Skipped("nothing_to_show")]
    return [Edited(chat(item), _id(item), _words(item), _moment(item.get("edited")))]


def _profile(item: Mapping[str, Any], said: Incoming) -> list[Parsed]:
    """A client who shares a contact of their own tells us their phone."""
    shared = item.get("contact")
    if said.from_device or not isinstance(shared, dict):
        return []
    if str(shared.get("user_id")) != said.person.external_id:
        return []
    known = said.person
    phone = _phone(_word(shared, "phone"))
    who = Person(known.external_id, known.name, username=known.username, phone=phone)
    return [Profile(said.chat_id, who)]


def _words(item: Mapping[str, Any]) -> str:
    text = item.get("text")
    if isinstance(text, str) and text.strip():
        return plain(text, TEXT_MAX)
    place, shared = item.get("place"), item.get("contact")
    if isinstance(place, list) and len(place) == 3:
        title = f"{plain(str(place[2]), NAME_MAX)}\n" if place[2] else ""
        where = f"{plain(str(place[0]), 40)},{plain(str(place[1]), 40)}"
        return f"📍 {title}https://maps.google.com/maps?q={where}"
    if isinstance(shared, dict):
        return f"👤 {_word(shared, 'name')} {_phone(_word(shared, 'phone'))}".strip()
    unknown = _word(item, "unknown")
    return f"[{unknown.lower()}]" if unknown else ""


def _files(item: Mapping[str, Any]) -> tuple[RemoteFile, ...]:
    file = item.get("file")
    if not isinstance(file, dict):
        return ()
    kind, mime = _word(file, "kind"), _word(file, "mime")[:100]
    who = item.get("user") if isinstance(item.get("user"), dict) else {}
    key = memo(who or {}).get("key", "0")
    name = f"{NAMES.get(kind, 'file')}-{_id(item)}{ENDINGS.get(mime, '')}"
    return (
        RemoteFile(
            kind=KINDS.get(kind, "document"),
            remote_id=f"{chat(item)}:{key}:{_id(item)}",
            name=_word(file, "name") or name,
            mime=mime,
            size=_positive(file.get("size")),
            duration_seconds=_positive(file.get("duration")),
        ),
    )


def _id(item: Mapping[str, Any]) -> str:
    found = item.get("id")
    if not _is_number(found):
        raise Invalid("The message has no number.")
    return str(found)


def _moment(second: Any) -> datetime:
    if not _is_number(second) or not 0 <= second <= 253_402_300_799:
        raise Invalid("The message has no time.")
    return datetime.fromtimestamp(second, UTC)


def _word(thing: Mapping[str, Any], name: str) -> str:
    found = thing.get(name)
    return plain(found, NAME_MAX).strip() if isinstance(found, str) else ""


def _phone(given: str) -> str:
    return f"+{given}" if given.isdecimal() else given


def _positive(thing: Any) -> int | None:
    return thing if _is_number(thing) and thing >= 0 else None


def _is_number(thing: Any) -> bool:
    return isinstance(thing, int) and not isinstance(thing, bool) and abs(thing) < 2**63
