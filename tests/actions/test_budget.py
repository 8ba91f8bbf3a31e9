"""The governor: one book for all who call a portal, kept over restarts."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine

from b24app.actions.budget import PortalGovernor, governor
from b24app.bitrix.client import SOON, URGENT, Use
from b24app.db import db, transaction
from b24app.errors import BitrixError
from tests import build
from tests.build import NOW


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []
        self.patient = True

    def now(self) -> datetime:
        return self.at

    def stop(self) -> None:
        """Who would sleep is put off instead."""
        self.patient = False

    def sleep(self, seconds: float) -> None:
        if not self.patient:
            raise BitrixError(code="budget")
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def portal_id() -> int:
    with transaction():
        return build.portal().id


@pytest.fixture
def books(portal_id: int, time: Time) -> PortalGovernor:
    return made(portal_id, time)


def made(portal_id: int, time: Time) -> PortalGovernor:
    return PortalGovernor(portal_id, db.engine, 2.0, 50, now=time.now, sleep=time.sleep)


def reserve(books: PortalGovernor, count: int, priority: int = SOON) -> None:
    for _ in range(count):
        books.reserve(["profile"], priority)


def put_off(
    books: PortalGovernor, methods: Sequence[str] = ("profile",), priority: int = SOON
) -> float | None:
    with pytest.raises(BitrixError) as refused:
        books.reserve(methods, priority)
    assert (refused.value.code, refused.value.unknown, refused.value.permanent) == (
        "budget",
        False,
        False,
    )
    return refused.value.retry_after


def test_thirty_five_requests_go_at_once(books: PortalGovernor, time: Time) -> None:
    reserve(books, 35)
    assert time.slept == []


def test_next_one_waits_half_a_second(books: PortalGovernor, time: Time) -> None:
    reserve(books, 36)
    assert time.slept == [pytest.approx(0.5)]


def test_people_have_fifteen_places_more(books: PortalGovernor, time: Time) -> None:
    reserve(books, 35)
    reserve(books, 15, URGENT)
    assert time.slept == []
    assert put_off(books) == pytest.approx(8)


def test_long_waits_put_the_job_off(books: PortalGovernor, time: Time) -> None:
    reserve(books, 50, URGENT)
    assert put_off(books) == pytest.approx(8)
    assert time.slept == []


def test_book_outlives_its_reader(books: PortalGovernor, portal_id: int, time: Time) -> None:
    reserve(books, 50, URGENT)
    assert put_off(made(portal_id, time)) == pytest.approx(8)


def test_portals_do_not_share(books: PortalGovernor, time: Time) -> None:
    reserve(books, 50, URGENT)
    with transaction():
        other = build.portal().id
    reserve(made(other, time), 35)
    assert time.slept == []


def test_threads_never_take_a_place_twice(portal_id: int, time: Time) -> None:
    start = threading.Barrier(8)

    def take(books: PortalGovernor) -> int:
        start.wait()
        taken = 0
        with suppress(BitrixError):
            for _ in range(8):
                books.reserve(["profile"], URGENT)
                taken += 1
        return taken

    time.stop()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, [made(portal_id, time) for _ in range(8)])) == 50


def test_refusal_of_everything_is_obeyed(books: PortalGovernor, time: Time) -> None:
    books.blocked(None, NOW + timedelta(seconds=2))
    assert put_off(books, priority=URGENT) == pytest.approx(2)
    time.at += timedelta(seconds=2)
    reserve(books, 1, URGENT)


def test_refused_method_rests_alone(books: PortalGovernor, time: Time) -> None:
    books.blocked("crm.item.add", NOW + timedelta(seconds=120))
    assert put_off(books, ["CRM.Item.Add"]) == pytest.approx(120)
    assert put_off(books, ["batch", "crm.item.get", "crm.item.add"]) == pytest.approx(120)
    books.reserve(["crm.item.get"], SOON)
    time.at += timedelta(seconds=120)
    books.reserve(["crm.item.add"], SOON)


def test_spent_time_is_waited_for(books: PortalGovernor) -> None:
    books.learn([Use("crm.item.add", 377.5)])
    assert put_off(books, ["crm.item.add"]) == pytest.approx(600)
    books.reserve(["crm.item.get"], SOON)


def test_sum_of_bitrix_counts_when_it_is_higher(books: PortalGovernor) -> None:
    books.learn([Use("crm.item.add", 1.0, operating=380.0)])
    assert put_off(books, ["batch", "crm.item.add"]) == pytest.approx(600)


def test_commands_of_a_batch_count_each(books: PortalGovernor) -> None:
    books.learn([Use("crm.item.add", 2.0) for _ in range(50)])
    books.learn([Use("crm.item.add", 2.0) for _ in range(50)])
    books.reserve(["batch", *["crm.item.add"] * 50], SOON)
    books.learn([Use("crm.item.add", 2.0) for _ in range(50)])
    put_off(books, ["batch", *["crm.item.add"] * 50])


def test_batches_fit_what_was_learnt(books: PortalGovernor) -> None:
    assert books.fitting(["imconnector.send.messages"] * 50) == 16
    books.learn([Use("imconnector.send.messages", 0.1)])
    assert books.fitting(["imconnector.send.messages"] * 80) == 50


def test_broken_books_do_not_undo_what_was_done(portal_id: int, time: Time) -> None:
    empty = PortalGovernor(portal_id, create_engine("sqlite://"), 2.0, 50, time.now, time.sleep)
    empty.learn([Use("crm.item.add", 1.0)])
    empty.blocked(None, NOW)


def test_governor_has_the_configured_pace(portal_id: int) -> None:
    governor(portal_id).reserve(["profile"], SOON)
