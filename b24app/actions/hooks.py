"""Calls of messengers at our door: kept as they come, understood in the worker."""

import base64
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from b24app import channels
from b24app.channels.base import Adapter
from b24app.db import db
from b24app.errors import NotFound
from b24app.models import Arrival, Channel, Portal
from b24app.models.job import URGENT, promise
from b24app.values import Account, HookCall

CONNECTED = (Channel.state != "disconnected", Channel.deleted_at.is_(None))
BY_KEY = (
    select(Channel.id, Channel.portal_id, Channel.kind, Channel.settings, Channel.secret)
    .join(Portal, Portal.id == Channel.portal_id)
    .where(Channel.hook_key == bindparam("key"), *CONNECTED, Portal.status != "deleted")
)


@dataclass(frozen=True, slots=True)
class Door:
    """Whose door a call came to, and who can read it."""

    channel_id: int
    portal_id: int
    adapter: Adapter


def door(key: str) -> Door:
    """The channel behind a hook address; NotFound if it is not connected or its portal left."""
    found = db.session.connection().execute(BY_KEY, {"key": key}).one_or_none()
    if found is None:
        raise NotFound("Nobody listens at this address.")
    account = Account(found.id, found.settings or {}, f"/hooks/{key}", found.secret)
    return Door(found.id, found.portal_id, channels.adapter(found.kind, account))


def keep(at: Door, call: HookCall, now: datetime, stored: str = "") -> bool:
    """Keep a verified call and promise to understand it; False if it came before.

    Args:
        stored: where its body lies in our store, if it is too long for a row.
    Raises:
        Invalid: the call has no number by which a repeat would be known.
    """
    number = _keep(at, call, now, stored)
    if number is None:
        return False
    chat = at.adapter.lane(call)
    promise(
        "receive",
        f"arrival:{number}",
        now,
        portal_id=at.portal_id,
        lane=f"channel:{at.channel_id}:chat:{chat}" if chat else f"channel:{at.channel_id}:receive",
        priority=URGENT,
        payload={"arrival_id": number},
    )
    return True


def _keep(at: Door, call: HookCall, now: datetime, stored: str) -> int | None:
    """The number of the new arrival, or None: it is a repeat."""
    body, packed = ("", {"stored": stored}) if stored else _text(call.body)
    fresh = {
        "portal_id": at.portal_id,
        "channel_id": at.channel_id,
        "source": f"channel:{at.channel_id}",
        "provider_id": at.adapter.provider_id(call),
        "body": body,
        "meta": {"method": call.method, "query": dict(call.query), **packed},
        "state": "new",
        "error": "",
        "received_at": now,
    }
    connection = db.session.connection()
    return connection.execute(_insert(db.engine.dialect.name), fresh).scalar()


@cache
def _insert(dialect: str) -> Any:
    """The statement that keeps a call once; building it takes longer than running it."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    once = insert(Arrival).on_conflict_do_nothing(index_elements=["source", "provider_id"])
    return once.returning(Arrival.id)


def _text(body: bytes) -> tuple[str, dict[str, Any]]:
    """A body as a text column takes it, and how to read it back."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        return base64.b64encode(body).decode(), {"base64": True}
    return text, {}
