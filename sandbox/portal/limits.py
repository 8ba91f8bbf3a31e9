"""What the portal bears: requests a second, and operating time of each method."""

import threading
from collections import defaultdict
from typing import Any

from sandbox.portal.registry import RestError
from sandbox.portal.state import State

BASKETS = 10
BASKET_SECONDS = 60
FREE_SECONDS = 0.1
BAN_SECONDS = 300


class Bucket:
    """The leaky bucket, one per source: +1 a request, -`rate` a second, over `burst` it refuses."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.rate = state.settings.rate
        self.burst = state.settings.burst
        self.enabled = state.settings.limits
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def charge(self, source: str) -> None:
        """Count a request.

        Raises:
            RestError: QUERY_LIMIT_EXCEEDED; a refused request is not counted.
        """
        if not self.enabled:
            return
        with self._lock:
            now = self.state.now()
            level = self.level(source, now) + 1
            if level > self.burst:
                raise RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
            self._levels[source] = (level, now)

    def level(self, source: str, now: float) -> float:
        """How full the bucket of a source is."""
        level, seen = self._levels.get(source, (0.0, now))
        return max(0.0, level - (now - seen) * self.rate)

    def fill(self, source: str) -> None:
        """Fill the bucket, as another application on the same address would."""
        with self._lock:
            self._levels[source] = (float(self.burst), self.state.now())


class Operating:
    """Seconds each method took in the last ten minutes, in ten one-minute baskets."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.limit = state.settings.operating_limit
        self._baskets: dict[str, dict[int, float]] = defaultdict(dict)
        self._bans: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def code_profile(self) -> bool:
        """The stricter behaviour read in public copies of the limiter."""
        return self.state.switches.operating_profile == "code"

    def check(self, method: str) -> None:
        """Refuse a method that has used its time up.

        Raises:
            RestError: OPERATION_TIME_LIMIT.
        """
        with self._lock:
            banned = self._bans.get(method, 0) > self.state.now()
            spent = not self.code_profile and self._sum(method) >= self.limit
        if banned or spent:
            text = "Method is blocked due to operation time limit."
            raise RestError("OPERATION_TIME_LIMIT", text, 429)

    def charge(self, method: str, seconds: float) -> None:
        """Add what one HTTP request spent in a method."""
        if seconds <= 0 or (self.code_profile and seconds <= FREE_SECONDS):
            return
        with self._lock:
            basket = self._basket()
            self._baskets[method][basket] = self._baskets[method].get(basket, 0.0) + seconds
            if self.code_profile and self._sum(method) > self.limit:
                self._bans[method] = self.state.now() + BAN_SECONDS
                self._baskets[method].clear()

    def told(self, method: str) -> dict[str, Any]:
        """`operating` and `operating_reset_at` of the time block."""
        with self._lock:
            first = min(self._live(method), default=self._basket())
            reset = self._bans.get(method, 0.0)
            reset = max(reset, (first + BASKETS) * BASKET_SECONDS)
            return {"operating_reset_at": int(reset), "operating": round(self._sum(method), 6)}

    def _basket(self) -> int:
        return int(self.state.now() // BASKET_SECONDS)

    def _live(self, method: str) -> dict[int, float]:
        oldest = self._basket() - BASKETS + 1
        return {at: spent for at, spent in self._baskets[method].items() if at >= oldest}

    def _sum(self, method: str) -> float:
        return sum(self._live(method).values())
