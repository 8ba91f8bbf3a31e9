"""Flood control: how many messages a bot may send to one chat and to all.

Source: core.telegram.org/bots/faq ("My bot is hitting limits").
"""

import math
from collections import defaultdict, deque
from collections.abc import Mapping

from sandbox.messengers.telegram.errors import Refused, too_many

USUAL = {"chat": 1, "all": 30}


class Limits:
    """Messages allowed in any one second; off until switched on."""

    def __init__(self) -> None:
        self.allowed: dict[str, int] = {}
        self._sent: dict[tuple[int, int | None], deque[float]] = defaultdict(deque)

    def switch(self, wanted: bool | Mapping[str, int]) -> None:
        """True: the usual limits; a mapping: `{"chat": 1, "all": 30}`; False: none."""
        if isinstance(wanted, bool):
            wanted = USUAL if wanted else {}
        unknown = set(wanted) - set(USUAL)
        if unknown:
            raise ValueError(f"limits are {', '.join(USUAL)}, not {', '.join(sorted(unknown))}")
        self.allowed = {name: int(number) for name, number in wanted.items()}
        self._sent.clear()

    def take(self, bot_id: int, chat_id: int, now: float, count: int = 1) -> Refused | None:
        """The refusal, or None and the messages are counted."""
        if not self.allowed:
            return None
        windows = {"chat": self._sent[bot_id, chat_id], "all": self._sent[bot_id, None]}
        wait = max(self._wait(windows[name], name, now) for name in self.allowed)
        if wait > 0:
            return too_many(math.ceil(wait))
        for window in windows.values():
            window.extend([now] * count)
        return None

    def _wait(self, window: deque[float], name: str, now: float) -> float:
        while window and window[0] <= now - 1:
            window.popleft()
        return 0 if len(window) < self.allowed[name] else window[0] + 1 - now
