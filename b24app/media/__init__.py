"""Files we hold: kept under random keys, handed out by signed links."""

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import filetype
from itsdangerous import BadData, URLSafeSerializer

from b24app.config import Config
from b24app.errors import Busy, NotFound, TooLarge
from b24app.media import scanner
from b24app.media.disk import Disk
from b24app.media.s3 import S3
from b24app.media.scanner import Infected
from b24app.values import FileKind

__all__ = ["Infected"]
ROOT = Path(__file__).resolve().parent.parent.parent
CHUNK_BYTES = 64 << 10
SNIFFED_BYTES = 8192
NAME_LENGTH = 120
KEY = re.compile(r"[0-9a-f]{32}")
LINK_STEP = timedelta(hours=6)
OCTETS = "application/octet-stream"
# What a browser shows without running anything in it; all else is only ever saved.
INLINE: dict[str, FileKind] = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/gif": "image",
    "image/webp": "image",
    "image/bmp": "image",
    "image/avif": "image",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "audio/aac": "audio",
    "audio/x-wav": "audio",
    "audio/x-flac": "audio",
    "audio/amr": "audio",
    "video/mp4": "video",
    "video/webm": "video",
    "video/quicktime": "video",
    "video/x-m4v": "video",
    "application/pdf": "document",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file we hold; `mime` is what its bytes say, application/octet-stream unless in INLINE."""

    key: str
    size: int
    sha256: str
    mime: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signed link opens."""

    key: str
    name: str
    mime: str


class _Settings:
    store: Disk | S3 = Disk(ROOT / "var" / "media")
    scanner = ""
    base_url = ""
    serializer = URLSafeSerializer(secrets.token_hex(), salt="media")


def configure(config: Config) -> None:
    """Called once at the start."""
    far = config.media_dir.startswith("s3://")
    near = Disk(ROOT / config.media_dir)
    _Settings.store = S3(config.media_dir, config.s3_endpoint_url) if far else near
    _Settings.scanner = config.virus_scanner
    _Settings.base_url = config.media_url or f"{config.public_url}/media"
    _Settings.serializer = URLSafeSerializer(config.secret_key, salt="media")


def save(stream: BinaryIO, limit: int) -> Stored:
    """Keep a stream of at most `limit` bytes; once returned it survives a power cut.

    Raises:
        TooLarge: it is longer; nothing is kept.
        Infected: the scanner found a virus; it lies in quarantine.
        Busy: the store does not take it, or the scanner does not answer.
    """
    key, store = secrets.token_hex(16), _Settings.store
    part = store.draft(key)
    try:
        stored = _written(stream, part, key, limit)
        if virus := scanner.virus_in(part, _Settings.scanner):
            store.confine(key, part)
            raise Infected(virus)
        store.keep(key, part)
    except OSError as error:
        raise Busy(f"The file cannot be kept: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return stored


def open(key: str) -> BinaryIO:  # noqa: A001
    """A fresh stream of a file we hold; NotFound if we do not."""
    return _Settings.store.open(_checked(key))


def delete(key: str) -> None:
    _Settings.store.delete(_checked(key))


def size(key: str) -> int:
    """Bytes of a file we hold; NotFound if we do not."""
    return _Settings.store.size(_checked(key))


def piece(key: str, start: int, stop: int) -> BinaryIO:
    """A stream of a file from `start`; whoever reads it reads no further than `stop`."""
    return _Settings.store.piece(_checked(key), start, stop)


def path(key: str) -> Path | None:
    """Where a file lies on this machine; None if it lies elsewhere."""
    store = _Settings.store
    return store.path(_checked(key)) if isinstance(store, Disk) else None


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise NotFound("There is no such file.")
    return key


def signed(key: str, name: str, mime: str, expires: datetime) -> str:
    """A token that opens one file until `expires`, rounded up so that links repeat.

    A link that differed at each look would defeat the browser's cache.
    """
    step = int(LINK_STEP.total_seconds())
    until = -(-int(expires.timestamp()) // step) * step
    token = _Settings.serializer.dumps([key, safe_name(name), mime, until])
    return token if isinstance(token, str) else token.decode()


def read_signed(token: str, now: datetime) -> Signed:
    """What a token opens; NotFound if it is not ours or its time is over."""
    try:
        key, name, mime, until = _Settings.serializer.loads(token)
    except (BadData, ValueError, TypeError):
        raise NotFound("This link is not valid.") from None
    if datetime.fromtimestamp(until, UTC) < now:
        raise NotFound("This link has expired.")
    return Signed(key, name, mime)


def link(key: str, name: str, mime: str, expires: datetime) -> str:
    """The address of a file, with its name at the end for people and for Bitrix24."""
    token = signed(key, name, mime, expires)
    return f"{_Settings.base_url}/{token}/{quote(safe_name(name), safe='')}"


def sniff(head: bytes) -> str:
    """The type that the first bytes tell, if it is one of INLINE."""
    mime = filetype.guess_mime(head) or ""
    return mime if mime in INLINE else OCTETS


def kind_of(mime: str) -> FileKind:
    return INLINE.get(mime, "document")


def safe_name(name: str) -> str:
    """A file name without folders, control and direction characters; never empty."""
    last = re.split(r"[\\/]", name)[-1]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    shown = " ".join(shown.split()).lstrip(".")
    stem, dot, ending = shown.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: NAME_LENGTH - 11] or 'file'}.{ending}"
    return shown[:NAME_LENGTH] or "file"


def _written(stream: BinaryIO, part: Path, key: str, limit: int) -> Stored:
    digest, size, head = hashlib.sha256(), 0, b""
    with part.open("xb") as out:
        for chunk in _chunks(stream):
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"The file is larger than {limit >> 20} MB.")
            head = head or chunk[:SNIFFED_BYTES]
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return Stored(key, size, digest.hexdigest(), sniff(head))


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk
