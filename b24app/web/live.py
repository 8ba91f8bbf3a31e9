"""Doors of the hub: the WebSocket and event streams of employees, the stream of a visitor."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from b24app import clock, db
from b24app.actions import widget
from b24app.errors import AppError, Stranger
from b24app.web import guard
from b24app.web.hub import End, Frame, Hub, Listener

LIVE = "/api/v1/live"
HELLO_SECONDS = 5
GOODBYE_SECONDS = 2
HELLO_LENGTH = 4096
POLICY_VIOLATION = 1008
STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}


class Doors:
    """The endpoints; they know the hub and nothing of what the news say."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def routes(self) -> list[BaseRoute]:
        """All but the WebSocket, which is called directly: a router costs 5 kB a connection."""
        return [
            Route("/api/v1/stream", self.stream, methods=["GET"]),
            Route("/widget/{key}/events", self.visitor, methods=["GET"]),
        ]

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """First frame within five seconds: `{"ticket", "after"}`; then news."""
        socket = WebSocket(scope, receive, send)
        if not self._from_us(socket):
            return await socket.close(POLICY_VIOLATION)
        await socket.accept()
        hello = await _hello(socket)
        listener = hello and await self._admit(hello[0])
        if not hello or not listener:
            return await _close(socket, End.OVER)
        end = await self.hub.serve(listener, hello[1], _text_writer(socket), _closed(socket))
        if end is not End.LEFT:
            await _close(socket, end)
        return None

    async def stream(self, request: Request) -> "Stream | JSONResponse":
        """The same news as Server-Sent Events, for networks that block WebSockets."""
        try:
            after = _after(request)
            listener = await self.hub.ask(lambda: _employee(_bearer(request), clock.now()))
        except AppError as error:
            return _refused(error, {})
        return Stream(self.hub, listener, after, {})

    async def visitor(self, request: Request) -> "Stream | JSONResponse":
        """A site visitor's own news; other sites than the channel's are refused."""
        key, token = request.path_params["key"], request.headers.get("x-visitor", "")
        origin = request.headers.get("origin")
        headers = {"access-control-allow-origin": origin, "vary": "Origin"} if origin else {}
        try:
            after = _after(request)
            listener = await self.hub.ask(lambda: _visitor(key, token, origin))
        except AppError as error:
            return _refused(error, headers)
        return Stream(self.hub, listener, after, headers)

    async def _admit(self, ticket: str) -> Listener | None:
        try:
            return await self.hub.ask(lambda: _ticketed(ticket, clock.now()))
        except AppError:
            return None

    def _from_us(self, socket: WebSocket) -> bool:
        """Pages of other sites may not open a socket here; programs send no Origin."""
        origin = socket.headers.get("origin")
        if origin is None:
            return True
        public = urlsplit(self.hub.app.config["CALLGEAR"].public_url).netloc
        return urlsplit(origin).netloc in (public, socket.headers.get("host"))


class Stream:
    """A response that lasts: news as Server-Sent Events until one side goes."""

    def __init__(
        self, hub: Hub, listener: Listener, after: int, headers: Mapping[str, str]
    ) -> None:
        self.hub = hub
        self.listener = listener
        self.after = after
        self.headers = {**STREAM_HEADERS, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})

        async def write(frame: Frame) -> None:
            await send(_body(frame.sse, more=True))

        await self.hub.serve(self.listener, self.after, write, _disconnected(receive))
        with suppress(TimeoutError, OSError):
            await asyncio.wait_for(send(_body(b"", more=False)), GOODBYE_SECONDS)


def _employee(token: str, now: datetime) -> Listener:
    return _listener(guard.read(token, now))


def _ticketed(ticket: str, now: datetime) -> Listener:
    return _listener(guard.read_ticket(ticket, now))


def _listener(viewer: guard.Viewer) -> Listener:
    guard.status_of(viewer)
    return Listener(viewer.portal_id, until=viewer.auth_at + guard.SESSION_LIFE)


def _visitor(key: str, token: str, origin: str | None) -> Listener:
    with db.reading():
        channel = widget.channel_of(key)
        widget.check_site(channel, origin)
        visitor = widget.visitor_of(channel, token)
        return Listener(channel.portal_id, visitor=f"{channel.id}:{visitor}")


async def _hello(socket: WebSocket) -> tuple[str, int] | None:
    """Ticket and number from the first frame; None: late, gone or nonsense."""
    try:
        text = await asyncio.wait_for(socket.receive_text(), HELLO_SECONDS)
        hello = json.loads(text) if len(text) <= HELLO_LENGTH else {}
        return str(hello["ticket"]), max(0, int(hello.get("after") or 0))
    except (TimeoutError, WebSocketDisconnect, KeyError, TypeError, ValueError, AttributeError):
        return None


def _text_writer(socket: WebSocket) -> Callable[[Frame], Awaitable[None]]:
    async def write(frame: Frame) -> None:
        await socket.send({"type": "websocket.send", "text": frame.text})

    return write


async def _closed(socket: WebSocket) -> None:
    """Finishes when the other side closed; what it says meanwhile is of no interest."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _close(socket: WebSocket, end: End) -> None:
    """Say why; who does not read does not hear it, and is not waited for."""
    with suppress(TimeoutError, OSError, RuntimeError, WebSocketDisconnect):
        await asyncio.wait_for(socket.close(end), GOODBYE_SECONDS)


def _body(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Stranger("This address needs the token of an opened page.")
    return token.strip()


def _after(request: Request) -> int:
    """The last news that the other side has seen; nonsense counts as none."""
    given = request.headers.get("last-event-id") or request.query_params.get("after", "")
    return int(given) if given.isdecimal() and len(given) < 19 else 0


def _refused(error: AppError, headers: Mapping[str, str]) -> JSONResponse:
    told: dict[str, Any] = {"error": {"code": error.code, "message": error.message}}
    return JSONResponse(told, error.status, headers=dict(headers))
