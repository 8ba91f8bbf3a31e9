"""Links to files: who has one may look, and nothing in it runs."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from b24app import clock, media

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def link(body: bytes = PNG, name: str = "a.png", *, hours: int = 1) -> str:
    stored = media.save(io.BytesIO(body), 1 << 20)
    url = media.link(stored.key, name, stored.mime, clock.now() + timedelta(hours=hours))
    return url.removeprefix("http://127.0.0.1:8000")


def test_image_is_shown_in_place(client: FlaskClient) -> None:
    answer = client.get(link(), buffered=True)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["Cache-Control"].startswith("private")


def test_page_is_only_saved(client: FlaskClient) -> None:
    answer = client.get(link(b"<script>alert(1)</script>", "a.html"), buffered=True)
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_russian_name_is_kept(client: FlaskClient) -> None:
    answer = client.get(link(name="счёт 5.png"), buffered=True)
    assert (
        "filename*=UTF-8''%D1%81%D1%87%D1%91%D1%82%205.png"
        in (answer.headers["Content-Disposition"])
    )


def test_part_is_given_on_request(client: FlaskClient) -> None:
    answer = client.get(link(), headers={"Range": "bytes=8-11"}, buffered=True)
    assert (answer.status_code, answer.data) == (206, bytes(range(4)))


def test_head_tells_the_size(client: FlaskClient) -> None:
    answer = client.head(link(), buffered=True)
    assert (answer.status_code, answer.content_length, answer.data) == (200, len(PNG), b"")


def test_name_may_be_left_out(client: FlaskClient) -> None:
    assert client.get(link().rsplit("/", 1)[0], buffered=True).status_code == 200


def test_old_link_is_not_found(client: FlaskClient) -> None:
    assert client.get(link(hours=-7)).status_code == 404


def test_forged_link_is_not_found(client: FlaskClient) -> None:
    assert client.get(link().replace("/media/", "/media/x")).status_code == 404


def test_lost_file_is_not_found(client: FlaskClient, tmp_path: Path) -> None:
    url = link()
    for found in (tmp_path / "media").rglob("*"):
        if found.is_file():
            found.unlink()
    assert client.get(url).status_code == 404
