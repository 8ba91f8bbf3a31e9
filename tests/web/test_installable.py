"""The workplace as an application of its own: installable, and silent about people offline."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(("language", "name"), [("ru", "CallGear Чаты"), ("en", "CallGear Chats")])
def test_manifest_speaks_the_readers_language(
    client: FlaskClient, language: str, name: str
) -> None:
    told = client.get(f"/app/manifest.webmanifest?lang={language}").get_json(force=True)
    assert (told["name"], told["start_url"]) == (name, "/app")


def test_icons_of_the_manifest_are_there(client: FlaskClient) -> None:
    for icon in client.get("/app/manifest.webmanifest").get_json(force=True)["icons"]:
        assert (ROOT / icon["src"].lstrip("/")).read_bytes().startswith(b"\x89PNG")


def test_worker_keeps_one_page_of_nobody(client: FlaskClient) -> None:
    worker = client.get("/app/worker.js?lang=ru")
    assert worker.mimetype == "text/javascript"
    assert "/app/offline?lang=ru" in worker.text
    page = client.get("/app/offline?lang=ru")
    assert "Нет связи" in page.text
    assert "boot" not in page.text
