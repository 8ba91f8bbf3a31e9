"""Decisions about CRM as they are kept: what was known, decided, done, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from b24app.actions.crm_places import Source, main_card
from b24app.db import db
from b24app.models import Conversation, Decision, OfflineRequest
from b24app.models.event import announce
from b24app.rules import inquiry as rules
from b24app.rules.target import CrmFacts, Reason
from b24app.rules.verdict import Inquiry, Verdict
from b24app.values import Call

LONG = 20_000  # characters of a value that is kept


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision: about what, by which version of the settings, what was known and decided."""

    inquiry: Inquiry | None
    version: int
    verdict: Verdict
    facts: CrmFacts = field(default_factory=lambda: CrmFacts(gathered=False))
    calls: Sequence[Call] = ()


def kind_of(row: Source) -> str:
    """By which settings it is decided about: chats or requests."""
    return "requests" if isinstance(row, OfflineRequest) else "chats"


def note(row: Source, judged: Judged, now: datetime, state: str = "done") -> Decision:
    """Keep a decision; one with writings to come is `failed` until they are done."""
    mine = {"request_id" if isinstance(row, OfflineRequest) else "conversation_id": row.id}
    decision = Decision(
        **mine,
        portal_id=row.portal_id,
        kind="crm",
        inquiry=rules.inquiry_json(judged.inquiry) if judged.inquiry else {},
        facts=rules.facts_json(judged.facts),
        verdict=rules.as_json(judged.verdict),
        reasons=rules.reasons_json(judged.verdict.reasons),
        calls=[_without_files(asdict(call)) for call in judged.calls],
        outcome={},
        settings_kind=kind_of(row),
        settings_version=judged.version,
        state=state,
        created_at=now,
    )
    db.session.add(decision)
    db.session.flush()  # what comes of it is noted by its number
    if state == "done":  # of another one is told when something has come of it
        _tell(decision, now)
    return decision


def note_move(row: Conversation, why: Reason, now: datetime) -> None:
    """The chat moved without an inquiry being decided anew."""
    target = main_card(row)
    verdict = Verdict("known", targets=(target,) if target else (), reasons=(why,))
    note(row, Judged(None, row.settings_version or 0, verdict), now)


def conclude(
    decision_id: int,
    *,
    results: Mapping[str, Any],
    errors: Mapping[str, str],
    requests: Sequence[str],
    reasons: Sequence[Reason],
    done: bool,
    now: datetime,
) -> None:
    """What became of a decision."""
    decision = db.session.get_one(Decision, decision_id)
    decision.outcome = {
        "results": {key: _made(value) for key, value in results.items()},
        "errors": dict(errors),
        "requests": list(requests),
    }
    decision.reasons = [*decision.reasons, *rules.reasons_json(reasons)]
    decision.state = "done" if done else "failed"
    _tell(decision, now)


def last(row: Source) -> Decision | None:
    """The latest decision that was carried out, not one about a move."""
    return next((one for one in _latest(row) if one.inquiry and one.state == "done"), None)


def creating(row: Source, name: str) -> Decision | None:
    """The latest decision that created this: contact, lead, deal or activity."""
    return next((one for one in _latest(row) if name in one.verdict.get("create", ())), None)


def newest(row: Source) -> Decision | None:
    return next(iter(_latest(row)), None)


def _latest(row: Source) -> Sequence[Decision]:
    column = Decision.request_id if isinstance(row, OfflineRequest) else Decision.conversation_id
    query = select(Decision).where(column == row.id, Decision.kind == "crm")
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(10)).all()


def _tell(decision: Decision, now: datetime) -> None:
    """Screens that show the journal look what is new in it."""
    about = {"conversation_id": decision.conversation_id, "request_id": decision.request_id}
    news = {name: str(number) if number else None for name, number in about.items()}
    announce(decision.portal_id, "decision", {"id": str(decision.id), **news}, now)


def _made(result: Any) -> Any:
    """The number of what a call made, out of any of the shapes of its answer."""
    if isinstance(result, Mapping):
        for name in ("item", "activity"):
            if isinstance(result.get(name), Mapping):
                return result[name].get("id")
        return result.get("id")
    return result if isinstance(result, int | str) else None


def _without_files(value: Any) -> Any:
    """Calls as they are kept: the content of files is not."""
    if isinstance(value, Mapping):
        return {str(key): _without_files(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_files(item) for item in value]
    long = isinstance(value, str) and len(value) > LONG
    return f"{value[:LONG]}…" if long else value
