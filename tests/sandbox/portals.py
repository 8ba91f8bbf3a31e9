"""Builders of portals and of clients that call them in process."""

import json
from typing import Any

import requests
from flask import Flask, request

from sandbox.outside import Outside
from sandbox.portal import Clock, Portal, PortalSettings, create_portal
from sandbox.portal.phpform import parse_pairs
from sandbox.wsgi_adapter import WsgiAdapter

APPLICATION = "http://127.0.0.1:8000"
MOMENT = 1_795_000_000.0


class Listener:
    """An application that keeps what the portal posts to it."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.app = Flask("listener")
        self.app.add_url_rule("/<path:path>", "any", self.take, methods=["GET", "POST", "HEAD"])

    def take(self, path: str) -> tuple[str, int]:
        if request.method == "POST":
            form = parse_pairs(request.form.items(multi=True))
            self.got.append({"path": path, "query": request.args.to_dict(), **form})
        return f"page {path}", self.status

    def events(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.got if one.get("event") == name]


class Client:
    """REST of a portal as one user calls it."""

    def __init__(self, portal: Portal, user_id: int = 1) -> None:
        self.portal = portal
        self.pair = portal.oauth.issue(
            portal.settings.member_id, portal.settings.client_id, user_id
        )
        self.http = portal.app.test_client()

    def post(self, method: str, **params: Any) -> Any:
        body = {**params, "auth": self.pair["access_token"]}
        origin = f"http://{self.portal.settings.domain}"
        return self.http.post(f"/rest/{method}", json=body, base_url=origin)

    def call(self, method: str, **params: Any) -> Any:
        answer = self.post(method, **params)
        body = answer.get_json()
        assert "error" not in body, body
        return body["result"]

    def error(self, method: str, **params: Any) -> tuple[int, str]:
        answer = self.post(method, **params)
        return answer.status_code, answer.get_json()["error"]

    def batch(self, cmd: Any, halt: Any = 0) -> dict[str, Any]:
        return self.call("batch", cmd=cmd, halt=halt)


def portal(listener: Listener | None = None, **settings: Any) -> Portal:
    """A portal with the application installed and a stopped clock."""
    wsgi = {APPLICATION: listener.app} if listener else {}
    made = create_portal(PortalSettings(**settings), outside=Outside(wsgi=wsgi), clock=clock())
    made.install()
    made.finish_install()
    return made


def clock() -> Clock:
    return Clock(frozen=MOMENT)


def session(portal: Portal) -> requests.Session:
    carrier = requests.Session()
    carrier.mount(portal.origin, WsgiAdapter(portal.app))
    carrier.mount(portal.oauth.url, WsgiAdapter(portal.oauth_app))
    return carrier


def bind(client: Client, *names: str) -> None:
    for name in names:
        client.call("event.bind", event=name, handler=f"{APPLICATION}/bitrix/events")


def connect(client: Client, line: int = 1, code: str = "callgear", **flags: Any) -> None:
    """Register a connector and switch it on for a line."""
    icon = {"DATA_IMAGE": "data:image/svg+xml,%3Csvg/%3E"}
    handler = f"{APPLICATION}/placement/connector_settings"
    client.call(
        "imconnector.register",
        ID=code,
        NAME="CallGear",
        ICON=icon,
        PLACEMENT_HANDLER=handler,
        **flags,
    )
    client.call("imconnector.activate", CONNECTOR=code, LINE=line, ACTIVE=1)
    data = {"ID": f"{code}{line}", "NAME": "Telegram"}
    client.call("imconnector.connector.data.set", CONNECTOR=code, LINE=line, DATA=data)


def say(client: Client, text: str = "Здравствуйте", **more: Any) -> dict[str, Any]:
    """A client's message; the answer's only element."""
    user = {"id": "c1:42", "name": "Пётр", **more.pop("user", {})}
    message = {"id": more.pop("id", "c1:1001"), "text": text, **more.pop("message", {})}
    chat = {"id": more.pop("chat", "c1:42")}
    element = {"user": user, "message": message, "chat": chat}
    answer = client.call(
        "imconnector.send.messages",
        CONNECTOR="callgear",
        LINE=more.pop("line", 1),
        MESSAGES=[element],
    )
    return dict(answer["DATA"]["RESULT"][0])


def control(portal: Portal, path: str, **body: Any) -> Any:
    answer = portal.app.test_client().post(f"/_sandbox/{path}", json=body)
    return json.loads(answer.get_data())
