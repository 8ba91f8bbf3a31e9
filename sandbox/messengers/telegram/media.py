"""Files and what the Bot API says of them: Photo, Document, Voice, Video, Audio, Sticker."""

import hashlib
import mimetypes
import struct
from pathlib import Path
from typing import Any

from sandbox.messengers.telegram.errors import Refused, bad
from sandbox.messengers.telegram.world import Bot, Json, StoredFile, Telegram

SAMPLES = Path(__file__).with_name("samples")
UPLOAD_LIMIT = 50 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024
THUMBNAIL_SIDE = 90
THUMBNAIL_MARK = "s"
FOLDERS = {
    "photo": "photos",
    "document": "documents",
    "voice": "voice",
    "video": "videos",
    "audio": "music",
    "sticker": "stickers",
    "animation": "animations",
}
VOICE_MIMES = ("audio/ogg", "audio/mpeg", "audio/mp4", "audio/x-m4a")
SIGNS = {
    b"\x89PNG\r\n\x1a\n": ("image/png", ".png"),
    b"\xff\xd8\xff": ("image/jpeg", ".jpg"),
    b"GIF8": ("image/gif", ".gif"),
    b"RIFF": ("image/webp", ".webp"),
    b"OggS": ("audio/ogg", ".oga"),
    b"ID3": ("audio/mpeg", ".mp3"),
    b"%PDF": ("application/pdf", ".pdf"),
}


def sample(kind: str) -> tuple[str, bytes]:
    """Name and content of a ready file.

    Raises:
        Refused: there is none of this name.
    """
    path = next(SAMPLES.glob(f"{kind}.*"), None)
    if path is None:
        raise bad(f"sandbox: there is no ready {kind}, give its content")
    return path.name, path.read_bytes()


def store(
    telegram: Telegram, bot: Bot, kind: str, name: str, content: bytes, mime: str = ""
) -> StoredFile:
    """Keep an uploaded file.

    Raises:
        Refused: empty, too large, or a photo that is no picture.
    """
    guard(kind, content)
    number, telegram.next_file = telegram.next_file, telegram.next_file + 1
    mime, ending = _nature(name, content, mime)
    digest = hashlib.sha256(f"{bot.id} {number} {name}".encode()).hexdigest()
    file = StoredFile(
        file_id=f"AgACAgI{kind[:2].title()}{digest[:48]}",
        unique_id=f"AQAD{digest[-12:]}",
        bot_id=bot.id,
        path=f"{FOLDERS[kind]}/file_{number}{ending}",
        name=name,
        mime=mime,
        content=content,
    )
    telegram.files[file.file_id] = file
    if kind == "photo":
        telegram.files[file.file_id + THUMBNAIL_MARK] = file
    return file


def guard(kind: str, content: bytes) -> None:
    """Refuse what the Bot API takes from nobody."""
    if not content:
        raise bad("file must be non-empty")
    if len(content) > UPLOAD_LIMIT:
        raise Refused(413, "Request Entity Too Large")
    if kind != "photo":
        return
    if len(content) > PHOTO_LIMIT:
        raise bad(
            f"file of size {len(content)} bytes is too big for a photo; "
            f"the maximum size is {PHOTO_LIMIT} bytes"
        )
    if not _nature("", content, "")[0].startswith("image/"):
        raise bad("IMAGE_PROCESS_FAILED")


def _nature(name: str, content: bytes, mime: str) -> tuple[str, str]:
    """MIME type and file ending: by the content's first bytes, else by what the sender said."""
    for sign, nature in SIGNS.items():
        if content.startswith(sign):
            return nature[0], Path(name).suffix or nature[1]
    guessed = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return guessed, Path(name).suffix or mimetypes.guess_extension(guessed) or ""


def content(kind: str, file: StoredFile, facts: Json) -> Json:
    """The message field that carries a file.

    Args:
        facts: duration, width, title and the like, as the sender gave them.
    """
    if kind == "voice" and file.mime not in VOICE_MIMES:
        kind = "document"
    made = {kind: MAKERS[kind](file, facts)}
    # So that programs older than animations still see a file.
    return {**made, "document": _document(file, facts)} if kind == "animation" else made


def _photo(file: StoredFile, facts: Json) -> list[Json]:
    width, height = picture_size(file.content)
    scale = min(1.0, THUMBNAIL_SIDE / max(width, height))
    small = {
        "file_id": file.file_id + THUMBNAIL_MARK,
        "file_unique_id": file.unique_id + THUMBNAIL_MARK,
        "file_size": len(file.content),
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
    }
    return [small, {**_ids(file), "width": width, "height": height}]


def _document(file: StoredFile, facts: Json) -> Json:
    return {"file_name": file.name, "mime_type": file.mime, **_ids(file)}


def _voice(file: StoredFile, facts: Json) -> Json:
    return {"duration": _number(facts, "duration"), "mime_type": file.mime, **_ids(file)}


def _video(file: StoredFile, facts: Json) -> Json:
    sizes = {name: _number(facts, name) for name in ("width", "height", "duration")}
    return {**sizes, **_document(file, facts)}


def _audio(file: StoredFile, facts: Json) -> Json:
    titles = {name: facts[name] for name in ("performer", "title") if facts.get(name)}
    return {"duration": _number(facts, "duration"), **titles, **_document(file, facts)}


def _sticker(file: StoredFile, facts: Json) -> Json:
    width, height = picture_size(file.content)
    return {
        "width": width,
        "height": height,
        "emoji": facts.get("emoji") or "👋",
        "is_animated": file.name.endswith(".tgs"),
        "is_video": file.name.endswith(".webm"),
        "type": "regular",
        **_ids(file),
    }


MAKERS: dict[str, Any] = {
    "photo": _photo,
    "document": _document,
    "voice": _voice,
    "video": _video,
    "audio": _audio,
    "sticker": _sticker,
    "animation": _video,
}


def _ids(file: StoredFile) -> Json:
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
    }


def _number(facts: Json, name: str) -> int:
    return int(facts.get(name) or 0)


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG, GIF, WebP or JPEG; 512 × 512 where they cannot be read."""
    if content.startswith(b"\x89PNG") and len(content) >= 24:
        return struct.unpack(">II", content[16:24])
    if content.startswith(b"GIF8") and len(content) >= 10:
        return struct.unpack("<HH", content[6:10])
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    return 512, 512


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Walks the segments up to the frame header (SOF0–SOF2)."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        mark, length = struct.unpack(">BH", content[at + 1 : at + 4])
        if 0xC0 <= mark <= 0xC2:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return 512, 512
