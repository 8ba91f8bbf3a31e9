"""How much of a portal's patience is left: requests in a bucket, seconds of each method.

Source: apidocs.bitrix24.com/limits. A request adds one to the bucket, which leaks
`rate` a second and must not rise above `burst`. The time that a method takes is summed
over ten one-minute baskets; above the limit the method is refused for minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

BASKETS = 10
BASKET_SECONDS = 60
OPERATING_LIMIT_SECONDS = 420.0  # the lowest documented; clouds may allow more
PLANNED_SHARE = 0.9
FREE_SECONDS = 0.1  # a method that takes less in one request is not charged
PEOPLE_PLACES = 15  # bucket places kept for people's clicks
BATCH_SECONDS = 20.0  # Bitrix24 cuts a request at 60
BATCH_CALLS = 50
LEARNING = 0.2

# Seconds of one command until the portal has shown its own; durations in the documentation.
FIRST_GUESS: Mapping[str, float] = {
    "imconnector.send.messages": 1.2,
    "imopenlines.session.history.get": 0.2,
    "crm.item.add": 1.8,
    "crm.item.update": 1.0,
    "crm.item.list": 0.3,
    "crm.lead.add": 3.3,
    "crm.timeline.comment.add": 0.1,
    "crm.timeline.comment.update": 0.1,
}
USUAL_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Bucket:
    """`level` requests at `at`; it leaks as time goes on."""

    level: float
    at: datetime

    def after(self, now: datetime, rate: float) -> "Bucket":
        """The bucket as it is at `now`; a clock that went back does not refill it."""
        passed = max(0.0, (now - self.at).total_seconds())
        return Bucket(max(0.0, self.level - passed * rate), max(now, self.at))

    def plus(self, requests: int = 1) -> "Bucket":
        return Bucket(self.level + requests, self.at)

    def wait_for(self, requests: int, rate: float, burst: int, reserve: int = 0) -> float:
        """Seconds until `requests` fit, `reserve` places left free; 0: now.

        What never fits (more than the whole bucket) waits until the bucket is empty.
        """
        room = max(burst - reserve, 1)
        over = self.level + min(requests, room) - room
        return max(0.0, over / rate)


def reserve(urgent: bool, burst: int) -> int:
    """Places that a request must leave free; small buckets keep at most a third."""
    return 0 if urgent else min(PEOPLE_PLACES, burst // 3)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Seconds that one method took, by minute (unix minutes as text, as JSON keeps them)."""

    minutes: Mapping[str, float] = field(default_factory=dict)

    def used(self, now: datetime) -> float:
        """Seconds that count at `now`: those of the running minute and the nine before."""
        return sum(self._counted(now).values())

    def charged(self, now: datetime, seconds: float, told: float | None = None) -> "Ledger":
        """With `seconds` more; `told` is the sum as Bitrix24 counts it, if it is higher.

        What it tells can lag behind (short commands of a batch are left out at first),
        so it raises our own sum and never lowers it.
        """
        kept = self._counted(now)
        minute = _minute(now)
        if seconds > FREE_SECONDS:
            kept[minute] = kept.get(minute, 0.0) + seconds
        missing = (told or 0.0) - sum(kept.values())
        if missing > 0:
            kept[minute] = kept.get(minute, 0.0) + missing
        return Ledger(kept)

    def allowed(
        self, now: datetime, seconds: float, limit: float = OPERATING_LIMIT_SECONDS
    ) -> float:
        """Seconds to wait until `seconds` more fit into the planned share; 0: now."""
        kept = self._counted(now)
        over = sum(kept.values()) + seconds - limit * PLANNED_SHARE
        opens = now.timestamp()
        for minute in sorted(kept, key=int):
            if over <= 0:
                break
            over -= kept[minute]
            opens = _leaves(minute)
        return opens - now.timestamp()

    def _counted(self, now: datetime) -> dict[str, float]:
        newest = int(_minute(now))
        return {
            minute: float(seconds)
            for minute, seconds in self.minutes.items()
            if newest - BASKETS < int(minute) <= newest
        }


def learned(cost: float, seconds: float) -> float:
    """The cost of one command after one more was seen; 0: nothing is known yet."""
    return seconds if cost <= 0 else cost + LEARNING * (seconds - cost)


def cost_of(method: str, cost: float = 0.0) -> float:
    """Seconds one command is expected to take."""
    return cost if cost > 0 else FIRST_GUESS.get(method.lower(), USUAL_SECONDS)


def batch_size(costs: Sequence[float]) -> int:
    """How many of these commands, from the first, go into one request; at least one."""
    total, count = 0.0, 0
    for cost in costs[:BATCH_CALLS]:
        total += cost
        if total > BATCH_SECONDS and count:
            break
        count += 1
    return count


def wait(until: datetime | None, now: datetime) -> float:
    """Seconds until a closed door opens; 0: it is open."""
    return max(0.0, (until - now).total_seconds()) if until else 0.0


def _minute(now: datetime) -> str:
    return str(int(now.timestamp()) // BASKET_SECONDS)


def _leaves(minute: str) -> float:
    """The unix time at which a minute stops to count."""
    return float((int(minute) + BASKETS) * BASKET_SECONDS)
