"""The database handle: base class, column types, transactions, and rings after commit."""

import fcntl
import json
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import InvalidToken, MultiFernet
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from b24app import bell

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a webhook answered 200 survives a power cut
    "busy_timeout=15000",
    "foreign_keys=ON",
    "cache_size=-16000",
)
TURN = "turn"
TURN_SECONDS = 15.0
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")
# None is NULL, which a query can ask for.
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


class Row(Base):
    """A row with a number of its own."""

    __abstract__ = True
    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)


class Utc(TypeDecorator[datetime]):
    """Aware UTC in Python; refuses naive datetimes."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Keyring:
    """The keys that columns are encrypted with; set once when the application starts."""

    fernet: MultiFernet | None = None


class Encrypted(TypeDecorator[str]):
    """Text that is ciphertext at rest; unreadable ciphertext reads as None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        assert Keyring.fernet is not None
        return None if value is None else Keyring.fernet.encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        assert Keyring.fernet is not None
        if value is None:
            return None
        try:
            return Keyring.fernet.decrypt(value.encode()).decode()
        except InvalidToken:
            return None


class EncryptedJson(TypeDecorator[dict[str, Any]]):
    """A JSON object that is ciphertext at rest."""

    impl = Encrypted
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else json.loads(value)


class Turns:
    """Writers of one SQLite database, first come, first served.

    SQLite lets who finds it locked sleep and try again, longer each time: the unlucky
    wait a hundred times as long as the lucky. A turn belongs to a connection until it
    goes back to its pool.

    Args:
        path: a file that processes lock against each other; None: there is only ours.
    """

    def __init__(self, path: str | None) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._path = path
        self._file: int | None = None

    def take(self, holder: dict[Any, Any]) -> None:
        """Wait for a turn; after TURN_SECONDS SQLite's own lock must decide."""
        if TURN in holder:
            return
        mine = holder[TURN] = threading.Lock()
        with self._guard:
            mine.acquire()
            self._queue.append(mine)
            first = self._queue[0] is mine
        if first or mine.acquire(timeout=TURN_SECONDS):
            self._lock_file()

    def give_back(self, holder: dict[Any, Any]) -> None:
        mine = holder.pop(TURN, None)
        if mine is None:
            return
        with self._guard:
            held = self._queue[0] is mine
            self._queue.remove(mine)
            if held and self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
            if held and self._queue:
                self._queue[0].release()

    def _lock_file(self) -> None:
        if self._path is None:
            return
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
_reading = threading.local()
_brief = threading.local()


@contextmanager
def transaction() -> Iterator[Session]:
    """Everything inside is kept together or not at all; bells ring after the commit."""
    try:
        yield db.session()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


@contextmanager
def reading() -> Iterator[Session]:
    """A transaction that only reads: on SQLite it does not queue behind writers."""
    _reading.on = True
    try:
        yield db.session()
    finally:
        db.session.rollback()
        _reading.on = False


@contextmanager
def brief_transaction() -> Iterator[Session]:
    """For what may be forgotten in a power cut: the commit does not wait for the disk.

    What is committed later in any other way takes it to the disk along.
    """
    _brief.on = True
    try:
        with transaction() as session:
            if db.engine.dialect.name == "postgresql":
                session.connection().exec_driver_sql("SET LOCAL synchronous_commit TO off")
            yield session
    finally:
        _brief.on = False


def ring_after_commit(topic: str) -> None:
    """Wake those who wait for `topic` once what is being written can be seen."""
    db.session.info.setdefault("rings", set()).add(topic)


def init_app(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        tune(db.engine)


def tune(engine: Engine) -> None:
    """On SQLite: durable, in WAL mode, and writers take turns."""
    if engine.dialect.name != "sqlite":
        return
    turns = Turns(f"{engine.url.database}.turn" if engine.url.database else None)
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", lambda connection: _begin(connection, turns))
    event.listen(engine, "checkin", lambda _, record: turns.give_back(record.info))


def _tune_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's BEGIN is ours to send
    for pragma in PRAGMAS:
        connection.execute("PRAGMA " + pragma)


def _begin(connection: Connection, turns: Turns) -> None:
    if getattr(_reading, "on", False):
        connection.exec_driver_sql("BEGIN")
        return
    turns.take(connection.info)
    wanted = "NORMAL" if getattr(_brief, "on", False) else "FULL"
    if connection.info.get("synchronous", "FULL") != wanted:
        connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
        connection.info["synchronous"] = wanted
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@event.listens_for(Session, "after_commit")
def _ring(session: Session) -> None:
    for topic in session.info.pop("rings", ()):
        bell.ring(topic)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("rings", None)
