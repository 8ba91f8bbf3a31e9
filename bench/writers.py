"""Writers of one SQLite database, in two processes: with turns and without."""

import multiprocessing
import tempfile
import threading
import time
from multiprocessing.queues import Queue
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text

from b24app import db
from bench.figures import say, spread

PROCESSES, THREADS, SECONDS = 2, 8, 4.0


def opened(path: str, fair: bool) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=THREADS)
    if fair:
        db.tune(engine)
        return engine
    event.listen(engine, "connect", db._tune_sqlite)
    event.listen(engine, "begin", lambda one: one.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def write(path: str, fair: bool, told: "Queue[list[float]]") -> None:
    """One process: threads that write a row at a time."""
    engine, took = opened(path, fair), []
    until = time.monotonic() + SECONDS

    def work() -> None:
        while (began := time.monotonic()) < until:
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO word (said) VALUES ('hello')"))
            took.append(time.monotonic() - began)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(took)


def measure(fair: bool) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "words.db")
        with opened(path, fair).begin() as connection:
            connection.execute(text("CREATE TABLE word (id INTEGER PRIMARY KEY, said TEXT)"))
        context = multiprocessing.get_context("spawn")
        told: Queue[list[float]] = context.Queue()
        crews = [context.Process(target=write, args=(path, fair, told)) for _ in range(PROCESSES)]
        for crew in crews:
            crew.start()
        took = [one for _ in crews for one in told.get(timeout=60)]
        for crew in crews:
            crew.join()
        return took


def main() -> None:
    for name, fair in (("SQLite's own waiting", False), ("turns (ours)", True)):
        took = measure(fair)
        rate = len(took) / SECONDS
        say(name, f"{rate:6.0f} commits/s · {spread(took)} · max {max(took) * 1000:.0f} ms")
