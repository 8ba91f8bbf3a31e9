from datetime import UTC, datetime

import pytest

from b24app.rules import hours

MOSCOW = "Europe/Moscow"
OFFICE = hours.read(["mon-fri 09:00-18:00", "sat 10:00-14:00"])
MONDAY_NOON = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)  # 12:00 in Moscow


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (MONDAY_NOON, True),
        (at(30, 5, 59), False),
        (at(30, 6), True),
        (at(30, 14, 59), True),
        (at(30, 15), False),
        (at(28, 8), True),
        (at(28, 12), False),
        (at(29, 9), False),
    ],
)
def test_office_is_open(now: datetime, is_open: bool) -> None:
    assert hours.is_open(OFFICE, MOSCOW, now) is is_open


def test_no_hours_are_always() -> None:
    assert hours.is_open((), MOSCOW, at(29, 3))
    assert hours.opens_at((), MOSCOW, at(29, 3)) is None


def test_night_shift_goes_on_after_midnight() -> None:
    night = hours.read(["fri 22:00-06:00"])
    assert hours.is_open(night, "UTC", at(27, 23))
    assert hours.is_open(night, "UTC", at(28, 5, 59))
    assert not hours.is_open(night, "UTC", at(28, 6))
    assert not hours.is_open(night, "UTC", at(27, 5))


def test_days_go_round_the_week() -> None:
    assert hours.read(["sat-mon 00:00-24:00"])[0].days == {5, 6, 0}


@pytest.mark.parametrize(
    ("now", "opens"),
    [(at(28, 12), at(30, 6)), (at(30, 15), datetime(2026, 12, 1, 6, tzinfo=UTC))],
)
def test_next_opening_is_known(now: datetime, opens: datetime) -> None:
    assert hours.opens_at(OFFICE, MOSCOW, now) == opens
    assert hours.opens_at(OFFICE, MOSCOW, MONDAY_NOON) is None


@pytest.mark.parametrize(
    "line", ["monday 9-18", "mon", "xyz 09:00-18:00", "mon 09:60-18:00", "mon 25:00-26:00", "24/7"]
)
def test_nonsense_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="^" + line.replace("/", "/") + "$"):
        hours.read([line])
