"""Time zones by name: "Europe/Moscow", or "UTC+03:00" of a portal that tells an offset only."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"UTC([+-])(\d\d):(\d\d)", re.ASCII)


def zone(name: str) -> tzinfo:
    """The zone whose `str` this is; UTC for a name that this machine does not have."""
    return known(name) or UTC


def known(name: str) -> tzinfo | None:
    found = _OFFSET.fullmatch(name)
    try:
        return _offset(*found.groups()) if found else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _offset(sign: str, hours: str, minutes: str) -> timezone:
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-span if sign == "-" else span)
