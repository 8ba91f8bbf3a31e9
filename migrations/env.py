"""Alembic's way into the application: its engine, its tables, one transaction a run."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy.engine import Connection

from b24app import models  # registers every table
from b24app.db import db
from b24app.models import search

__all__ = ["models"]


def ours(thing: Any, name: str | None, *_: Any) -> bool:
    """Full-text indexes are the databases' own: no model describes them."""
    return not (name or "").startswith(search.PREFIX)


def run(connection: Connection) -> None:
    settings = current_app.extensions["migrate"].configure_args
    context.configure(
        connection=connection, target_metadata=db.metadata, include_object=ours, **settings
    )
    with context.begin_transaction():
        context.run_migrations()
        search.mend(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations are applied to a database, not written as SQL.")
with db.engine.connect() as opened:
    run(opened)
    opened.commit()
