"""Numbers that count once: remembered for as long as they could be shown again."""

import heapq
import logging
import threading
import time

import redis
from flask import current_app

from b24app.config import Config

KEY = "callgear:spent:"
log = logging.getLogger(__name__)


class Spent:
    """What was spent in this process."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._ends: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def spend(self, number: str, seconds: int) -> bool:
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            if number in self._known:
                return False
            self._known.add(number)
            heapq.heappush(self._ends, (now + seconds, number))
            return True

    def known(self, number: str) -> bool:
        with self._lock:
            self._forget(time.monotonic())
            return number in self._known

    def _forget(self, now: float) -> None:
        while self._ends and self._ends[0][0] < now:
            self._known.discard(heapq.heappop(self._ends)[1])


_here = Spent()


def spend(number: str, seconds: int) -> bool:
    """False if the number was spent before: anywhere when there is Redis, else here.

    Args:
        seconds: how long it could be shown again.
    """
    config: Config = current_app.config["CALLGEAR"]
    if not config.redis_url:
        return _here.spend(number, seconds)
    try:
        return bool(_redis(config.redis_url).set(KEY + number, 1, nx=True, ex=seconds))
    except redis.RedisError as error:
        log.warning("spent: Redis is away, counting in this process only: %s", error)
        return _here.spend(number, seconds)


def spent(number: str) -> bool:
    """Whether the number was spent, without spending it."""
    config: Config = current_app.config["CALLGEAR"]
    if not config.redis_url:
        return _here.known(number)
    try:
        return bool(_redis(config.redis_url).exists(KEY + number))
    except redis.RedisError as error:
        log.warning("spent: Redis is away, looking in this process only: %s", error)
        return _here.known(number)


def _redis(url: str) -> redis.Redis:
    if "spent" not in current_app.extensions:
        current_app.extensions["spent"] = redis.Redis.from_url(url, socket_timeout=2)
    store = current_app.extensions["spent"]
    assert isinstance(store, redis.Redis)
    return store
