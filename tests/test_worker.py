"""The worker: what a killed one held is taken over once its last request has ended."""

import os
from datetime import UTC, datetime, timedelta

from flask import Flask

from b24app.db import reading, transaction
from b24app.models import Job, job
from b24app.worker import ECHO, LEASE, Worker

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOST = os.uname().nodename[:20]
NOBODY = 2**22 + 1  # above the highest pid


def held_until(app: Flask, holder: str) -> timedelta:
    """How much of a lease is left after a new worker has looked."""
    with transaction():
        job.promise("nothing", "a", NOW, portal_id=None)
        job.claim(holder, datetime.now(UTC), LEASE)
    Worker(app, threads=0)._inherit()
    with reading() as session:
        until = session.query(Job.locked_until).scalar()
    return until - datetime.now(UTC)


def test_killed_process_has_heirs(app: Flask) -> None:
    assert held_until(app, f"{HOST}:{NOBODY}:abc123:worker-0") <= ECHO


def test_earlier_life_of_our_number_has_heirs(app: Flask) -> None:
    assert held_until(app, f"{HOST}:{os.getpid()}:abc123:worker-0") <= ECHO


def test_living_process_keeps_its_jobs(app: Flask) -> None:
    assert held_until(app, f"{HOST}:{os.getppid()}:abc123:worker-0") > ECHO


def test_other_machines_keep_theirs(app: Flask) -> None:
    assert held_until(app, f"elsewhere:{NOBODY}:abc123:worker-0") > ECHO


def test_often_killed_process_does_not_hold_for_ever(app: Flask) -> None:
    left = held_until(app, f"{HOST}:{NOBODY}:abc123:worker-0")
    Worker(app, threads=0)._inherit()
    with reading() as session:
        assert session.query(Job.locked_until).scalar() - datetime.now(UTC) < left
