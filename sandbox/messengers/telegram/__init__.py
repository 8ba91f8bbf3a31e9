"""Telegram in small: the Bot API, webhooks and a page with the clients' phones."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, render_template

from sandbox.faults import BreakingWire
from sandbox.messengers.telegram.bot_api import bot_api
from sandbox.messengers.telegram.control import control
from sandbox.messengers.telegram.delivery import Courier
from sandbox.messengers.telegram.media import UPLOAD_LIMIT
from sandbox.messengers.telegram.world import Telegram
from sandbox.outside import Outside

REQUEST_LIMIT = UPLOAD_LIMIT + 1024 * 1024


class TelegramApp(Flask):
    """The simulator as a WSGI application, with its state and its courier at hand."""

    sandbox: Telegram
    courier: Courier


class _ApiWire:
    """Lets faults break the wire of the Bot API, and leaves the page's long polls alone."""

    def __init__(self, app: Any) -> None:
        self.plain = app
        self.breaking = BreakingWire(app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        called = str(environ.get("PATH_INFO", "")).startswith(("/bot", "/file/"))
        app = self.breaking if called else self.plain
        answer: Iterable[bytes] = app(environ, start_response)
        return answer


def create_telegram(
    outside: Outside | None = None, *, clock: Callable[[], float] = time.time
) -> TelegramApp:
    """The simulator; `app.courier.start()` delivers by itself, `.deliver()` once and now."""
    app = TelegramApp(__name__)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_LIMIT
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.sandbox = Telegram(clock)
    app.courier = Courier(app.sandbox, outside or Outside())
    app.register_blueprint(bot_api(app.sandbox))
    app.register_blueprint(control(app.sandbox, app.courier))
    app.add_url_rule("/", "phone", _phone)
    app.wsgi_app = _ApiWire(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _phone() -> str:
    return render_template("phone.html")
