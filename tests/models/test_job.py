"""Promises: claimed in order, kept once, taken over when a worker dies."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from b24app.db import db, transaction
from b24app.models import Job, job
from b24app.models.job import claim, finish, give_up, promise, put_off

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def wish(key: str, lane: str | None = None, **more: object) -> None:
    with transaction():
        promise("test", key, NOW, portal_id=None, lane=lane, **more)  # type: ignore[arg-type]


def take(worker: str = "w", at: datetime = NOW, limit: int = 1) -> list[str]:
    with transaction():
        return [taken.key for taken in claim(worker, at, LEASE, limit)]


def only() -> Job:
    return db.session.query(Job).populate_existing().one()


def test_same_key_is_one_promise(any_app: Flask) -> None:
    wish("a")
    wish("a")
    assert take(limit=10) == ["a"]


def test_lane_runs_in_order(any_app: Flask) -> None:
    wish("first", "lane")
    wish("second", "lane")
    assert take(limit=10) == ["first"]
    assert take(limit=10) == []


def test_waiting_head_holds_its_lane(any_app: Flask) -> None:
    wish("first", "lane", due_at=NOW + timedelta(hours=1))
    wish("second", "lane")
    assert take() == []


def test_other_lanes_go_on(any_app: Flask) -> None:
    wish("first", "lane")
    wish("other", "elsewhere")
    take()
    assert take() == ["other"]


def test_urgent_goes_first(any_app: Flask) -> None:
    wish("later", priority=job.LATER)
    wish("urgent", priority=job.URGENT)
    assert take() == ["urgent"]


def test_lost_lease_is_taken_over(any_app: Flask) -> None:
    wish("a", "lane")
    take("dead")
    assert take("alive", NOW + LEASE) == ["a"]


def test_lost_lease_is_taken_over_whatever_was_promised_since(any_app: Flask) -> None:
    wish("older", "lane")
    wish("younger", "lane")
    for worker in ("w", "dead"):
        take(worker)
        if worker == "w":
            with transaction():
                finish(db.session.query(Job).filter_by(key="older").one().id, "w", 1, NOW)
    wish("older", "lane")
    assert take("alive", NOW + LEASE) == ["younger"]


def test_starred_lane_has_no_head(any_app: Flask) -> None:
    wish("waits", "lane*", due_at=NOW + timedelta(hours=1))
    wish("first", "lane*")
    wish("second", "lane*")
    assert take(limit=1) == ["first"]
    assert take(limit=1) == []


def test_repeated_promise_is_not_put_off(any_app: Flask) -> None:
    wish("a", due_at=NOW)
    wish("a", due_at=NOW + timedelta(seconds=5))
    assert take() == ["a"]


def test_lost_lease_cannot_finish(any_app: Flask) -> None:
    wish("a")
    take("dead")
    take("alive", NOW + LEASE)
    with transaction():
        assert not finish(only().id, "dead", 1, NOW)


def test_repeated_while_running_runs_again(any_app: Flask) -> None:
    wish("a")
    take("w")
    wish("a")
    with transaction():
        finish(only().id, "w", 1, NOW)
    assert only().state == "queued"
    assert take() == ["a"]


def test_kept_promise_can_be_made_anew(any_app: Flask) -> None:
    wish("a")
    take("w")
    with transaction():
        finish(only().id, "w", 1, NOW)
    assert take() == []
    wish("a")
    assert take() == ["a"]


def test_put_off_waits(any_app: Flask) -> None:
    wish("a")
    take("w")
    with transaction():
        put_off(only().id, "w", NOW + timedelta(seconds=5), "busy")
    assert take() == []
    assert take(at=NOW + timedelta(seconds=5)) == ["a"]


def test_given_up_frees_its_lane(any_app: Flask) -> None:
    wish("first", "lane")
    wish("second", "lane")
    take("w")
    with transaction():
        give_up(db.session.query(Job).filter_by(key="first").one().id, "w", NOW, "never")
    assert take() == ["second"]


def test_rolled_back_promise_never_was(any_app: Flask) -> None:
    with pytest.raises(RuntimeError), transaction():
        promise("test", "a", NOW, portal_id=None)
        raise RuntimeError
    assert take() == []


def test_two_workers_never_share_a_job(any_app: Flask) -> None:
    for number in range(40):
        wish(f"job-{number}", f"lane-{number % 7}")
    taken: list[str] = []

    def work(name: str) -> None:
        with any_app.app_context():
            for _ in range(60):
                with transaction():
                    held = [(one.id, one.key, one.taken) for one in claim(name, NOW, LEASE)]
                for number, key, wanted in held:
                    taken.append(key)
                    with transaction():
                        finish(number, name, wanted, NOW)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted({f"job-{number}" for number in range(40)})


def effort(app: Flask, count: int) -> int:
    """Hundreds of steps that SQLite takes to claim an urgent job beside a long lane."""
    with transaction():
        for number in range(count):
            promise("test", f"{count}:{number}", NOW, portal_id=None, lane=f"lane {count}*")
        promise("test", f"urgent {count}", NOW, portal_id=None, lane="l", priority=job.URGENT)
    steps: list[int] = []
    with transaction() as session:
        raw = session.connection().connection.dbapi_connection
        assert raw is not None
        raw.set_progress_handler(lambda: steps.append(1), 100)
        assert [taken.key for taken in claim("w", NOW, LEASE)] == [f"urgent {count}"]
        raw.set_progress_handler(None, 0)
    with transaction():
        give_up(only_running(), "w", NOW, "")
    return len(steps)


def only_running() -> int:
    return db.session.query(Job.id).filter(Job.state == "running").one()[0]


def test_long_lane_costs_no_square(app: Flask) -> None:
    few, many = effort(app, 50), effort(app, 500)
    assert many < 20 * few, (few, many)


def test_two_who_claim_at_once_do_not_share_a_lane(any_app: Flask) -> None:
    """On PostgreSQL neither sees what the other has not committed; on SQLite they take turns."""
    wish("first", "lane*")
    wish("second", "lane*")
    heard: list[object] = []

    def rival() -> None:
        with any_app.app_context():
            try:
                heard.extend(take("rival"))
            except IntegrityError as error:
                heard.append(type(error))

    other = threading.Thread(target=rival)
    with transaction():
        assert [one.key for one in claim("w", NOW, LEASE)] == ["first"]
        other.start()
        _until_somebody_waits()
    other.join()
    assert heard in ([], [IntegrityError])


def _until_somebody_waits() -> None:
    """On PostgreSQL: the rival's claim stands before our row of the index."""
    if db.engine.dialect.name != "postgresql":
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
    with db.engine.connect() as watcher:
        while not watcher.execute(waiting).scalar():
            pass
