"""What the hot ways cost in statements, to the number; and no way reads a whole table."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from b24app.db import db, reading
from tests.reliability.stage import SECOND_BOT, Client, Stage

# Tables of which a portal has so few rows that reading them whole is the fastest.
SMALL = {"portal", "token", "channel", "line_link", "binding", "settings_document", "operator"}
SCAN = re.compile(r"^SCAN (?!CONSTANT ROW)(\w+)(?! USING)")
Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """What is asked of the database meanwhile, without BEGIN, COMMIT and PRAGMA."""
    seen: list[Statement] = []

    def note(_1: Any, _2: Any, text: str, parameters: Any, _3: Any, many: bool) -> None:
        if not text.startswith(("BEGIN", "PRAGMA")):
            seen.append((text, parameters[0] if many else parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def anna(here: Stage) -> Client:
    """A client whose chat is known everywhere."""
    client = here.client(SECOND_BOT)
    client.say(client.text("one"))
    here.rest()
    client.answer(client.text("at once"))
    here.rest()
    return client


def webhook(here: Stage, anna: Client) -> None:
    here.here.telegram.courier.deliver()


def listing(here: Stage, anna: Client) -> None:
    here.screen.get("/conversations", status="new")


def opening(here: Stage, anna: Client) -> None:
    here.screen.get(f"/conversations/{anna.conversation_id}/messages")


def receiving(here: Stage, anna: Client) -> None:
    here.here.worker._once("test")


def sending(here: Stage, anna: Client) -> None:
    body = {"client_uuid": str(uuid4()), "text": anna.text("answer")}
    here.screen.post(f"/conversations/{anna.conversation_id}/messages", body)


def told(here: Stage, anna: Client, way: str) -> list[Statement]:
    """The statements of one way, everything before it done."""
    anna.say(anna.text("two"))
    if way != "webhook":
        here.here.telegram.courier.deliver()
    with statements() as seen:
        WAYS[way][0](here, anna)
    return seen


WAYS = {
    "webhook": (webhook, 3),
    "receiving": (receiving, 15),
    "listing": (listing, 3),
    "opening": (opening, 7),
    "sending": (sending, 18),
}


@pytest.mark.parametrize("way", WAYS)
def test_way_costs_what_it_costs(here: Stage, anna: Client, way: str) -> None:
    seen = told(here, anna, way)
    assert len(seen) == WAYS[way][1], "\n".join(text for text, _ in seen)


@pytest.mark.parametrize("way", WAYS)
def test_way_reads_no_whole_table(here: Stage, anna: Client, way: str) -> None:
    assert scans(told(here, anna, way)) == []


def test_nothing_reads_a_whole_table(here: Stage, anna: Client) -> None:
    in_line = here.client()
    in_line.say(in_line.text("one"))
    here.rest()
    assert in_line.conversation_id
    for client in (anna, in_line):
        client.say(client.text("two"))
        client.answer(client.text("three"))
    with statements() as seen:
        here.here.worker.run_due()
    assert len(seen) > 50
    assert scans(seen) == []


def scans(seen: list[Statement]) -> list[str]:
    """Statements that read a growing table from end to end."""
    found = {}
    with reading() as session:
        connection = session.connection()
        for text, parameters in seen:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(parameters))
            for row in plan:
                whole = SCAN.match(row[3])
                if whole and whole[1].removesuffix("_1") not in SMALL:
                    found[text] = f"{row[3]}: {text}"
    return list(found.values())
