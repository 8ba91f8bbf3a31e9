"""The product as a process of its own, in the sandbox on free ports of the loopback."""

import html
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import requests

from sandbox.run import Ports, World, app_environment, start_app, stop_app, wait_ready
from tests.ports import free_ports
from tests.world import ADMIN, BORIS, BOT

CONNECTOR = "callgear_chats"
BOOT = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.S)


class Town:
    """The outside world as threads of this process, the application beside it."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.ports = Ports(*free_ports(len(fields(Ports))))
        self.world = World(self.ports)
        self.folder = folder
        own = {
            "PATH": os.environ.get("PATH", ""),
            "DATABASE_URL": f"sqlite:///{folder}/app.db",
            "MEDIA_DIR": str(folder / "media"),
            "SECRET_KEY": "test-secret-key-of-sufficient-length-000",
            "ENCRYPTION_KEYS": "dGVzdC1rZXktb2YtdGhpcnR5LXR3by1ieXRlcy0wMDA=",
            "LOG_LEVEL": "error",
            **env,
        }
        self.env = app_environment(self.ports, self.world.portal.settings, own)
        self.app: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.ports.app_url

    def start(self) -> float:
        """Start the application; seconds until it answered."""
        began = time.monotonic()
        self.app = start_app(self.env)
        wait_ready(self.app, f"{self.url}/healthz", threading.Event())
        return time.monotonic() - began

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        assert self.app is not None
        os.kill(self.app.pid, signal.SIGKILL)
        self.app.wait()

    def stop(self) -> None:
        if self.app is not None:
            stop_app(self.app)
        self.world.stop()

    def control(self, path: str, body: Any) -> Any:
        answer = requests.post(f"{self.ports.portal_url}/_sandbox/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def token(self, placement: str, user_id: int, **options: str) -> str:
        """The bearer token of a frame that an employee opens."""
        body = {"placement": placement, "options": options, "user_id": user_id}
        opened = self.control("open", body)
        found = BOOT.search(opened["html"])
        assert found, opened["html"][:500]
        return str(json.loads(html.unescape(found[1]))["token"])

    def ask(self, verb: str, path: str, token: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            verb, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=10
        )

    def install(self, line: int | None = 1, bot: str = BOT) -> str:
        """Installed, a bot connected, and a line if wanted; Boris's token."""
        self.control("install", {"user_id": ADMIN})
        token = self.token("DEFAULT", ADMIN)
        for step in self.ask("GET", "/install", token).json()["steps"]:
            done = self.ask("POST", f"/install/{step['id']}", token)
            assert done.json()["state"] == "done", done.text
        assert self.ask("POST", "/install/finish", token).ok
        self.control("install/finish", {})
        body = {"kind": "telegram", "settings": {"token": bot}}
        channel = self.ask("POST", "/channels", token, body)
        assert channel.status_code == 201, channel.text
        if line is not None:
            self.link(line, channel.json()["id"])
        return self.token("LEFT_MENU", BORIS)

    def link(self, line: int, channel_id: str) -> None:
        """Connect a channel to an Open Line by the connector's form."""
        portal = self.world.portal
        handler = f"{self.url}/placement/connector_settings"
        options = {"LINE": str(line), "CONNECTOR": CONNECTOR}
        frame = portal.open_frame("SETTING_CONNECTOR", options, ADMIN, handler=handler)
        opened = requests.post(frame.url, data=portal.form_fields(frame), timeout=20)
        found = BOOT.search(opened.text)
        assert found, opened.text[:500]
        token = json.loads(html.unescape(found[1]))["token"]
        linked = self.ask("PUT", f"/lines/{line}", token, {"channels": [channel_id]})
        assert linked.ok, linked.text

    def say(self, number: int, text: str, bot: str = BOT) -> None:
        """A client writes on their phone."""
        body = {"bot": bot, "user": {"id": number, "first_name": "Anna"}, "text": text}
        answer = self.world.telegram.test_client().post("/_sandbox/say", json=body)
        assert answer.status_code == 200, answer.text

    def on_phone(self, number: int, bot: str = BOT) -> list[str]:
        path = f"/_sandbox/chats/{bot}/{number}"
        messages = self.world.telegram.test_client().get(path).json["messages"]
        return [one.get("text", "") for one in messages]

    def in_line(self, number: int) -> list[str]:
        portal = self.world.portal
        with portal.lock:
            chats = [one for one in portal.chats.values() if one.external_id.endswith(f":{number}")]
            said = [portal.messages[one] for chat in chats for one in chat.message_ids]
            return [one.text for one in said if not one.system]


@contextmanager
def town(folder: Path, **env: str) -> Iterator[Town]:
    made = Town(folder, **env)
    made.world.start()
    try:
        made.start()
        yield made
    finally:
        made.stop()
