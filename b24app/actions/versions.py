"""Earlier versions of settings: listed, shown, compared."""

from itertools import pairwise

from sqlalchemy import select

from b24app.actions import drafts
from b24app.actions.kept import UNFIT, Json, person, reader, row_of, whole
from b24app.actions.shown import moment
from b24app.db import db
from b24app.errors import Invalid, NotFound
from b24app.models import SettingsDocument
from b24app.rules.changes import changes

PAGE = 50
DRAFT = "draft"


def listed(portal_id: int, kind: str, before: int | None = None) -> Json:
    """Newest first, each with how many of its values differ from the version before it."""
    reader(kind)
    wanted = select(SettingsDocument).where(
        SettingsDocument.portal_id == portal_id, SettingsDocument.kind == kind
    )
    if before is not None:
        wanted = wanted.where(SettingsDocument.version < before)
    found = db.session.scalars(
        wanted.order_by(SettingsDocument.version.desc()).limit(PAGE + 1)
    ).all()
    documents = [whole(kind, row.document) for row in found]
    if len(found) <= PAGE:
        documents.append(whole(kind, {}))  # what the first version was made from
    counts = [len(changes(old, new)) for new, old in pairwise(documents)]
    items = [
        {**_about(row), "changes": count} for row, count in zip(found[:PAGE], counts, strict=False)
    ]
    more = len(found) > PAGE
    return {"items": items, "next": str(found[PAGE - 1].version) if more else None}


def one(portal_id: int, kind: str, version: int) -> Json:
    """A version with its document.

    Raises: NotFound.
    """
    row = row_of(portal_id, kind, version)
    return {**_about(row), "document": whole(kind, row.document)}


def compared(portal_id: int, kind: str, before: str, after: str) -> list[Json]:
    """`{"path", "before", "after"}` of every value that differs.

    Args:
        before, after: numbers of versions, 0 for the beginning, or `draft`.
    Raises: NotFound.
    """
    reader(kind)
    old, new = (_document(portal_id, kind, which) for which in (before, after))
    try:
        return changes(old, new)
    except TypeError as error:  # a draft may hold anything, ids of rows that are lists too
        raise Invalid(UNFIT) from error


def _document(portal_id: int, kind: str, which: str) -> Json:
    if which == DRAFT:
        return _draft(portal_id, kind)
    version = int(which)
    return whole(kind, row_of(portal_id, kind, version).document if version else {})


def _draft(portal_id: int, kind: str) -> Json:
    """The draft with every name there is; as it stands while it makes no sense yet."""
    draft = drafts.shown(portal_id, kind)
    if draft is None:
        raise NotFound("There is no draft of these settings.")
    document: Json = draft["document"]
    try:
        return whole(kind, document)
    except Invalid:
        return whole(kind, {}) | document


def _about(row: SettingsDocument) -> Json:
    return {
        "version": row.version,
        "user": person(row.portal_id, row.user_id),
        "at": moment(row.created_at),
        "note": row.note,
    }
