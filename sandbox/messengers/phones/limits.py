"""How many messages an account may send to one person and to all; off until switched on."""

from collections import defaultdict, deque
from collections.abc import Mapping

USUAL = {"pair": 6.0, "all": 80.0}


class Limits:
    """pair: seconds between two messages to one person; all: messages a second."""

    def __init__(self) -> None:
        self.allowed: dict[str, float] = {}
        self._last: dict[tuple[str, str], float] = {}
        self._sent: dict[str, deque[float]] = defaultdict(deque)

    def switch(self, wanted: Mapping[str, float] | bool | None) -> None:
        given = (USUAL if wanted else {}) if isinstance(wanted, bool) or wanted is None else wanted
        if unknown := set(given) - set(USUAL):
            raise ValueError(f"limits are {', '.join(USUAL)}, not {', '.join(sorted(unknown))}")
        self.allowed = {name: float(number) for name, number in given.items()}
        self._last.clear()
        self._sent.clear()

    def take(self, account: str, person: str, now: float) -> str:
        """The limit that is hit ("pair", "all"), or "" and the message is counted."""
        pair, window = (account, person), self._sent[account]
        while window and window[0] <= now - 1:
            window.popleft()
        if self.allowed.get("pair", 0) > now - self._last.get(pair, 0.0):
            return "pair"
        if "all" in self.allowed and len(window) >= self.allowed["all"]:
            return "all"
        self._last[pair] = now
        window.append(now)
        return ""
