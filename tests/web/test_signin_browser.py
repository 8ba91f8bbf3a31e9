"""Signing in outside Bitrix24 in a real browser: its cookies, its Origin, its rules for forms."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from b24app import config
from b24app.application import create_app
from b24app.db import db
from sandbox.portal import create_portal
from sandbox.portal.settings import PortalSettings
from tests.ports import free_ports
from tests.world import ADMIN, built


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def addresses(settings: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The application and a portal that installed it, each at a port of its own."""
    ours, theirs, oauth = free_ports(3)
    home = f"http://127.0.0.1:{ours}"
    portal = create_portal(
        PortalSettings(
            domain=f"localhost:{theirs}",
            oauth_url=f"http://localhost:{oauth}",
            client_secret="sandbox-secret",
            app_url=f"{home}/placement/home",
            installer_url=f"{home}/placement/install",
            redirect_uri=f"{home}/oauth/callback",
        )
    )
    app = application(settings, tmp_path, home, f"http://localhost:{oauth}")
    with (
        app.app_context(),
        served(portal.app, theirs),
        served(portal.oauth_app, oauth),
        served(app, ours),
        built(app),
    ):
        db.create_all()
        install(app, portal, home)
        yield home, f"localhost:{theirs}"
        db.session.remove()
        db.engine.dispose()


def application(settings: dict[str, str], folder: Path, home: str, oauth: str) -> Flask:
    env = {"PUBLIC_URL": home, "BITRIX24_OAUTH_URLS": oauth}
    database = f"sqlite:///{folder}/signin.db"
    return create_app(config.read({**settings, **env, "DATABASE_URL": database}))


def install(app: Flask, portal: Any, home: str) -> None:
    """The installer page is opened and the portal takes us for installed."""
    portal.install(ADMIN)
    frame = portal.open_frame("DEFAULT", {}, ADMIN)
    fields, path = portal.form_fields(frame), frame.url.removeprefix(home)
    answer = app.test_client().post(path, data=fields, base_url=home)
    assert answer.status_code == 200, answer.text
    portal.finish_install(ADMIN)
    db.session.execute(db.text("UPDATE portal SET status = 'active'"))
    db.session.commit()


def test_browser_signs_in_and_out(chromium: Browser, addresses: tuple[str, str]) -> None:
    home, portal = addresses
    page = chromium.new_page(locale="en-US")
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text) if "Refused" in told.text else None)
    page.goto(f"{home}/app/settings")
    page.get_by_label("Address of your Bitrix24").fill(f"http://{portal}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{home}/app/settings")
    renewed = page.evaluate(
        """async () => {
            const token = JSON.parse(document.getElementById('boot').textContent).token
            const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
            const asked = { method: 'POST', headers, body: '{}', credentials: 'same-origin' }
            return (await fetch('/api/v1/session/renew', asked)).status
        }"""
    )
    assert renewed == 200
    page.goto(f"{home}/logout")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{home}/login")
    expect(page.get_by_label("Address of your Bitrix24")).to_have_value(f"http://{portal}")
    assert refused == []
    page.close()
