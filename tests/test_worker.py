"""The worker: what a killed one held is taken over at once."""

import os
from datetime import UTC, datetime, timedelta

from flask import Flask

from b24app.db import reading, transaction
from b24app.models import Job, job
from b24app.worker import LEASE, Worker

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
    assert held_until(app, f"{HOST}:{NOBODY}:abc123:worker-0") < timedelta()


def test_earlier_life_of_our_number_has_heirs(app: Flask) -> None:
    assert held_until(app, f"{HOST}:{os.getpid()}:abc123:worker-0") < timedelta()


def test_living_process_keeps_its_jobs(app: Flask) -> None:
    assert held_until(app, f"{HOST}:{os.getppid()}:abc123:worker-0") > timedelta()


def test_other_machines_keep_theirs(app: Flask) -> None:
    assert held_until(app, f"elsewhere:{NOBODY}:abc123:worker-0") > timedelta()
