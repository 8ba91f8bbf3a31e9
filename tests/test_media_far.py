"""Files in a bucket, and files that a scanner looks into."""

import io
import shlex
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from b24app import clock, media
from b24app.config import Config
from b24app.errors import Busy, NotFound
from b24app.media import scanner
from tests import bucket
from tests.bucket import Bucket

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture
def far(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """The application keeps its files in a bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    config: Config = app.config["CALLGEAR"]
    with bucket.served() as served:
        place = {"media_dir": "s3://files/chats", "s3_endpoint_url": served.address}
        media.configure(replace(config, **place))
        yield served
        media.configure(config)


@pytest.fixture
def client(far: Bucket, app: Flask) -> FlaskClient:
    return app.test_client()


def kept(body: bytes = PNG) -> media.Stored:
    return media.save(io.BytesIO(body), 1 << 20)


def link(stored: media.Stored) -> str:
    url = media.link(stored.key, "a.png", stored.mime, clock.now())
    return url.removeprefix("http://127.0.0.1:8000")


def test_file_goes_to_the_bucket_signed_and_whole(far: Bucket) -> None:
    stored = kept()
    assert far.objects == {f"/files/chats/{stored.key}": PNG}
    with media.open(stored.key) as stream:
        assert (stream.read(), stream.seek(0), stream.read(4)) == (PNG, 0, PNG[:4])
    assert (media.size(stored.key), media.path(stored.key)) == (len(PNG), None)
    assert far.refused == 0


def test_file_of_the_bucket_is_deleted_once(far: Bucket) -> None:
    stored = kept()
    media.delete(stored.key)
    media.delete(stored.key)
    assert far.objects == {}
    with pytest.raises(NotFound):
        media.open(stored.key)


def test_bucket_that_refuses_is_busy(far: Bucket, app: Flask) -> None:
    config: Config = app.config["CALLGEAR"]
    far.shutdown()
    far.server_close()
    media.configure(replace(config, media_dir="s3://files", s3_endpoint_url=far.address))
    with pytest.raises(Busy):
        kept()


def test_link_shows_a_file_of_the_bucket(client: FlaskClient) -> None:
    answer = client.get(link(kept()))
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert answer.headers["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(("asked", "given"), [("bytes=8-11", PNG[8:12]), ("bytes=-4", PNG[-4:])])
def test_part_of_it_is_given_on_request(
    client: FlaskClient, far: Bucket, asked: str, given: bytes
) -> None:
    answer = client.get(link(kept()), headers={"Range": asked})
    assert (answer.status_code, answer.data) == (206, given)
    assert answer.headers["Content-Range"].endswith(f"/{len(PNG)}")


def test_head_brings_no_bytes(client: FlaskClient, far: Bucket) -> None:
    answer = client.head(link(kept()))
    assert (answer.status_code, answer.content_length) == (200, len(PNG))
    assert [call.split()[0] for call in far.calls] == ["PUT", "HEAD"]


def test_lost_file_of_the_bucket_is_not_found(client: FlaskClient, far: Bucket) -> None:
    url = link(kept())
    far.objects.clear()
    assert client.get(url).status_code == 404


def command(code: int, words: str = "") -> str:
    """A scanner that always finds the same."""
    program = f"import sys; print({words!r}); sys.exit({code})"
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


@pytest.fixture
def scanned(app: Flask) -> Iterator[list[Config]]:
    config: Config = app.config["CALLGEAR"]
    yield [config]
    media.configure(config)


def test_clean_file_is_kept(scanned: list[Config]) -> None:
    media.configure(replace(scanned[0], virus_scanner=command(0)))
    assert kept().size == len(PNG)


def test_infected_file_lies_in_quarantine(scanned: list[Config], tmp_path: Path) -> None:
    media.configure(replace(scanned[0], virus_scanner=command(1, "/tmp/x: Eicar FOUND")))
    with pytest.raises(media.Infected) as caught:
        kept(EICAR)
    assert "Eicar" in caught.value.virus
    (aside,) = (tmp_path / "media" / "quarantine").iterdir()
    assert aside.read_bytes() == EICAR
    with pytest.raises(NotFound):
        media.open(aside.name)


def test_infected_file_is_aside_in_the_bucket(far: Bucket, app: Flask) -> None:
    config: Config = app.config["CALLGEAR"]
    place = {"media_dir": "s3://files", "s3_endpoint_url": far.address}
    media.configure(replace(config, virus_scanner=command(1), **place))
    with pytest.raises(media.Infected):
        kept(EICAR)
    (name,) = far.objects
    assert name.startswith("/files/quarantine/")


@pytest.mark.parametrize("broken", [command(2), "/no/such/scanner", "clamd:///no/such.sock"])
def test_nothing_is_taken_unchecked(scanned: list[Config], broken: str, tmp_path: Path) -> None:
    media.configure(replace(scanned[0], virus_scanner=broken))
    with pytest.raises(Busy, match="viruses"):
        kept()
    assert [found for found in (tmp_path / "media").rglob("*") if found.is_file()] == []


@pytest.mark.parametrize(
    ("answer", "virus"), [(b"stream: OK\0", ""), (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", "EICAR")]
)
def test_clamd_is_asked_by_its_stream(tmp_path: Path, answer: bytes, virus: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(EICAR)
    with socket.create_server(("127.0.0.1", 0)) as door:
        heard: list[bytes] = []
        clamd = threading.Thread(target=_clamd, args=(door, answer, heard))
        clamd.start()
        found = scanner.virus_in(file, f"clamd://127.0.0.1:{door.getsockname()[1]}")
        clamd.join()
    assert heard == [EICAR]
    assert virus in found
    assert bool(found) == bool(virus)


def _clamd(door: socket.socket, answer: bytes, heard: list[bytes]) -> None:
    talk, _ = door.accept()
    with talk, talk.makefile("rb") as stream:
        assert stream.read(10) == b"zINSTREAM\0"
        body = b""
        while length := struct.unpack("!I", stream.read(4))[0]:
            body += stream.read(length)
        heard.append(body)
        talk.sendall(answer)
