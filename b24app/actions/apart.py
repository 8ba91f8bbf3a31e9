"""Short transactions beside the caller's, for what must be kept whatever becomes of theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_app_context
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from b24app.db import Base, db


@contextmanager
def apart(engine: Engine) -> Iterator[Session]:
    """A transaction on a connection of its own, committed at the end of the block."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def insert(session: Session, table: type[Base]) -> Any:
    """An INSERT of this database's own dialect, which knows `on_conflict_…`."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def refuse_open_transaction() -> None:
    """Nobody may hold the database while Bitrix24 is asked.

    On SQLite a transaction is the only pen there is: the log, the budget and a renewed
    token could not be written, and everybody would wait for us.
    """
    if has_app_context() and db.session.registry.has() and db.session().in_transaction():
        raise RuntimeError("Commit or roll back before Bitrix24 is asked.")
