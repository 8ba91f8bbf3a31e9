"""Rings: inside the process, across processes through Redis, and without Redis for a while."""

import threading
from collections.abc import Iterator

import pytest

from b24app.bell import Bell
from tests.conftest import REDIS, needs


@pytest.fixture
def two() -> Iterator[tuple[Bell, Bell]]:
    """Two bells that are connected, as two processes would have them."""
    needs(REDIS)
    pair = Bell(), Bell()
    for one in pair:
        one.connect(REDIS)
    yield pair
    for one in pair:
        one.close()


def heard_by(bell: Bell) -> tuple[list[str], threading.Event]:
    heard: list[str] = []
    rung = threading.Event()

    def listen(topic: str) -> None:
        heard.append(topic)
        rung.set()

    bell.listen(listen)
    return heard, rung


def test_ring_is_heard_at_home() -> None:
    bell = Bell()
    heard, _ = heard_by(bell)
    bell.ring("jobs")
    assert heard == ["jobs"]


def test_forgotten_listener_hears_nothing() -> None:
    bell = Bell()
    heard: list[str] = []
    bell.listen(heard.append)
    bell.forget(heard.append)
    bell.ring("jobs")
    assert heard == []


@pytest.mark.services
def test_ring_crosses_processes(two: tuple[Bell, Bell]) -> None:
    here, there = two
    heard, rung = heard_by(there)
    for _ in range(50):  # until the other side has subscribed
        here.ring("events:7")
        if rung.wait(0.1):
            break
    assert heard[0] == "events:7"


def test_redis_that_is_away_does_not_stop_us() -> None:
    bell = Bell()
    heard, _ = heard_by(bell)
    bell.connect("redis://127.0.0.1:1/0")
    bell.ring("jobs")
    bell.close()
    assert heard == ["jobs"]
