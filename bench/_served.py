"""Servers that benches start: `python -m bench._served bare|ours <port> <folder>`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from a2wsgi import WSGIMiddleware
from flask import Flask, request
from sqlalchemy import Text, create_engine, event, text

from b24app import config, db
from b24app.application import create_app
from b24app.asgi import WEB_THREADS, create_asgi
from b24app.models import Channel, Portal

HOOK_KEY, SECRET = "bench", "bench-secret"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}


def bare(folder: Path) -> WSGIMiddleware:
    """The least that keeps a webhook durably: one insert, with our settings of SQLite."""
    app = Flask("bare")
    engine = create_engine(f"sqlite:///{folder}/bare.db", pool_size=WEB_THREADS)
    event.listen(engine, "connect", db._tune_sqlite)
    event.listen(engine, "begin", lambda one: one.exec_driver_sql("BEGIN IMMEDIATE"))
    insert = text("INSERT INTO hook (provider_id, body) VALUES (:number, :body)")
    with engine.begin() as connection:
        columns = f"id INTEGER PRIMARY KEY, provider_id {Text()} UNIQUE, body TEXT"
        connection.execute(text(f"CREATE TABLE hook ({columns})"))

    @app.post(f"/hooks/{HOOK_KEY}")
    def hook() -> str:
        call = request.get_json()
        with engine.begin() as connection:
            connection.execute(
                insert, {"number": call["update_id"], "body": request.get_data(as_text=True)}
            )
        return ""

    return WSGIMiddleware(app, workers=WEB_THREADS)


def ours(folder: Path) -> object:
    """The product without a worker, so that only answering is measured."""
    app = create_app(
        config.read(
            {
                "DATABASE_URL": f"sqlite:///{folder}/ours.db",
                "SECRET_KEY": "bench-secret-key-of-sufficient-length-00",
                "ENCRYPTION_KEYS": "dGVzdC1rZXktb2YtdGhpcnR5LXR3by1ieXRlcy0wMDA=",
                "MEDIA_DIR": str(folder / "media"),
                "LOG_LEVEL": "error",
            }
        )
    )
    with app.app_context():
        db.db.create_all()
        _seed(datetime.now(UTC))
    return create_asgi(app, with_worker=False)


def _seed(now: datetime) -> None:
    with db.transaction() as session:
        home = Portal(
            member_id="bench",
            domain="bench.example",
            client_endpoint="https://bench.example/rest/",
            oauth_url="https://oauth.bitrix.info",
            status="active",
            created_at=now,
        )
        session.add(home)
        session.flush()
        session.add(
            Channel(
                portal_id=home.id,
                kind="telegram",
                name="bench",
                external_id="1",
                settings={"token": "1:TOKEN"},
                hook_key=HOOK_KEY,
                secret=SECRET,
                state="working",
                details={},
                created_at=now,
            )
        )


def main() -> None:
    kind, port, folder = sys.argv[1:]
    app = {"bare": bare, "ours": ours}[kind](Path(folder))
    uvicorn.run(app, port=int(port), log_level="error", access_log=False)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
