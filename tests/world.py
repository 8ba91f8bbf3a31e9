"""The whole world in one process: a portal, Telegram, the application and its worker."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from b24app import clock, http
from b24app.db import db, transaction
from b24app.models import Job
from b24app.worker import Worker
from sandbox.messengers.telegram import TelegramApp, create_telegram
from sandbox.outside import Outside
from sandbox.portal import create_portal
from sandbox.portal.portal import Portal
from sandbox.portal.settings import PortalSettings
from sandbox.wsgi_adapter import WsgiAdapter

APP = "http://127.0.0.1:8000"
PORTAL = "http://localhost:7200"
OAUTH = "http://localhost:7201"
TELEGRAM = "http://127.0.0.1:7210"
BOT = "100001:SANDBOX-TOKEN-ONE"
ENTRIES = ("workspace", "deal", "connector", "settings", "install")
FORM = f"{APP}/placement/connector_settings"
ADMIN, BORIS, VERA = 1, 2, 3
BOOT = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.S)


class Screen:
    """An opened frame: its boot data and the API as its page calls it."""

    def __init__(self, client: FlaskClient, answer: TestResponse) -> None:
        self.client = client
        self.status = answer.status_code
        self.html = answer.text
        found = BOOT.search(self.html)
        self.boot: dict[str, Any] = json.loads(html.unescape(found[1])) if found else {}

    def ask(self, verb: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.boot.get('token', '')}"}
        return self.client.open(f"/api/v1{path}", method=verb, headers=headers, **more)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask("GET", path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None, status: int | None = None) -> Any:
        return self._change("POST", path, body, status)

    def put(self, path: str, body: Any = None, status: int | None = None) -> Any:
        return self._change("PUT", path, body, status)

    def delete(self, path: str, status: int | None = None) -> Any:
        return self._change("DELETE", path, None, status)

    def _change(self, verb: str, path: str, body: Any, status: int | None) -> Any:
        answer = self.ask(verb, path, json=body)
        wanted = (status,) if status else (200, 201, 204)
        assert answer.status_code in wanted, (answer.status_code, answer.text)
        return answer.json if answer.text else None


class World:
    """Everything that talks to everything, stepped by `run`."""

    def __init__(self, app: Flask, portal: Portal, telegram: TelegramApp) -> None:
        self.app = app
        self.portal = portal
        self.telegram = telegram
        self.couriers: list[Any] = [telegram.courier]
        self.worker = Worker(app, threads=0)
        self.client = app.test_client()

    def open(self, placement: str = "DEFAULT", user_id: int = ADMIN, **options: Any) -> Screen:
        """A place inside Bitrix24, opened by an employee."""
        handler = FORM if placement == "SETTING_CONNECTOR" else None
        frame = self.portal.open_frame(placement, options, user_id, handler=handler)
        fields, path = self.portal.form_fields(frame), frame.url.removeprefix(APP)
        return Screen(self.client, self.client.post(path, data=fields, base_url=APP))

    def install(self) -> Screen:
        """What an administrator does on the market page and in the installer."""
        self.portal.install(ADMIN)
        return self.go_through_installer()

    def go_through_installer(self) -> Screen:
        """All steps of the installer page, and what it leads to."""
        screen = self.open()
        for step in screen.get("/install")["steps"]:
            done = screen.post(f"/install/{step['id']}")
            assert done["state"] == "done", done
        screen.post("/install/finish")
        self.portal.finish_install(ADMIN)
        self.run()
        return self.open()

    def rules(self, kind: str = "chats", **document: Any) -> None:
        """Publish these settings; what is not named is as by default."""
        screen = self.open()
        version = screen.get(f"/settings/{kind}")["version"]
        screen.put(f"/settings/{kind}", {"document": document, "version": version})

    def http_calls(self) -> list[str]:
        """HTTP requests that the portal's REST got, by method."""
        answer = self.portal.app.test_client().get("/_sandbox/http")
        return [str(one.get("method", one.get("path", ""))) for one in answer.json["items"]]

    def connect_telegram(self, screen: Screen | None = None, token: str = BOT) -> dict[str, Any]:
        screen = screen or self.open()
        body = {"kind": "telegram", "settings": {"token": token}}
        channel: dict[str, Any] = screen.post("/channels", body, status=201)
        return channel

    def say(self, text: str = "Good day", **more: Any) -> None:
        """Anna writes to the bot from her phone."""
        user = {"id": 42, "first_name": "Anna", "username": "anna", **more.pop("user", {})}
        body = {"bot": BOT, "user": user, **({"text": text} if text else {}), **more}
        answer = self.telegram.test_client().post("/_sandbox/say", json=body)
        assert answer.status_code == 200, answer.text
        self.run()

    def phone(self, user_id: int = 42) -> list[dict[str, Any]]:
        """Both sides of Anna's chat as her phone shows it."""
        answer = self.telegram.test_client().get(f"/_sandbox/chats/{BOT}/{user_id}")
        items: list[dict[str, Any]] = answer.json["messages"]
        return items

    def said_on_phone(self) -> list[str]:
        return [str(one.get("text", "")) for one in self.phone()]

    def line_chats(self) -> list[dict[str, Any]]:
        """Chats of the portal's Open Lines with their messages, oldest first."""
        answer = self.portal.app.test_client().get("/_sandbox/state")
        items: list[dict[str, Any]] = answer.json["chats"]
        return items

    def said_in_line(self) -> list[str]:
        (chat,) = self.line_chats()
        return [one["text"] for one in chat["messages"] if not one["system"]]

    def all_in_line(self) -> list[str]:
        """Notes and system lines too."""
        (chat,) = self.line_chats()
        return [one["text"] for one in chat["messages"]]

    def unpark(self) -> None:
        """Do not wait for a line that refused messages to be tried again."""
        with transaction():
            parked = update(Job).where(Job.kind == "unpark", Job.state == "queued")
            db.session.execute(parked.values(due_at=clock.now()))
        self.run()

    def run(self, rounds: int = 12) -> None:
        """Let everybody act until nobody has anything to do; nothing waits for the clock."""
        for _ in range(rounds):
            self._hurry()
            moved = self.worker.run_due()
            moved += sum(bool(courier.deliver()) for courier in self.couriers)
            moved += bool(self.portal.deliver_events())
            if not moved:
                return
        raise AssertionError("the world does not come to rest")

    def _hurry(self) -> None:
        """What is due within half a minute is due now; what looks after itself waits."""
        now = clock.now()
        soon = (
            Job.state == "queued",
            Job.due_at <= now + timedelta(seconds=30),
            Job.kind != "collect",
        )
        with transaction():
            db.session.execute(update(Job).where(*soon).values(due_at=now))

    def look(self) -> None:
        """Look into mailboxes now, and let everybody act."""
        with transaction():
            waiting = update(Job).where(Job.kind == "collect", Job.state == "queued")
            db.session.execute(waiting.values(due_at=clock.now()))
        self.run()

    def calls(self, method: str = "") -> list[dict[str, Any]]:
        """REST calls that the portal got, commands of batches each by itself."""
        answer = self.portal.app.test_client().get(
            "/_sandbox/calls", query_string={"method": method}
        )
        items: list[dict[str, Any]] = answer.json["items"]
        return items

    def control(self, path: str, body: Any = None) -> Any:
        """The portal's control API, below /_sandbox/."""
        answer = self.portal.app.test_client().post(f"/_sandbox/{path}", json=body or {})
        assert answer.status_code < 300, answer.text
        return answer.json


@contextmanager
def built(app: Flask) -> Iterator[None]:
    """A front end for the application, so that no test waits for the real one's build."""
    kept = app.static_folder
    told = {f"src/entries/{name}.ts": {"file": f"assets/{name}.js"} for name in ENTRIES}
    with TemporaryDirectory() as folder:
        dist = Path(folder) / "dist"
        dist.mkdir()
        (dist / "manifest.json").write_text(json.dumps(told))
        (dist / "widget.js").write_text("/* the widget */")
        app.static_folder = folder
        try:
            yield
        finally:
            app.static_folder = kept


@contextmanager
def world(app: Flask, **settings: Any) -> Iterator[World]:
    """The world around the application; `settings` are the portal's (see PortalSettings)."""
    outside = Outside(wsgi={APP: app})
    chosen = PortalSettings(**{"client_secret": "sandbox-secret", **settings})
    portal = create_portal(chosen, outside=outside)
    telegram = create_telegram(outside)
    doors = {address_of(portal): portal.app, OAUTH: portal.oauth_app, TELEGRAM: telegram}
    with mounted(doors), built(app):
        yield World(app, portal, telegram)


@contextmanager
def joined(here: World, address: str, messenger: Any) -> Iterator[Any]:
    """One more messenger in this world, `create_…` of its simulator, for as long as it lasts."""
    simulator = messenger(Outside(wsgi={APP: here.app}))
    here.couriers.append(simulator.courier)
    with mounted({address: simulator}):
        yield simulator
    here.couriers.remove(simulator.courier)


@contextmanager
def beside(first: World, **settings: Any) -> Iterator[World]:
    """Another portal that uses the same application: same OAuth server, same phones."""
    outside = Outside(wsgi={APP: first.app})
    chosen = PortalSettings(**{"client_secret": "sandbox-secret", **settings})
    portal = create_portal(chosen, outside=outside, oauth=first.portal.oauth)
    with mounted({address_of(portal): portal.app}):
        yield World(first.app, portal, first.telegram)


@contextmanager
def mounted(doors: Mapping[str, Any]) -> Iterator[None]:
    """Addresses that answer in this process."""
    for address, fake in doors.items():
        http.mount(address, WsgiAdapter(fake))
    try:
        yield
    finally:
        for address in doors:
            http.unmount(address)


def address_of(portal: Portal) -> str:
    return f"{portal.settings.protocol}://{portal.domain}"
