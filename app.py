"""The way in: `python app.py` is web and worker in one; `flask --app app …` are the commands."""

import os
import socket
import sys

import uvicorn
from flask import Flask
from flask_migrate import upgrade

from b24app.application import create_app
from b24app.asgi import create_asgi
from b24app.config import Config, ConfigError

GRACE_SECONDS = 2
FRAME_LIMIT = 64 * 1024


def _created() -> Flask:
    """The application, or the sentence that says which setting makes no sense."""
    try:
        return create_app()
    except ConfigError as error:
        sys.exit(f"Cannot start: {error}")


app = _created()
asgi = create_asgi(app)


class Server(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"CallGear Chats on http://{self.config.host}:{self.config.port}", flush=True)


def main() -> None:
    config: Config = app.config["CALLGEAR"]
    if config.database_url.startswith("sqlite"):
        with app.app_context():
            upgrade()  # elsewhere an operator does it, once for all processes
    server = uvicorn.Config(
        asgi,
        host=config.host,
        port=config.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,  # whom to believe is said there
        server_header=False,
        ws_max_size=FRAME_LIMIT,
        ws_per_message_deflate=False,  # news are small, its buffers are not
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(server).run()


if __name__ == "__main__":
    main()
