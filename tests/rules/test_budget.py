"""The budget in numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from b24app.rules import budget
from b24app.rules.budget import Bucket, Ledger

NOW = datetime(2026, 11, 21, 10, 0, 30, tzinfo=UTC)
RATE, BURST = 2.0, 50


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def ahead(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_bucket_leaks() -> None:
    assert Bucket(50, ago(10)).after(NOW, RATE) == Bucket(30, NOW)


def test_bucket_leaks_no_deeper_than_empty() -> None:
    assert Bucket(5, ago(60)).after(NOW, RATE).level == 0


def test_clock_set_back_gives_nothing() -> None:
    assert Bucket(50, ahead(60)).after(NOW, RATE) == Bucket(50, ahead(60))


@pytest.mark.parametrize(
    ("level", "kept", "seconds"),
    [(0, 0, 0), (49, 0, 0), (50, 0, 0.5), (49.5, 0, 0.25), (34, 15, 0), (35, 15, 0.5), (50, 15, 8)],
)
def test_full_bucket_asks_to_wait(level: float, kept: int, seconds: float) -> None:
    assert Bucket(level, NOW).wait_for(1, RATE, BURST, kept) == pytest.approx(seconds)


def test_more_than_the_bucket_waits_for_an_empty_one() -> None:
    assert Bucket(10, NOW).wait_for(1000, RATE, BURST) == pytest.approx(5)


def test_fifty_requests_go_at_once_and_the_next_half_a_second_later() -> None:
    bucket, gone = Bucket(0, NOW), 0
    while bucket.wait_for(1, RATE, BURST) == 0:
        bucket, gone = bucket.plus(), gone + 1
    assert (gone, bucket.wait_for(1, RATE, BURST)) == (50, 0.5)


@pytest.mark.parametrize(
    ("urgent", "burst", "kept"), [(True, 50, 0), (False, 50, 15), (False, 6, 2), (False, 1, 0)]
)
def test_people_have_places_of_their_own(urgent: bool, burst: int, kept: int) -> None:
    assert budget.reserve(urgent, burst) == kept


def test_ledger_counts_ten_minutes() -> None:
    ledger = Ledger().charged(ago(600), 100).charged(ago(540), 10).charged(NOW, 1)
    assert ledger.used(NOW) == 11


def test_short_calls_are_free() -> None:
    assert Ledger().charged(NOW, 0.1).used(NOW) == 0


def test_higher_sum_of_bitrix_counts() -> None:
    ledger = Ledger().charged(NOW, 5, told=9)
    assert ledger.used(NOW) == 9
    assert ledger.charged(NOW, 1, told=4).used(NOW) == 10


def test_ledger_forgets_old_minutes() -> None:
    assert len(Ledger().charged(ago(3600), 5).charged(NOW, 5).minutes) == 1


def test_nine_tenths_may_be_used() -> None:
    assert Ledger().charged(NOW, 376).allowed(NOW, 2) == 0
    assert Ledger().charged(NOW, 377).allowed(NOW, 2) == 570  # the minute began 30 s ago


def test_wait_ends_when_enough_minutes_are_gone() -> None:
    ledger = Ledger().charged(ago(300), 100).charged(ago(60), 278)
    assert ledger.allowed(NOW, 50) == 270
    assert ledger.allowed(NOW, 150) == 510


def test_what_never_fits_goes_when_nothing_counts() -> None:
    assert Ledger().allowed(NOW, 10_000) == 0


def test_budget_spent_evenly_is_never_exceeded() -> None:
    ledger, now, sent = Ledger(), NOW, 0
    while now < ahead(1200):
        if wait := ledger.allowed(now, 1.2):
            now += timedelta(seconds=wait)
            continue
        ledger, sent, now = ledger.charged(now, 1.2), sent + 1, now + timedelta(seconds=1)
        assert ledger.used(now) <= 378
    assert sent >= 2 * 378 / 1.2 * 0.95


def test_cost_is_learned() -> None:
    first = budget.learned(0, 2.0)
    assert (first, budget.learned(first, 1.0)) == (2.0, pytest.approx(1.8))


def test_unknown_cost_is_guessed() -> None:
    assert budget.cost_of("imconnector.send.messages") == 1.2
    assert budget.cost_of("some.method") == 0.4
    assert budget.cost_of("imconnector.send.messages", 0.2) == 0.2


@pytest.mark.parametrize(
    ("costs", "count"),
    [
        ([], 0),
        ([0.1] * 80, 50),
        ([1.2] * 50, 16),
        ([25.0, 0.1], 1),
        ([19.0, 2.0], 1),
        ([0.4] * 50, 50),
    ],
)
def test_batch_lasts_twenty_seconds_at_most(costs: list[float], count: int) -> None:
    assert budget.batch_size(costs) == count


def test_open_door_needs_no_wait() -> None:
    assert budget.wait(None, NOW) == budget.wait(ago(1), NOW) == 0
    assert budget.wait(ahead(3), NOW) == 3
