from datetime import UTC, datetime, timedelta

from b24app.rules import silence

TUESDAY = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def rhythm(weeks: int, at: datetime = TUESDAY) -> dict[str, list[int]]:
    """Of a channel that was written to at this hour in each of the last weeks."""
    known: dict[str, list[int]] = {}
    for ago in range(weeks, 0, -1):
        known = silence.heard(known, at - ago * WEEK)
    return known


def test_usual_hour_without_a_word_is_an_alarm() -> None:
    last = TUESDAY - 15 * HOUR
    assert silence.silent(rhythm(3), 4, last, TUESDAY + HOUR)


def test_night_is_quiet_without_an_alarm() -> None:
    last = TUESDAY - 8 * HOUR
    assert not silence.silent(rhythm(3), 4, last, TUESDAY - 2 * HOUR)


def test_short_silence_is_none() -> None:
    assert not silence.silent(rhythm(3), 4, TUESDAY - 2 * HOUR, TUESDAY + HOUR)


def test_one_week_is_no_habit() -> None:
    assert not silence.silent(rhythm(1), 4, TUESDAY - 15 * HOUR, TUESDAY + HOUR)


def test_old_habits_are_forgotten() -> None:
    old = rhythm(3, TUESDAY - 10 * WEEK)
    assert not silence.silent(old, 4, TUESDAY - 15 * HOUR, TUESDAY + HOUR)


def test_unwanted_alarm_is_none() -> None:
    assert not silence.silent(rhythm(3), 0, TUESDAY - 15 * HOUR, TUESDAY + HOUR)
    assert not silence.silent(rhythm(3), 4, None, TUESDAY)


def test_rhythm_keeps_four_weeks_of_an_hour() -> None:
    known = rhythm(9)
    assert [len(weeks) for weeks in known.values()] == [silence.WEEKS]
