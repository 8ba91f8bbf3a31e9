"""Migrations build exactly the tables that the models describe, and can be undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from b24app import config
from b24app.application import create_app
from b24app.db import db
from b24app.models import search


@pytest.fixture
def empty(settings: dict[str, str], database_url: str) -> Iterator[Flask]:
    app = create_app(config.read({**settings, "DATABASE_URL": database_url}))
    with app.app_context():
        db.drop_all()
        yield app
        downgrade(revision="base")
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
        db.engine.dispose()


def ours(thing: object, name: str, *_: object) -> bool:
    """Full-text indexes are the databases' own: no model describes them."""
    return not name.startswith(search.PREFIX)


def test_migrations_meet_the_models(empty: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, db.metadata) == []


def test_migrations_can_be_undone(empty: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}


def test_every_revision_has_words() -> None:
    for path in Path("migrations/versions").glob("*.py"):
        assert path.read_text().startswith('"""')
