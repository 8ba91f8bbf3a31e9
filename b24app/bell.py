"""Wakes those who wait: inside the process, and across processes through Redis.

A bell says "look", never what happened: the truth is in the database, and whoever
listens also looks once a second, so a lost ring costs a moment and nothing else.
"""

import logging
import threading
import time
from collections.abc import Callable

import redis

Listener = Callable[[str], None]
CHANNEL = "callgear:bell"
log = logging.getLogger(__name__)


class Bell:
    """In-process rings; with a Redis address they reach other processes too."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._redis: redis.Redis | None = None
        self._stop = threading.Event()

    def connect(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self._stop.clear()
        threading.Thread(target=self._follow, name="bell", daemon=True).start()

    def close(self) -> None:
        self._stop.set()
        self._redis = None

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    def ring(self, topic: str) -> None:
        if self._redis is None:
            return self._wake(topic)
        try:
            self._redis.publish(CHANNEL, topic)
        except redis.RedisError as error:
            log.warning("bell: Redis is away, waking this process only: %s", error)
            self._wake(topic)

    def _wake(self, topic: str) -> None:
        for listener in tuple(self._listeners):
            listener(topic)

    def _follow(self) -> None:
        while not self._stop.is_set() and (client := self._redis) is not None:
            try:
                pubsub = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                pubsub.subscribe(CHANNEL)
                while not self._stop.is_set():
                    if message := pubsub.get_message(timeout=1.0):
                        self._wake(message["data"].decode())
            except redis.RedisError as error:
                log.warning("bell: Redis is away, listening again in a second: %s", error)
                time.sleep(1)


_bell = Bell()
connect, close, listen, forget, ring = (
    _bell.connect,
    _bell.close,
    _bell.listen,
    _bell.forget,
    _bell.ring,
)
