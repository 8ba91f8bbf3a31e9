"""Writers of SQLite take turns; readers never wait for them."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from b24app.db import Turns, db, reading, transaction


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(str(tmp_path / "app.db.turn"))


def waiting(turns: Turns, count: int) -> None:
    """Return once so many stand in the queue."""
    deadline = time.monotonic() + 5
    while len(turns._queue) < count and time.monotonic() < deadline:
        time.sleep(0.001)


def test_first_come_first_served(turns: Turns) -> None:
    served: list[int] = []
    holder: dict[Any, Any] = {}
    turns.take(holder)

    def write(number: int) -> None:
        mine: dict[Any, Any] = {}
        turns.take(mine)
        served.append(number)
        turns.give_back(mine)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads):
        thread.start()
        waiting(turns, number + 2)
    turns.give_back(holder)
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3, 4]


def test_turn_is_taken_once(turns: Turns) -> None:
    holder: dict[Any, Any] = {}
    turns.take(holder)
    turns.take(holder)
    turns.give_back(holder)
    assert not turns._queue


def test_processes_take_turns(turns: Turns) -> None:
    other, mine = Turns(turns._path), {}
    theirs: dict[Any, Any] = {}
    other.take(theirs)
    thread = threading.Thread(target=turns.take, args=(mine,))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    other.give_back(theirs)
    thread.join(5)
    assert not thread.is_alive()
    turns.give_back(mine)


@pytest.mark.parametrize("broken", [False, True])
def test_turn_ends_with_its_transaction(app: Flask, broken: bool) -> None:
    try:
        with transaction() as session:
            session.execute(text("SELECT 1"))
            if broken:
                raise RuntimeError
    except RuntimeError:
        pass
    with transaction() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1


def test_reader_does_not_wait(app: Flask) -> None:
    with db.engine.begin() as writer:
        writer.execute(text("SELECT 1"))
        with reading() as session:
            assert session.execute(text("SELECT 1")).scalar() == 1
