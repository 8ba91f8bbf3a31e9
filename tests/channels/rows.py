"""Rows that are in the database already, for tests that come to the door from outside."""

from typing import Any, TypeVar

from b24app.db import db
from b24app.models import Channel, Portal
from tests import build
from tests.channels.recordings import SECRET

Kept = TypeVar("Kept", Portal, Channel)
TOKEN = "100001:SANDBOX-TOKEN-ONE"


def kept(row: Kept) -> Kept:
    """The row as it is in the database, apart from any session: reading it costs nothing."""
    db.session.commit()
    db.session.refresh(row)
    db.session.expunge(row)
    db.session.rollback()
    return row


def portal(**more: Any) -> Portal:
    return kept(build.portal(**more))


def channel(of: Portal | None = None, kind: str = "telegram", **more: Any) -> Channel:
    """A connected account whose secret is that of the recordings."""
    settings = {"token": TOKEN} if kind == "telegram" else {}
    return kept(build.channel(of, **{"kind": kind, "settings": settings, "secret": SECRET, **more}))
