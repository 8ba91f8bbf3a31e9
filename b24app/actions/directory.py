"""What a portal has to choose from, kept with us: employees, pipelines, sources, fields, time."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from sqlalchemy import and_, or_, select

from b24app import clock
from b24app.actions import people, portals
from b24app.actions.directory_reading import KINDS, Reading, read
from b24app.actions.shown import moment
from b24app.bitrix.client import Client
from b24app.bitrix.payloads import PortalEvent
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Channel, DirectoryPage, Job, Portal
from b24app.models.event import announce
from b24app.models.job import LATER, URGENT, promise
from b24app.rules import zones
from b24app.rules.documents import Known
from b24app.rules.fields import Field, writable

EVERY = timedelta(hours=12)
# Whoever edits fields edits several: they are read once.
EVENT_PAUSE = timedelta(seconds=10)
ENTITIES = ("lead", "deal", "contact")
KIND = "directory"


# -- Reading it again ---------------------------------------------------------------------


def refresh(portal_id: int, client: Client, now: datetime) -> Reading:
    """Ask the portal for everything and keep what it tells.

    What it refuses stays as it was, with the reason beside it. Employees become operators.

    Raises: BitrixError when nothing could be asked.
    """
    try:
        found = read(client)
    except BitrixError as error:
        with transaction():
            _keep(portal_id, Reading({}, dict.fromkeys(KINDS, error)), now)
        raise
    with transaction():
        _keep(portal_id, found, now)
        if found.documents.get("users"):  # somebody installed us: nobody at all is no news
            people.keep(portal_id, found.documents["users"])
    return found


def ask(portal_id: int, now: datetime, pause: timedelta = timedelta()) -> None:
    """Promise to read everything again soon."""
    promise(
        KIND,
        _asked(portal_id),
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:directory*",
        priority=LATER if pause else URGENT,
        due_at=now + pause,
        payload={"portal_id": portal_id},
    )


def ask_later(portal_id: int, now: datetime) -> None:
    """The next reading by the clock, however many times it is promised."""
    due = now + EVERY
    slot = int(due.timestamp() // EVERY.total_seconds())
    promise(
        KIND,
        f"{KIND}:{portal_id}:{slot}",
        now,
        portal_id=portal_id,
        lane=f"portal:{portal_id}:directory*",
        priority=LATER,
        due_at=due,
        payload={"portal_id": portal_id},
    )


def run(job: Job) -> None:
    """The promise to read everything again; it promises the next time first."""
    portal_id, now = job.payload["portal_id"], clock.now()
    with transaction() as session:
        portal = session.get(Portal, portal_id)
        if portal is None or portal.status == "deleted":
            return
        works = portal.works
        ask_later(portal_id, now)
    if works:
        refresh(portal_id, portals.client(portal_id), now)


def _keep(portal_id: int, found: Reading, now: datetime) -> None:
    rows = _rows(portal_id)
    for kind in KINDS:
        row = rows.get(kind) or DirectoryPage(portal_id=portal_id, kind=kind, document=None)
        if kind in found.documents:
            row.document, row.fetched_at = found.documents[kind], now
        error = found.errors.get(kind)
        row.error = error.message[:500] if error else ""
        db.session.add(row)
    announce(portal_id, KIND, {"errors": sorted(found.errors)}, now)


def _asked(portal_id: int) -> str:
    return f"{KIND}:{portal_id}"


# -- What others ask ----------------------------------------------------------------------


def shown(portal_id: int) -> dict[str, Any]:
    """The directories as screens have them; empty lists for what was never read."""
    rows = _rows(portal_id)
    known = _fields(rows)
    times = [row.fetched_at for row in rows.values() if row.fetched_at]
    errors = dict.fromkeys(rows[kind].error for kind in KINDS if kind in rows)
    lists = ("users", "departments", "pipelines", "lead_stages", "sources")
    return {
        "fetched_at": moment(min(times)) if times else None,
        "refreshing": _refreshing(portal_id),
        "error": "; ".join(filter(None, errors)) or None,
        **{name: _document(rows, name) or [] for name in lists},
        "fields": {
            name: [_field(one) for one in known.get(name, {}).values()] for name in ENTITIES
        },
        "leads_exist": _leads(rows),
        "zone": str(_zone(rows)),
    }


def known(portal_id: int) -> Known:
    """What rules are checked against; None for what was never read."""
    rows = _rows(portal_id)
    users, stages = _document(rows, "users"), _document(rows, "lead_stages")
    pipelines = _document(rows, "pipelines")
    channels = select(Channel.id).where(
        Channel.portal_id == portal_id, Channel.deleted_at.is_(None)
    )
    return Known(
        users=frozenset(int(one["id"]) for one in users) if users is not None else None,
        channels=frozenset(db.session.scalars(channels)),
        lead_stages=_ids(stages) if stages is not None else None,
        pipelines={int(one["id"]): _ids(one["stages"]) for one in pipelines}
        if pipelines is not None
        else None,
        fields=_fields(rows) or None,
        leads_exist=_leads(rows),
    )


def fields(portal_id: int) -> dict[str, dict[str, Field]]:
    """Fields by entity and code; an entity that was never read is not there."""
    return _fields(_rows(portal_id))


def zone(portal_id: int) -> tzinfo:
    """The portal's time zone; UTC when it was never told."""
    return _zone(_rows(portal_id))


def leads_exist(portal_id: int) -> bool:
    """Whether the portal works with leads; True when it was never told."""
    return _leads(_rows(portal_id))


def _rows(portal_id: int) -> dict[str, DirectoryPage]:
    rows = db.session.scalars(select(DirectoryPage).where(DirectoryPage.portal_id == portal_id))
    return {row.kind: row for row in rows}


def _document(rows: Mapping[str, DirectoryPage], kind: str) -> Any:
    row = rows.get(kind)
    return row.document if row else None


def _leads(rows: Mapping[str, DirectoryPage]) -> bool:
    return bool(_document(rows, "mode") != 2)


def _zone(rows: Mapping[str, DirectoryPage]) -> tzinfo:
    told = _document(rows, "zone") or {}
    offset = timedelta(seconds=told.get("offset_seconds") or 0)
    return zones.known(told.get("name") or "") or (timezone(offset) if offset else UTC)


def _fields(rows: Mapping[str, DirectoryPage]) -> dict[str, dict[str, Field]]:
    told = {name: _document(rows, f"fields_{name}") for name in ENTITIES}
    return {
        name: {one["code"]: _kept_field(one) for one in document}
        for name, document in told.items()
        if document is not None
    }


def _kept_field(kept: Mapping[str, Any]) -> Field:
    pairs = {name: tuple((a, b) for a, b in kept[name]) for name in ("items", "codes")}
    return Field(**{**kept, **pairs})


def _field(field: Field) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(field).items() if name != "codes"}
    return {**shown, "writable": writable(field)}


def _ids(rows: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(str(one["id"]) for one in rows)


def _refreshing(portal_id: int) -> bool:
    """Whether somebody asked for a reading that is not done, or one runs by the clock."""
    mine = (Job.portal_id == portal_id, Job.kind == KIND)
    waiting = and_(Job.state == "queued", Job.key == _asked(portal_id))
    found = select(Job.id).where(*mine, or_(waiting, Job.state == "running")).limit(1)
    return db.session.scalar(found) is not None


# -- What the portal tells ----------------------------------------------------------------


def _fields_changed(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """Somebody made, changed or deleted a custom field."""
    ask(portal.id, now, EVENT_PAUSE)


def _field_events() -> Iterator[str]:
    for entity in ENTITIES:
        for deed in ("ADD", "UPDATE", "DELETE", "SETENUMVALUES"):
            yield f"ONCRM{entity.upper()}USERFIELD{deed}"


EVENTS = dict.fromkeys(_field_events(), _fields_changed)
JOBS = {KIND: run}
