"""Settings of a portal by kind: read, checked, published; a change is a new version.

Nothing is remembered between calls: another process may have published a moment ago.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from b24app.actions import directory, drafts, journal
from b24app.actions.kept import (
    PARTS,
    Json,
    completed,
    keepable,
    latest,
    person,
    reader,
    row_of,
    whole,
)
from b24app.actions.shown import moment
from b24app.db import db
from b24app.errors import Conflict, Invalid
from b24app.i18n import N_
from b24app.models import LineLink, Portal, SettingsDocument
from b24app.models.event import announce
from b24app.rules import documents
from b24app.rules.documents import Document

STALE = N_("Somebody has published these settings meanwhile. Look at theirs and publish again.")


@dataclass(frozen=True, slots=True)
class Current:
    """Rules and the version they stand in; version 0: nobody has changed anything yet."""

    document: Document
    version: int


@dataclass(frozen=True, slots=True)
class Edition:
    """What somebody publishes. base: the version it was made from."""

    document: Mapping[str, Any]
    base: int
    note: str = ""


def rules(portal_id: int, kind: str) -> Current:
    """The rules that count now for `chats` or `requests`."""
    row = latest(portal_id, kind)
    return Current(_read(kind, row.document if row else {}), row.version if row else 0)


def rules_of(portal_id: int, kind: str, version: int | None) -> Current:
    """The rules of one version; None and 0: those of a portal that has changed nothing.

    Raises: NotFound.
    """
    if not version:
        return Current(_read(kind, {}), 0)
    return Current(_read(kind, row_of(portal_id, kind, version).document), version)


def newest_version(portal_id: int, kind: str) -> int:
    row = latest(portal_id, kind)
    return row.version if row else 0


def lines_active(portal_id: int) -> bool:
    """Whether chats of this portal go through Open Lines: switched on, and linked to one."""
    linked = (
        select(LineLink.id)
        .join(Portal, Portal.id == LineLink.portal_id)
        .where(
            LineLink.portal_id == portal_id,
            LineLink.active.is_(True),
            Portal.lines_active.is_(True),
        )
    )
    return db.session.scalar(linked.limit(1)) is not None


def shown(portal_id: int, kind: str) -> Json:
    """The newest version of a kind as screens see it, with the draft that waits beside it."""
    row = latest(portal_id, kind)
    return {
        "kind": kind,
        "version": row.version if row else 0,
        "document": whole(kind, row.document if row else {}),
        "draft": drafts.shown(portal_id, kind),
        "updated_at": moment(row.created_at) if row else None,
        "user": person(portal_id, row.user_id) if row else None,
        "leads_exist": directory.leads_exist(portal_id),
        "lines_active": lines_active(portal_id),
    }


def check(portal_id: int, kind: str, given: Mapping[str, Any]) -> dict[str, str]:
    """What keeps a document from being published: sentences by path; {} is fine."""
    try:
        reader(kind)(given, directory.known(portal_id))
    except Invalid as wrong:
        return wrong.fields or {"document": wrong.message}
    return {}


def publish(portal_id: int, kind: str, edition: Edition, user_id: int, now: datetime) -> Json:
    """Make a new version; the draft has done its work.

    Raises:
        Conflict: `stale`: somebody else published since `edition.base`.
        Invalid: with the fields that make no sense on this portal.
    """
    newest = latest(portal_id, kind)
    if edition.base != (newest.version if newest else 0):
        raise Conflict(STALE, code="stale")
    document = reader(kind)(keepable(edition.document), directory.known(portal_id))
    _keep(portal_id, kind, replace(edition, document=document), user_id, now)
    drafts.drop(portal_id, kind)
    return shown(portal_id, kind)


def rollback(portal_id: int, kind: str, version: int, user_id: int, now: datetime) -> Json:
    """The document of an earlier version as a new one; version 0 is how everything began.

    It counted once, so it is not compared with what the portal has today: a way back
    must not be barred by a colleague who has left since.

    Raises: NotFound.
    """
    document = whole(kind, row_of(portal_id, kind, version).document if version else {})
    newest = latest(portal_id, kind)
    edition = Edition(document, newest.version if newest else 0, f"← {version}")
    _keep(portal_id, kind, edition, user_id, now, rolled_back_to=version)
    return shown(portal_id, kind)


def switch(portal_id: int, kind: str, active: bool, user_id: int, now: datetime) -> None:
    """Publish the newest document with its part switched on or off."""
    row = latest(portal_id, kind)
    document = whole(kind, row.document if row else {})
    if document["active"] is not active:
        edition = Edition({**document, "active": active}, row.version if row else 0)
        _keep(portal_id, kind, edition, user_id, now)


def parts(portal_ids: Collection[int]) -> dict[int, dict[str, bool]]:
    """Which parts of the integration each portal has switched on."""
    told = {portal_id: dict.fromkeys(PARTS, True) for portal_id in portal_ids}
    newest = (
        select(func.max(SettingsDocument.id))
        .where(SettingsDocument.portal_id.in_(portal_ids))
        .group_by(SettingsDocument.portal_id, SettingsDocument.kind)
    )
    for row in db.session.scalars(select(SettingsDocument).where(SettingsDocument.id.in_(newest))):
        if row.kind in PARTS:
            told[row.portal_id][row.kind] = row.document.get("active", True)
    return told


def _read(kind: str, kept: Mapping[str, Any]) -> Document:
    return documents.read(completed(kind, kept))


def _keep(
    portal_id: int,
    kind: str,
    edition: Edition,
    user_id: int,
    now: datetime,
    **told: Any,
) -> None:
    version = edition.base + 1
    row = SettingsDocument(
        portal_id=portal_id,
        kind=kind,
        version=version,
        document=dict(edition.document),
        user_id=user_id,
        note=edition.note,
        created_at=now,
    )
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError as error:  # two at the same moment: the index let one of them through
        raise Conflict(STALE, code="stale") from error
    journal.audit(portal_id, user_id, f"settings.{kind}", {"version": version, **told}, now)
    if kind == "open_lines":
        _switch_lines(portal_id, row.document["active"], user_id, now)
    announce(portal_id, "settings", {"kind": kind, "version": version}, now)


def _switch_lines(portal_id: int, active: bool, user_id: int, now: datetime) -> None:
    """Open Lines that are switched on switch on the integration itself."""
    portal = db.session.get_one(Portal, portal_id)
    portal.lines_active = active
    if active and not portal.integration_active:
        portal.integration_active = True
        journal.audit(portal_id, user_id, "integration", {"active": True}, now)
