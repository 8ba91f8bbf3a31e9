"""Activities of chats and requests: completed when these are, taken up again with them.

The activity of a chat is ours and goes along with its words; that of a request is an
ordinary to-do. One that somebody deleted is nobody's trouble.
Source: apidocs.bitrix24.com/api-reference/crm/timeline/activities
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_

from b24app import i18n
from b24app.actions import crm_journal, crm_sources, portals
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Conversation, Job, OfflineRequest, Portal
from b24app.rules.plan import close_activity
from b24app.values import Call


@dataclass(frozen=True, slots=True)
class Deed:
    """What the activity of a chat is to be told; done: as it stands then."""

    call: Call
    done: bool


def behind() -> Any:
    """Chats whose activity stands otherwise than they do, as a condition."""
    closed = Conversation.status == "closed"
    done = Conversation.crm_activity_done.is_(True)
    differs = or_(and_(closed, ~done), and_(~closed, done))
    return and_(Conversation.crm_activity_id.is_not(None), differs)


def is_behind(row: Conversation) -> bool:
    return row.crm_activity_id is not None and row.crm_activity_done == row.is_open


def deed_of(row: Conversation, key: str, now: datetime) -> Deed | None:
    """What is to be told; None: it stands as the chat does."""
    if row.crm_activity_id is None or not is_behind(row):
        return None
    inquiry = crm_sources.of_chat(row, now)
    made = crm_journal.creating(row, "activity")
    verdict = made.verdict if made else {}
    title = (verdict.get("titles") or {}).get("activity") or inquiry.name
    call = close_activity(
        row.crm_activity_id,
        inquiry,
        title,
        responsible_id=verdict.get("responsible_id") or inquiry.fallback_responsible,
        language=i18n.language(db.session.get_one(Portal, row.portal_id).lang),
        key=key,
        closed=not row.is_open,
    )
    return Deed(call, not row.is_open)


def settle(row: Conversation, deed: Deed, error: BitrixError | None) -> None:
    """What may pass is tried again; what is refused for good costs nothing else."""
    if error is None or error.permanent:
        row.crm_activity_done = deed.done
    if error is not None and error.code == "NOT_FOUND":
        row.crm_activity_id = None


def tell_todo(job: Job) -> None:
    """Complete the to-do of a request, or take it up again, as the request stands now."""
    with transaction() as session:
        row = session.get(OfflineRequest, job.payload["request_id"])
        if row is None or row.crm_activity_id is None:
            return
        done, portal_id, number = row.status == "done", row.portal_id, row.crm_activity_id
        if done == row.crm_activity_done:
            return
    told = {"id": number, "fields": {"COMPLETED": "Y" if done else "N"}}
    gone = False
    try:
        portals.client(portal_id).ask(Call("crm.activity.update", told))
    except BitrixError as error:
        if not error.permanent:
            raise
        gone = error.code == "NOT_FOUND"
    with transaction() as session:
        row = session.get(OfflineRequest, job.payload["request_id"])
        if row is not None:
            row.crm_activity_done = done
            row.crm_activity_id = None if gone else row.crm_activity_id


JOBS = {"crm_todo": tell_todo}
