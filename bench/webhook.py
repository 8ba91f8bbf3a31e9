"""A webhook of Telegram: stored durably and answered, against a bare Flask insert."""

import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import count
from json import dumps
from multiprocessing.queues import Queue

from bench._served import HEADERS, HOOK_KEY
from bench.figures import quantile, say, spread
from sandbox.run import _taken

CONNECTIONS, SECONDS, ROUNDS = 16, 4.0, 2
PACED, PACED_RATE, PACED_SECONDS = 8, 200, 6.0
PORTS = {"bare": 17420, "ours": 17421}


def update(number: int) -> bytes:
    chat = 1000 + number % 500
    user = {"id": chat, "is_bot": False, "first_name": "Anna", "language_code": "en"}
    message = {
        "message_id": number,
        "from": user,
        "chat": {"id": chat, "type": "private", "first_name": "Anna"},
        "date": int(time.time()),
        "text": "Good day! Is the blue one in stock, and what does delivery cost?",
    }
    return dumps({"update_id": number, "message": message}).encode()


def shoot(port: int, first: int, pace: float | None, told: "Queue[list[float]]") -> None:
    """A process of clients; `pace`: calls a second of all of them, None: as fast as they can."""
    numbers, took, guard = count(first), [], threading.Lock()
    clients = CONNECTIONS if pace is None else PACED
    began = time.monotonic()
    until = began + (SECONDS if pace is None else PACED_SECONDS)

    def client(place: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        due = began + place / (pace or 1)
        while (start := time.monotonic()) < until:
            if pace is not None:
                time.sleep(max(0.0, due - start))
                start, due = due, due + clients / pace
            with guard:
                body = update(next(numbers))
            connection.request("POST", f"/hooks/{HOOK_KEY}", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            took.append(time.monotonic() - start)

    threads = [threading.Thread(target=client, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(took)


def measure(kind: str, first: int, pace: float | None = None) -> list[float]:
    context = multiprocessing.get_context("spawn")
    told: Queue[list[float]] = context.Queue()
    gun = context.Process(target=shoot, args=(PORTS[kind], first, pace, told))
    gun.start()
    took = told.get(timeout=60)
    gun.join()
    return took


@contextmanager
def served(kind: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench._served", kind, str(PORTS[kind]), folder]
        with subprocess.Popen(command) as server:
            try:
                while not _taken(PORTS[kind]):
                    assert server.poll() is None, "the server ended"
                    time.sleep(0.05)
                yield
            finally:
                server.terminate()


def main() -> None:
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    paced: dict[str, list[float]] = {}
    with served("bare"), served("ours"):
        for turn in range(ROUNDS):
            for kind, found in rates.items():
                found.append(len(measure(kind, 1 + turn * 1_000_000)) / SECONDS)
        for kind in rates:
            paced[kind] = measure(kind, 50_000_000, PACED_RATE)
    best = {kind: quantile(found, 0.5) for kind, found in rates.items()}
    for kind, title in (("bare", "bare Flask insert"), ("ours", "ours")):
        say(f"{title}, {CONNECTIONS} connections", f"{best[kind]:6.0f} calls/s")
        say(f"{title}, {PACED_RATE} calls/s", spread(paced[kind]))
    say("ours / bare", f"{best['ours'] / best['bare']:.2f}  (goal 0.8)")
