"""Settings of a portal by kind: typed, versioned; a change is a new version."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import select

from b24app.actions import journal
from b24app.db import db
from b24app.errors import Invalid, NotFound
from b24app.models import Operator, SettingsDocument
from b24app.rules.crm import ChatSettings, Comments, Create


def chats(portal_id: int) -> ChatSettings:
    """The settings that count for chats now."""
    return ChatSettings(**(_latest_document(portal_id, "chats")))


def shown(portal_id: int, kind: str) -> dict[str, Any]:
    """`{"kind", "version", "document"}`; version 0: nobody has changed anything yet."""
    read = _kind(kind)
    row = _latest(portal_id, kind)
    document = asdict(read(portal_id, row.document if row else {}))
    if document.get("responsible_id") is not None:
        document["responsible_id"] = str(document["responsible_id"])
    return {"kind": kind, "version": row.version if row else 0, "document": document}


def change(
    portal_id: int, kind: str, given: dict[str, Any], user_id: int, now: datetime
) -> dict[str, Any]:
    """Keep a new version; names not given stay as they are.

    Raises: Invalid with the fields that make no sense.
    """
    read = _kind(kind)
    row = _latest(portal_id, kind)
    document = asdict(read(portal_id, {**(row.document if row else {}), **given}))
    version = (row.version if row else 0) + 1
    db.session.add(
        SettingsDocument(
            portal_id=portal_id,
            kind=kind,
            version=version,
            document=document,
            user_id=user_id,
            created_at=now,
        )
    )
    journal.audit(portal_id, user_id, f"settings.{kind}", {"version": version, **given}, now)
    return shown(portal_id, kind)


def _read_chats(portal_id: int, given: dict[str, Any]) -> ChatSettings:
    """A document checked field by field."""
    wrong: dict[str, str] = {}
    unknown = set(given) - {"create", "responsible_id", "comments"}
    wrong |= dict.fromkeys(sorted(unknown), "There is no such setting.")
    for name, choices in (("create", get_args(Create)), ("comments", get_args(Comments))):
        if name in given and given[name] not in choices:
            wrong[name] = f"One of {', '.join(choices)}."
    responsible = _responsible(portal_id, given.get("responsible_id"), wrong)
    if wrong:
        raise Invalid("The settings do not fit.", fields=wrong)
    return ChatSettings(**{**given, "responsible_id": responsible})


def _responsible(portal_id: int, given: Any, wrong: dict[str, str]) -> int | None:
    if given in (None, ""):
        return None
    number = int(given) if str(given).isdecimal() else 0
    known = db.session.scalar(
        select(Operator.id).where(Operator.portal_id == portal_id, Operator.user_id == number)
    )
    if known is None:
        wrong["responsible_id"] = "Nobody with this number works in this Bitrix24."
    return number


KINDS = {"chats": _read_chats}


def _kind(kind: str) -> Any:
    if kind not in KINDS:
        raise NotFound(f"There are no settings called {kind!r}.")
    return KINDS[kind]


def _latest_document(portal_id: int, kind: str) -> dict[str, Any]:
    row = _latest(portal_id, kind)
    return row.document if row else {}


def _latest(portal_id: int, kind: str) -> SettingsDocument | None:
    return db.session.scalar(
        select(SettingsDocument)
        .where(SettingsDocument.portal_id == portal_id, SettingsDocument.kind == kind)
        .order_by(SettingsDocument.version.desc())
        .limit(1)
    )
