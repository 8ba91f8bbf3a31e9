"""What simulated messengers have in common: people with phones, chats, files, a page, a courier."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from sandbox.faults import BreakingWire
from sandbox.messengers.phones.control import control
from sandbox.messengers.phones.courier import Courier
from sandbox.messengers.phones.page import page
from sandbox.messengers.phones.world import Messenger, World
from sandbox.outside import Outside

__all__ = ["Courier", "Messenger", "PhonesApp", "World", "create"]
REQUEST_LIMIT = 110 << 20


class PhonesApp(Flask):
    """A simulator as a WSGI application, with its state and its courier at hand."""

    sandbox: World
    courier: Courier


class _ApiWire:
    """Lets faults break the wire of the API, and leaves the page's long polls alone."""

    def __init__(self, app: Any) -> None:
        self.plain = app
        self.breaking = BreakingWire(app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        ours = path == "/" or path.startswith(("/_sandbox", "/static"))
        answer: Iterable[bytes] = (self.plain if ours else self.breaking)(environ, start_response)
        return answer


def create(
    kind: Callable[[World, Outside], Messenger],
    outside: Outside | None,
    clock: Callable[[], float] = time.time,
) -> PhonesApp:
    """The simulator of one messenger; `app.courier.start()` delivers by itself."""
    app = PhonesApp(__name__)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_LIMIT
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.sandbox = World(clock)
    app.courier = Courier(app.sandbox, outside or Outside())
    messenger = kind(app.sandbox, app.courier.outside)
    app.sandbox.begin(messenger)
    app.register_blueprint(messenger.api())
    app.register_blueprint(control(app.sandbox, app.courier))
    app.register_blueprint(page(messenger))
    app.wsgi_app = _ApiWire(app.wsgi_app)  # type: ignore[method-assign]
    return app
