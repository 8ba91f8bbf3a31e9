"""Events of Bitrix24: kept as they come, understood in the worker; the life of an installation."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from b24app import actions, clock
from b24app.actions import journal, line_checks, promises
from b24app.bitrix.payloads import PortalEvent
from b24app.db import db, transaction
from b24app.errors import Invalid
from b24app.models import Arrival, Job, Portal
from b24app.models.job import SOON, URGENT, promise

Handler = Callable[[Portal, PortalEvent, datetime], None]
# How events are kept in order: what goes to clients never waits for what CRM tells.
LANES = (
    ("ONIMCONNECTOR", "lines", URGENT),
    ("ONOPENLINE", "lines", URGENT),
    ("ONSESSION", "lines", URGENT),
    ("ONCRM", "crm", SOON),
)
OTHER_LANE = ("life", SOON)
AT_ONCE = frozenset({"ONAPPUNINSTALL"})  # whoever throws us out does not wait for the worker
SECRETS = ("access_token", "refresh_token", "application_token")


def receive(portal_id: int, event: PortalEvent, now: datetime) -> bool:
    """Keep a verified event and promise to understand it; False if it came before."""
    number = _keep(portal_id, event, now)
    if number is None:
        return False
    if event.event in AT_ONCE:
        _understand(number, now)
        return True
    lane, priority = _lane(event.event)
    promise(
        "bitrix_event",
        f"arrival:{number}",
        now,
        portal_id=portal_id,
        lane=lane_of(portal_id, lane),
        priority=priority,
        payload={"arrival_id": number},
    )
    return True


def understand(job: Job) -> None:
    """Do what a kept event asks for; an event that makes no sense is marked, not repeated."""
    number = job.payload["arrival_id"]
    try:
        with transaction():
            _understand(number, clock.now())
    except Invalid as error:
        with transaction() as session:
            session.get_one(Arrival, number).error = error.message[:500]
            session.get_one(Arrival, number).state = "failed"


@cache
def handlers() -> Mapping[str, Handler]:
    """Event → what it means here; every module of actions may bring `EVENTS`."""
    found: dict[str, Handler] = {}
    for module in iter_modules(actions.__path__):
        found.update(getattr(import_module(f"b24app.actions.{module.name}"), "EVENTS", {}))
    return found


def finish_install(portal_id: int, user_id: int | None, now: datetime) -> None:
    """The portal works from here on."""
    portal = db.session.get_one(Portal, portal_id)
    if portal.status == "active":
        return
    portal.status, portal.error = "active", ""
    portal.installed_at = now
    promises.messengers(portal_id, "rejoin_messenger", now)
    line_checks.ask(portal_id, now)
    journal.audit(portal_id, user_id, "installed", {"version": portal.app_version}, now)


def lane_of(portal_id: int, lane: str) -> str:
    """Where events of one kind are understood one after another."""
    return f"portal:{portal_id}:events:{lane}"


def _lane(event: str) -> tuple[str, int]:
    fitting = ((lane, priority) for start, lane, priority in LANES if event.startswith(start))
    return next(fitting, OTHER_LANE)


def _understand(number: int, now: datetime) -> None:
    arrival = db.session.get(Arrival, number)
    if arrival is None or arrival.state != "new":
        return
    portal = db.session.get_one(Portal, arrival.portal_id)
    event = PortalEvent.from_form(json.loads(arrival.body))
    handler = handlers().get(event.event)
    if handler and portal.status != "deleted":
        handler(portal, event, now)
    arrival.state = "done"


def _keep(portal_id: int, event: PortalEvent, now: datetime) -> int | None:
    """The number of the new Arrival; None if the same event is kept already."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    kept = (
        insert(Arrival)
        .values(
            portal_id=portal_id,
            source=f"bitrix:{portal_id}",
            provider_id=event.fingerprint,
            body=json.dumps(_without_secrets(event), ensure_ascii=False),
            meta={"event": event.event},
            state="new",
            error="",
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["source", "provider_id"])
        .returning(Arrival.id)
    )
    return db.session.execute(kept).scalar()


def _without_secrets(event: PortalEvent) -> dict[str, Any]:
    """The event as `PortalEvent.from_form` reads it again; its tokens are not kept."""
    told = asdict(event)
    told["ts"] = str(event.ts)
    told["auth"] = {
        name: "" if value is None else str(value)
        for name, value in told["auth"].items()
        if name not in SECRETS
    }
    return told


def _installed(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """ONAPPINSTALL comes after `installFinish`, perhaps late."""
    if _told(event, "INSTALLED") != "N":
        finish_install(portal.id, event.auth.user_id, now)


def _updated(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A new version may have dropped what we registered, and may want more."""
    portal.app_version = _told(event, "VERSION")[:16] or portal.app_version
    payload = {"portal_id": portal.id}
    promise("bindings", f"bindings:{portal.id}", now, portal_id=portal.id, payload=payload)


def _paid(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A subscription that ran out stops the portal; a payment starts it again."""
    portal.app_status = _told(event, "STATUS")[:4] or portal.app_status
    if _told(event, "PAYMENT_EXPIRED") == "Y" and portal.status == "active":
        portal.status, portal.error = "blocked", "PAYMENT_REQUIRED: the subscription has ended."
    elif _told(event, "PAYMENT_EXPIRED") == "N" and portal.error.startswith("PAYMENT_REQUIRED"):
        portal.status, portal.error = "active", ""


def _told(event: PortalEvent, name: str) -> str:
    value = event.data.get(name) if isinstance(event.data, dict) else None
    return value if isinstance(value, str) else ""


EVENTS: dict[str, Handler] = {
    "ONAPPINSTALL": _installed,
    "ONAPPUPDATE": _updated,
    "ONAPPPAYMENT": _paid,
}
JOBS = {"bitrix_event": understand}
