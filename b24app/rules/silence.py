"""Is it unusual that nobody writes? A channel's rhythm: hours of the week and the weeks heard.

`{"34": [105640, 105641]}`: in hour 34 of the week (Tuesday, 10:00 UTC) messages came in
the two weeks of these numbers.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

WEEKS = 4  # looked back at
USUAL = 2  # of them with messages make an hour usual
WEEK_HOURS = 7 * 24
HOUR = timedelta(hours=1)

Rhythm = Mapping[str, list[int]]


def heard(rhythm: Rhythm, at: datetime) -> dict[str, list[int]]:
    """The rhythm with a message at a time; weeks too old to count are dropped."""
    slot, week = _slot(at), _week(at)
    weeks = sorted({*rhythm.get(slot, ()), week})[-WEEKS:]
    return {**rhythm, slot: weeks}


def silent(rhythm: Rhythm, hours: int, last_in: datetime | None, now: datetime) -> bool:
    """True if nothing came for so many hours, and in one of them something usually comes.

    Args:
        hours: 0: such an alarm is not wanted.
    """
    if not hours or last_in is None or now - last_in < timedelta(hours=hours):
        return False
    quiet = min(int((now - last_in) / HOUR), WEEK_HOURS)
    return any(_usual(rhythm, now - ago * HOUR) for ago in range(1, quiet + 1))


def _usual(rhythm: Rhythm, at: datetime) -> bool:
    week = _week(at)
    before = [one for one in rhythm.get(_slot(at), ()) if week - WEEKS <= one < week]
    return len(before) >= USUAL


def _slot(at: datetime) -> str:
    return str(at.weekday() * 24 + at.hour)


def _week(at: datetime) -> int:
    """The number of a week since the beginning of the calendar; weeks begin on Mondays."""
    return (at.toordinal() - 1) // 7
