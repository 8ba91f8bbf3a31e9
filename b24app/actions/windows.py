"""Until when free words may go to a client: some messengers close some hours after theirs."""

from datetime import datetime, timedelta

from b24app import channels
from b24app.models import Conversation


def span(kind: str) -> timedelta | None:
    """How long the window of a kind stays open; None: there is none."""
    found = channels.kinds().get(kind)
    return found.window if found else None


def until(heard_at: datetime | None, length: timedelta) -> datetime | None:
    """When a window closes; None: the client never wrote, so it was never open."""
    return heard_at + length if heard_at else None


def is_open(row: Conversation, now: datetime) -> bool:
    """Whether free words may be sent now."""
    length = span(row.channel.kind)
    if length is None:
        return True
    closes = until(row.identity.heard_at, length)
    return closes is not None and now < closes
