"""Documents of settings as they are kept: their kinds, their versions, what can be kept at all."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from b24app.db import db
from b24app.errors import Invalid, NotFound, TooLarge
from b24app.i18n import N_
from b24app.models import Operator, SettingsDocument
from b24app.rules import documents, workplace
from b24app.rules.documents import Known
from b24app.rules.reading import Part

LIMIT_BYTES = 200_000
UNFIT = N_("These settings cannot be kept: they hold characters that no text has.")
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # as JSON writes it, but not \\u0000
Json = dict[str, Any]


# What differs from a document that says nothing: a request waits for somebody to call back.
FIRST: Mapping[str, Mapping[str, Any]] = {"requests": {"create_primary": ["deal", "activity"]}}


def completed(kind: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document of rules with the names that a kind has its own beginning for."""
    return {**FIRST.get(kind, {}), **given}


def _read_rules(given: Mapping[str, Any], known: Known | None) -> Json:
    return documents.dump(documents.read(given, known))


def _read_requests(given: Mapping[str, Any], known: Known | None) -> Json:
    return _read_rules(completed("requests", given), known)


def _read_lines(given: Mapping[str, Any], known: Known | None) -> Json:
    """Settings of Open Lines: `{"active": bool}`."""
    part = Part(given)
    part.only("active")
    active = part.flag("active", True)
    if part.wrong:
        raise Invalid(fields=part.wrong)
    return {"active": active}


def _read_workplace(given: Mapping[str, Any], known: Known | None) -> Json:
    return workplace.dump(workplace.read(given))


Reader = Callable[[Mapping[str, Any], Known | None], Json]
READERS: dict[str, Reader] = {
    "chats": _read_rules,
    "requests": _read_requests,
    "open_lines": _read_lines,
    "workplace": _read_workplace,
}
PARTS = ("chats", "requests", "open_lines")  # of the integration: each is switched on or off


def reader(kind: str) -> Reader:
    if kind not in READERS:
        raise NotFound("There are no settings of this kind.")
    return READERS[kind]


def latest(portal_id: int, kind: str) -> SettingsDocument | None:
    """The newest version, or None while there is none; NotFound for a kind we do not have."""
    reader(kind)
    return db.session.scalar(
        select(SettingsDocument)
        .where(SettingsDocument.portal_id == portal_id, SettingsDocument.kind == kind)
        .order_by(SettingsDocument.version.desc())
        .limit(1)
    )


def row_of(portal_id: int, kind: str, version: int) -> SettingsDocument:
    """One version; NotFound if this portal has none of that number."""
    reader(kind)
    row = db.session.scalar(
        select(SettingsDocument).where(
            SettingsDocument.portal_id == portal_id,
            SettingsDocument.kind == kind,
            SettingsDocument.version == version,
        )
    )
    if row is None:
        raise NotFound("There is no such version of the settings.")
    return row


def whole(kind: str, kept: Mapping[str, Any]) -> Json:
    """A kept document with every name there is."""
    return reader(kind)(kept, None)


def person(portal_id: int, user_id: int | None) -> dict[str, str] | None:
    """`{"id", "name"}` of an employee, or None for nobody."""
    if user_id is None:
        return None
    name = db.session.scalar(
        select(Operator.name).where(Operator.portal_id == portal_id, Operator.user_id == user_id)
    )
    return {"id": str(user_id), "name": name or f"#{user_id}"}


def keepable(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same, if a database can keep it: not too long, no NaN, no NUL, no half characters.

    Raises: TooLarge, Invalid.
    """
    try:
        text = json.dumps(given, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (ValueError, RecursionError) as error:
        raise Invalid(UNFIT) from error
    if size > LIMIT_BYTES:
        raise TooLarge("These settings are too long: at most 200 kB can be kept.")
    if NUL.search(text):
        raise Invalid(UNFIT)
    return given
