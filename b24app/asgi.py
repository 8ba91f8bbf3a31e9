"""One port: live news on the event loop, everything else in Flask on real threads."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from b24app.config import Config
from b24app.web.hub import Hub
from b24app.web.live import LIVE, Doors
from b24app.worker import Worker

WEB_THREADS = 16
WORKER_THREADS = 4
DRAIN_SECONDS = 7.0


def create_asgi(app: Flask, *, with_worker: bool | None = None) -> ASGIApp:
    """The application for an ASGI server.

    Args:
        with_worker: keep promises in this process too; None: if there is no Redis,
            for then this process is the only one.
    """
    config: Config = app.config["CALLGEAR"]
    working = config.embedded if with_worker is None else with_worker
    hub = Hub(app)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await hub.open()
        restore = _on_stop(hub.say_goodbye)
        worker = Worker(app, WORKER_THREADS) if working else None
        if worker:
            worker.start()
        yield
        restore()
        await hub.close()
        # The server raises SIGTERM again once it is down: what must end well ends here.
        if worker:
            await asyncio.to_thread(worker.stop, DRAIN_SECONDS)

    doors = Doors(hub)
    flask: Any = WSGIMiddleware(_whole_bodies(app), workers=WEB_THREADS)
    rest = Starlette(routes=[*doors.routes(), Mount("/", flask)], lifespan=lifespan)

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        live = scope["type"] == "websocket" and scope["path"] == LIVE
        await (doors.live if live else rest)(scope, receive, send)

    return asgi


def _whole_bodies(app: Flask) -> Any:
    """Bodies sent in chunks have no length; the server, not a length, marks their end."""

    def wsgi(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True
        return app.wsgi_app(environ, start)

    return wsgi


def _on_stop(goodbye: Callable[[], None]) -> Callable[[], None]:
    """Say goodbye as soon as the process is asked to stop; returns how to undo this.

    The server waits for open streams to end before it tells the lifespan anything.
    """
    loop = asyncio.get_running_loop()
    kept: dict[int, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(goodbye)
        if callable(kept[number]):
            kept[number](number, frame)

    def restore() -> None:
        for number, handler in kept.items():
            signal.signal(number, handler)

    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            kept[number] = signal.getsignal(number)
            signal.signal(number, stop)
    except ValueError:  # not the main thread: whoever runs us there stops us otherwise
        kept.clear()
    return restore
