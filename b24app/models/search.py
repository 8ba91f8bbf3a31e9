"""Full-text indexes of messages, contacts and identities: FTS5 on SQLite, GIN on PostgreSQL.

They are not tables of ours but the database's own: triggers and an expression index keep
them. A word `p<portal id>` stands before each text, so that a portal searches its own only.
Tools that compare tables with models leave out what begins with `search_`.
"""

from typing import Any

from sqlalchemy import Connection, event, inspect

from b24app.models.contact import Contact, Identity
from b24app.models.message import Message

PREFIX = "search_"
# Table → what of a row is found, and when it is found at all.
FOUND = {
    "message": (("text",), "{row}.text <> '' AND {row}.deleted_at IS NULL"),
    "contact": (("name", "email"), "1 = 1"),
    "identity": (("name", "username"), "1 = 1"),
}


def document(table: str) -> str:
    """The expression that PostgreSQL's index of a table is of; queries must say the same."""
    columns, _ = FOUND[table]
    texts = " || ' ' || ".join(columns)
    return f"to_tsvector('simple', 'p' || CAST(portal_id AS text) || ' ' || {texts})"


def statements(table: str, dialect: str) -> list[str]:
    """What makes the index of a table and keeps it."""
    name = PREFIX + table
    if dialect == "postgresql":
        return [f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({document(table)})"]
    columns, _ = FOUND[table]
    changed = ", ".join((*columns, *(("deleted_at",) if table == "message" else ())))
    return [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5("
        "portal, words, content='', prefix='2 3', tokenize='unicode61')",
        f"CREATE TRIGGER IF NOT EXISTS {name}_add AFTER INSERT ON {table} BEGIN {_put(table)}; END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_change AFTER UPDATE OF {changed} ON {table} BEGIN "
        f"{_take(table)}; {_put(table)}; END",
        f"CREATE TRIGGER IF NOT EXISTS {name}_drop AFTER DELETE ON {table} BEGIN "
        f"{_take(table)}; END",
    ]


def install(connection: Connection) -> None:
    """Make the indexes in a database that has the tables already, and fill them."""
    for table in FOUND:
        for statement in statements(table, connection.dialect.name):
            connection.exec_driver_sql(statement)
        if connection.dialect.name == "sqlite":
            rows = _row(table, table).replace(" WHERE ", f" FROM {table} WHERE ", 1)
            connection.exec_driver_sql(f"INSERT INTO {PREFIX}{table} (rowid, portal, words) {rows}")


def remove(connection: Connection) -> None:
    for table in FOUND:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {PREFIX}{table}")
            continue
        for trigger in ("add", "change", "drop"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {PREFIX}{table}_{trigger}")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {PREFIX}{table}")


def mend(connection: Connection) -> None:
    """SQLite forgets the triggers of a table that a migration makes anew."""
    if connection.dialect.name != "sqlite":
        return
    there = set(inspect(connection).get_table_names())
    for table in FOUND:
        if {table, PREFIX + table} <= there:
            for statement in statements(table, "sqlite"):
                connection.exec_driver_sql(statement)


def _put(table: str) -> str:
    return f"INSERT INTO {PREFIX}{table} (rowid, portal, words) {_row(table, 'new')}"


def _take(table: str) -> str:
    """The index keeps no texts: it is told what it was given."""
    name = PREFIX + table
    row = _row(table, "old").replace("SELECT ", "SELECT 'delete', ", 1)
    return f"INSERT INTO {name} ({name}, rowid, portal, words) {row}"


def _row(table: str, row: str) -> str:
    columns, found = FOUND[table]
    words = " || ' ' || ".join(f"{row}.{column}" for column in columns)
    return f"SELECT {row}.id, 'p' || {row}.portal_id, {words} WHERE {found.format(row=row)}"


def _make(target: Any, connection: Connection, **_: Any) -> None:
    for statement in statements(target.name, connection.dialect.name):
        connection.exec_driver_sql(statement)


def _forget(target: Any, connection: Connection, **_: Any) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {PREFIX}{target.name}")


for _model in (Message, Contact, Identity):
    event.listen(_model.__table__, "after_create", _make)
    event.listen(_model.__table__, "before_drop", _forget)
