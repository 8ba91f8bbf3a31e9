"""Promises kept a second by four threads, against bare SQL that claims and finishes a row."""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import create_engine, event, text

from b24app import config, db
from b24app.application import create_app
from b24app.models import Job, job
from b24app.worker import Worker
from bench.figures import say

JOBS, LANES, THREADS = 1500, 50, 4


def ours(folder: str) -> float:
    """Jobs a second."""
    env = {
        "DATABASE_URL": f"sqlite:///{folder}/ours.db",
        "SECRET_KEY": "bench-secret-key-of-sufficient-length-00",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "MEDIA_DIR": f"{folder}/media",
        "LOG_LEVEL": "error",
    }
    app = create_app(config.read(env))
    with app.app_context():
        db.db.create_all()
        with db.transaction():
            for number in range(JOBS):
                lane = f"lane-{number % LANES}"
                job.promise(
                    "nothing", f"job-{number}", datetime.now(UTC), portal_id=None, lane=lane
                )
        crew = Worker(app, THREADS)
        crew.handlers = dict.fromkeys(("nothing", "housekeeping"), lambda _: None)
        began = time.monotonic()
        crew.start()
        while _left():
            time.sleep(0.02)
        took = time.monotonic() - began
        crew.stop()
    return JOBS / took


def _left() -> int:
    with db.reading() as session:
        return session.query(Job).where(Job.kind == "nothing", Job.state != "done").count()


def bare(folder: str) -> float:
    """The least: two commits a row, no lanes, one thread."""
    engine = create_engine(f"sqlite:///{folder}/bare.db")
    event.listen(engine, "connect", db._tune_sqlite)
    event.listen(engine, "begin", lambda one: one.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT)"))
        connection.execute(
            text("INSERT INTO job (state) VALUES ('queued')"), [{} for _ in range(JOBS)]
        )
    claim = text(
        "UPDATE job SET state='running' WHERE id=(SELECT min(id) FROM job WHERE state='queued')"
        " RETURNING id"
    )
    began = time.monotonic()
    for _ in range(JOBS):
        with engine.begin() as connection:
            number = connection.execute(claim).scalar()
        with engine.begin() as connection:
            connection.execute(text("UPDATE job SET state='done' WHERE id=:id"), {"id": number})
    return JOBS / (time.monotonic() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain, kept = bare(str(Path(folder))), ours(str(Path(folder)))
    say("bare SQL, two commits a row", f"{plain:6.0f} jobs/s")
    say(f"ours, {THREADS} threads, {LANES} lanes", f"{kept:6.0f} jobs/s")
    say("ours / bare", f"{kept / plain:.2f}")
