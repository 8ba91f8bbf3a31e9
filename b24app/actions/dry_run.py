"""What a draft of the rules would change, tried on inquiries that really came; no REST call."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from b24app.actions import directory, settings, shown
from b24app.db import db
from b24app.models import Decision
from b24app.rules import documents, dry_run, inquiry_json

LIMIT = 1_000
SHOWN = 200


def run(portal_id: int, kind: str, given: Mapping[str, Any], limit: int = LIMIT) -> dict[str, Any]:
    """How the last inquiries of a kind would have gone by `given` instead of what counts now.

    unknown: kept out of CRM then, so that nothing was looked up that the draft would need.

    Raises: Invalid if the draft does not fit.
    """
    draft = documents.read(given, directory.known(portal_id))
    now = settings.rules(portal_id, kind).document
    fields = directory.fields(portal_id)
    checked = unknown = changed = 0
    items: list[dict[str, Any]] = []
    for row in _inquiries(portal_id, kind, min(limit, LIMIT)):
        found = dry_run.compare(
            inquiry_json.inquiry_from_json(row.inquiry),
            inquiry_json.facts_from_json(row.facts),
            now,
            draft,
            fields,
        )
        checked += 1
        unknown += found.after is None
        changed += bool(found.differences)
        if (found.differences or found.after is None) and len(items) < SHOWN:
            items.append(_shown(row, found))
    return {"checked": checked, "changed": changed, "unknown": unknown, "items": items}


def _inquiries(portal_id: int, kind: str, limit: int) -> Iterator[Any]:
    """First decisions of the latest inquiries, the newest first.

    Later decisions about a chat only bring it back to the card that the first one chose.
    """
    earlier = aliased(Decision)
    again = (
        select(earlier.id)
        .where(
            earlier.id < Decision.id,
            earlier.kind == "crm",
            or_(
                earlier.conversation_id == Decision.conversation_id,
                earlier.request_id == Decision.request_id,
            ),
        )
        .exists()
    )
    columns = (
        Decision.id,
        Decision.conversation_id,
        Decision.request_id,
        Decision.inquiry,
        Decision.facts,
        Decision.created_at,
    )
    rows = db.session.execute(
        select(*columns)
        .where(
            Decision.portal_id == portal_id,
            Decision.kind == "crm",
            Decision.settings_kind == kind,
            ~again,
        )
        .order_by(Decision.id.desc())
        .limit(limit)
    )
    # A chat that an Open Line served was never an inquiry of these rules.
    return (row for row in rows if row.inquiry)


def _shown(row: Any, found: dry_run.Comparison) -> dict[str, Any]:
    return {
        "decision_id": str(row.id),
        "inquiry": {
            "kind": "request" if row.request_id else "chat",
            "id": str(row.request_id or row.conversation_id),
            "title": row.inquiry.get("name", ""),
            "channel": row.inquiry.get("parameters", {}).get("channel_name", ""),
            "at": shown.moment(row.created_at),
        },
        "before": found.before.as_json(),
        "after": found.after.as_json() if found.after else None,
        "differences": list(found.differences),
    }
