"""The journal: what was decided about inquiries, the newest first, found by what people ask for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, union_all
from sqlalchemy.orm import defer

from b24app.actions import contacts, why
from b24app.db import db
from b24app.models import Contact, Conversation, Decision, OfflineRequest, Portal

PAGE = 30
PAGE_MAX = 100
SCAN = 2_000  # decisions that one page looks through at most
CLIENTS = 200  # that a search may find; the newest count


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions a screen asks for; None and "" mean any. before: id of a decision.

    result: the kind of a verdict, or failed: something of it was refused or is still to be done.
    """

    conversation_id: int | None = None
    request_id: int | None = None
    settings_kind: str | None = None
    result: str | None = None
    since: datetime | None = None
    search: str = ""
    before: int | None = None
    limit: int = PAGE

    @property
    def sifts(self) -> bool:
        """Whether rows have to be looked at to know which are asked for."""
        return bool(self.settings_kind or self.result or self.since)


def listed(portal_id: int, language: str, wanted: Wanted) -> dict[str, Any]:
    """A page of decisions; `next` is the cursor of older ones.

    No page looks through more than SCAN decisions: one that found few of them goes on at `next`.
    """
    query = _of(select(Decision), portal_id, wanted)
    edge = _edge(portal_id, wanted)
    if edge is not None:
        query = query.where(Decision.id >= edge)
    query = query.options(defer(Decision.facts), defer(Decision.calls))
    found = list(
        db.session.scalars(query.order_by(Decision.id.desc()).limit(wanted.limit + 1)).unique()
    )
    rows, more = found[: wanted.limit], len(found) > wanted.limit
    portal, chats = db.session.get_one(Portal, portal_id), why.moved_chats(rows)
    older = rows[-1].id if more else edge
    if edge is not None and not more and wanted.since and _before(edge, wanted.since):
        older = None
    return {
        "items": [why.summary(row, portal, language, chats) for row in rows],
        "next": str(older) if older is not None else None,
    }


def _of(query: Select[Any], portal_id: int, wanted: Wanted) -> Select[Any]:
    query = _reached(query, portal_id, wanted)
    if wanted.settings_kind:
        query = query.where(Decision.settings_kind == wanted.settings_kind)
    if wanted.since:
        query = query.where(Decision.created_at >= wanted.since)
    if wanted.result == "failed":
        refused = Decision.outcome["errors"].as_string() != "{}"
        query = query.where(or_(Decision.state == "failed", refused))
    elif wanted.result:
        query = query.where(Decision.verdict["kind"].as_string() == wanted.result)
    return query


def _reached(query: Select[Any], portal_id: int, wanted: Wanted) -> Select[Any]:
    """Decisions that an index leads to."""
    query = query.where(Decision.portal_id == portal_id, Decision.kind == "crm")
    if wanted.conversation_id is not None:
        query = query.where(Decision.conversation_id == wanted.conversation_id)
    if wanted.request_id is not None:
        query = query.where(Decision.request_id == wanted.request_id)
    if wanted.search:
        query = query.where(Decision.id.in_(_about(_clients(portal_id, wanted.search))))
    if wanted.before is not None:
        query = query.where(Decision.id < wanted.before)
    return query


def _edge(portal_id: int, wanted: Wanted) -> int | None:
    """The oldest decision that this page looks at; None: it may look at all that are left."""
    if not wanted.sifts:
        return None
    passed = _reached(select(Decision.id), portal_id, wanted).order_by(Decision.id.desc())
    edge: int | None = db.session.scalar(passed.offset(SCAN - 1).limit(1))
    return edge


def _before(edge: int, since: datetime) -> bool:
    return db.session.get_one(Decision, edge).created_at < since


def _about(clients: list[int]) -> Any:
    chats = select(Conversation.id).where(Conversation.contact_id.in_(clients))
    requests = select(OfflineRequest.id).where(OfflineRequest.contact_id.in_(clients))
    return union_all(
        select(Decision.id).where(Decision.conversation_id.in_(chats)),
        select(Decision.id).where(Decision.request_id.in_(requests)),
    )


def _clients(portal_id: int, words: str) -> list[int]:
    """Contacts of the portal by a part of a name, nickname, e-mail or phone."""
    query = select(Contact.id).where(Contact.portal_id == portal_id, contacts.called(words))
    return list(db.session.scalars(query.order_by(Contact.id.desc()).limit(CLIENTS)))
