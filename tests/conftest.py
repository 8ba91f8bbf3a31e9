"""Fixtures of the whole house: the application on SQLite and on PostgreSQL."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, inspect, text

from b24app import config, db
from b24app.application import create_app
from tests import mailserver
from tests.mailserver import DOVECOT, Mail

POSTGRES = os.environ.get(
    "TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MEMORY = "/dev/shm"
CLIENT_ID = "app.5f1c8e2ad0b7c4.10000001"

# Nothing of a test must survive a power cut: where there is a disk in memory, nobody waits for
# the other one. Read by pytest when it makes its first folder, by its workers too.
if os.access(MEMORY, os.W_OK):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)


def _answers(url: str) -> bool:
    host = url.split("@")[-1].split("//")[-1].split("/")[0]
    name, _, port = host.partition(":")
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((name, int(port))) == 0


def needs(url: str) -> None:
    """Skip where a service is not at hand; where it is required, fail."""
    if not _answers(url):
        absent(f"{url} does not answer")


def absent(reason: str) -> NoReturn:
    """Leave the test out and say why; where everything is required, fail."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{reason}; REQUIRE_SERVICES=1")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for one module: while it lives, no other event loop runs in this thread."""
    if not shutil.which(CHROMIUM):
        absent(f"Chromium is not at {CHROMIUM}: apt-get install chromium, or set CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def mail_servers() -> Iterator[Mail]:
    """Dovecot and an SMTP server in front of it."""
    if not shutil.which(DOVECOT):
        absent(f"Dovecot is not at {DOVECOT}: apt-get install dovecot-imapd")
    with mailserver.running() as mail:
        yield mail


@pytest.fixture
def mail(mail_servers: Mail) -> Mail:
    """The servers with empty mailboxes, saying yes to everything."""
    mail_servers.forget()
    return mail_servers


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[str]:
    """An empty database of our own on the PostgreSQL at hand."""
    needs(POSTGRES)
    name = f"callgear_test_{worker_id}_{os.getpid()}"
    engine = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with engine.connect() as server:
        server.execute(text(f"CREATE DATABASE {name}"))
        server.execute(text(f"ALTER DATABASE {name} SET synchronous_commit TO off"))
    yield POSTGRES.rsplit("/", 1)[0] + "/" + name
    with engine.connect() as server:
        server.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Tests that ask for it run on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """The environment of the application under test; change it before `app` is made."""
    return {
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "SECRET_KEY": "test-secret-key-of-sufficient-length-000",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "BITRIX24_CLIENT_ID": CLIENT_ID,
        "BITRIX24_CLIENT_SECRET": "sandbox-secret",
        "BITRIX24_OAUTH_URLS": "http://localhost:7201",
        "TELEGRAM_API_URL": "http://127.0.0.1:7210",
        "WHATSAPP_API_URL": "http://127.0.0.1:7211",
        "VIBER_API_URL": "http://127.0.0.1:7212",
        "ALLOW_PRIVATE_HOSTS": "1",
        "TELEGRAM_CLIENT": "sandbox.messengers.account.client:SandboxClient",
        "MEDIA_DIR": str(tmp_path / "media"),
    }


def _empty_tables() -> None:
    """Every table, empty. Emptying is quicker than making, which PostgreSQL takes a second for."""
    engine, tables = db.db.engine, db.db.metadata.tables
    there = set(inspect(engine).get_table_names())
    if engine.dialect.name == "sqlite" or not set(tables) <= there:
        db.db.drop_all()
        db.db.create_all()
        return
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))


def _application(settings: dict[str, str], url: str) -> Iterator[Flask]:
    app = create_app(config.read({**settings, "DATABASE_URL": url}))
    app.testing = True
    with app.app_context():
        _empty_tables()
        yield app
        db.db.session.remove()
        db.db.engine.dispose()


@pytest.fixture
def app(settings: dict[str, str], tmp_path: Path) -> Iterator[Flask]:
    """The application on SQLite, inside its context."""
    yield from _application(settings, f"sqlite:///{tmp_path}/test.db")


@pytest.fixture
def any_app(settings: dict[str, str], database_url: str) -> Iterator[Flask]:
    """The application on SQLite and on PostgreSQL, inside its context."""
    yield from _application(settings, database_url)
