"""Working hours as people write them: `mon-fri 09:00-18:00`, a line for each; none: always."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from b24app.rules import zones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
_LINE = re.compile(
    r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of a day's clock; an `end` not after `start` is of the next day."""

    days: frozenset[int]
    start: int
    end: int


def read(lines: Sequence[str]) -> tuple[Span, ...]:
    """Spans that the lines say.

    Raises:
        ValueError: with the first line that says none.
    """
    return tuple(_span(line) for line in lines if line.strip())


def is_open(spans: Sequence[Span], zone: str, now: datetime) -> bool:
    """True within a span, and always if there are none."""
    if not spans:
        return True
    here = now.astimezone(zones.zone(zone))
    day, minute = here.weekday(), here.hour * 60 + here.minute
    return any(_holds(span, day, minute) for span in spans)


def opens_at(spans: Sequence[Span], zone: str, now: datetime) -> datetime | None:
    """When somebody is there again, within a week; None if somebody is there now."""
    if is_open(spans, zone, now):
        return None
    here = now.astimezone(zones.zone(zone))
    starts = [
        here.replace(hour=span.start // 60, minute=span.start % 60, second=0, microsecond=0)
        + timedelta(days=ahead)
        for span in spans
        for ahead in range(8)
        if (here.weekday() + ahead) % 7 in span.days
    ]
    return min((start for start in starts if start > here), default=None)


def _holds(span: Span, day: int, minute: int) -> bool:
    if span.start < span.end:
        return day in span.days and span.start <= minute < span.end
    late = day in span.days and minute >= span.start
    early = (day - 1) % 7 in span.days and minute < span.end
    return late or early


def _span(line: str) -> Span:
    found = _LINE.fullmatch(line.strip().lower())
    if not found or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        raise ValueError(line)
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    start, end = _minutes(found[3], found[4]), _minutes(found[5], found[6])
    if start is None or end is None or start == DAY_MINUTES:
        raise ValueError(line)
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    return Span(frozenset(days), start, end)


def _minutes(hours: str, minutes: str) -> int | None:
    told = int(hours) * 60 + int(minutes)
    return told if int(minutes) < 60 and told <= DAY_MINUTES else None
