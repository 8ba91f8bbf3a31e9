"""Time zones by name."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from b24app.rules.zones import zone

ZONES = (ZoneInfo("Europe/Moscow"), timezone(timedelta(hours=5, minutes=30)), UTC)


@pytest.mark.parametrize("given", [*ZONES, timezone(timedelta(hours=-3))])
def test_zone_is_read_from_its_own_name(given: timezone | ZoneInfo) -> None:
    at = datetime(2026, 8, 21, tzinfo=UTC)
    assert zone(str(given)).utcoffset(at) == given.utcoffset(at)


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../etc", "UTC+99:00", "a\x00b", "Europe/"])
def test_strange_name_is_utc(name: str) -> None:
    assert zone(name) is UTC
