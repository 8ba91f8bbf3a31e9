"""Files we hold: kept whole or not at all, opened by signed links only."""

import dataclasses
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from b24app import config, media
from b24app.config import Config, ConfigError
from b24app.errors import Busy, NotFound, TooLarge

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 300


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    env = {
        "SECRET_KEY": "k" * 32,
        "ENCRYPTION_KEYS": "unused",
        "MEDIA_DIR": str(tmp_path / "media"),
    }
    return config.read(env)


@pytest.fixture(autouse=True)
def folder(settings: Config, tmp_path: Path) -> Path:
    media.configure(settings)
    return tmp_path / "media"


def kept(body: bytes = PNG, limit: int = 1 << 20) -> media.Stored:
    return media.save(io.BytesIO(body), limit)


def files(folder: Path) -> list[Path]:
    return [found for found in folder.rglob("*") if found.is_file()]


def test_saved_file_opens_again() -> None:
    stored = kept(b"x" * 200_000)
    with media.open(stored.key) as stream:
        assert stream.read() == b"x" * 200_000
    assert (stored.size, stored.mime) == (200_000, "application/octet-stream")


def test_too_large_file_leaves_nothing(folder: Path) -> None:
    with pytest.raises(TooLarge):
        kept(b"x" * 11, limit=10)
    assert files(folder) == []


class Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError(28, "No space left on device")


def test_full_disk_is_busy_and_leaves_nothing(folder: Path) -> None:
    with pytest.raises(Busy, match="No space left"):
        media.save(cast(BinaryIO, Broken()), 10)
    assert files(folder) == []


def test_deleted_file_is_not_found() -> None:
    key = kept().key
    media.delete(key)
    media.delete(key)
    with pytest.raises(NotFound):
        media.open(key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 31, "A" * 32, "a" * 32 + "\n"])
def test_key_is_never_a_path(key: str) -> None:
    with pytest.raises(NotFound):
        media.open(key)


def test_signed_link_tells_what_it_opens() -> None:
    token = media.signed("k", "счёт.pdf", "application/pdf", NOW)
    assert media.read_signed(token, NOW) == media.Signed("k", "счёт.pdf", "application/pdf")


def test_links_repeat_for_the_cache() -> None:
    one, two = (media.link("k", "a", "b", NOW + timedelta(minutes=m)) for m in (1, 50))
    assert one == two
    assert one.startswith("http://127.0.0.1:8000/media/")


def test_expired_link_is_not_found() -> None:
    token = media.signed("k", "a.png", "image/png", NOW)
    with pytest.raises(NotFound, match="expired"):
        media.read_signed(token, NOW + media.LINK_STEP + timedelta(seconds=1))


def test_forged_link_is_not_found(settings: Config) -> None:
    token = media.signed("k", "a.png", "image/png", NOW)
    media.configure(dataclasses.replace(settings, secret_key="another" * 5))
    for forged in (token, token[:-1], "", "a.b", "é", "."):
        with pytest.raises(NotFound):
            media.read_signed(forged, NOW)


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"OggS" + b"\0" * 40, "audio/ogg"),
        (b"<html><script>alert(1)</script>", "application/octet-stream"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "application/octet-stream"),
        (b"MZ\x90\0", "application/octet-stream"),
        (b"PK\x03\x04", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_type_is_what_the_bytes_say(head: bytes, mime: str) -> None:
    assert media.sniff(head) == mime


def test_kind_follows_the_type() -> None:
    kinds = [media.kind_of(mime) for mime in ("image/png", "video/mp4", "text/html")]
    assert kinds == ["image", "video", "document"]


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("счёт № 5.pdf", "счёт № 5.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\b.txt", "b.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        ("", "file"),
        ("...", "file"),
        (".htaccess", "htaccess"),
        ("x" * 300 + ".jpeg", "x" * 109 + ".jpeg"),
    ],
)
def test_name_is_made_safe(given: str, safe: str) -> None:
    assert media.safe_name(given) == safe


def test_other_stores_are_refused_with_words() -> None:
    with pytest.raises(ConfigError, match="neither a folder nor"):
        config.read({"SECRET_KEY": "k", "ENCRYPTION_KEYS": "k", "MEDIA_DIR": "ftp://host/x"})
