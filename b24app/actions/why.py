"""Why an inquiry went where it went, told from what was kept when it was decided.

Nothing is decided again here: the page shows the parameters, rows, candidates and calls of
the decision itself, so that it stays true after rules and cards have changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from b24app.actions import directory, shown
from b24app.db import db
from b24app.errors import NotFound
from b24app.i18n import N_, say
from b24app.models import Conversation, Decision, Operator, Portal, RestCall, SettingsDocument
from b24app.rules import conditions, parameters
from b24app.rules.target import TYPE_NAMES

OTHERS = 30
VALUE_MAX = 500
STEPS = {
    "filter": N_("Filter: may it go to CRM?"),
    "responsible": N_("Responsible"),
    "pipelines": N_("Pipeline and stage"),
}
KINDS = {
    "primary": N_("A first inquiry"),
    "repeat": N_("A repeat inquiry"),
    "known": N_("Has its card already"),
    "filtered": N_("Kept out of CRM by the filter"),
    "none": N_("Nothing was written to CRM"),
    "moved": N_("Its place in CRM has changed"),
}


def newest(portal_id: int, conversation_id: int, language: str) -> dict[str, Any]:
    """The page of a chat's latest decision.

    Raises: NotFound if nothing has been decided about it yet.
    """
    found = db.session.scalar(
        select(Decision)
        .where(Decision.portal_id == portal_id, Decision.conversation_id == conversation_id)
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound("Nothing has been decided about this chat yet.", code="undecided")
    return page(found, language)


def find(portal_id: int, decision_id: int) -> Decision:
    row = db.session.get(Decision, decision_id)
    if row is None or row.portal_id != portal_id:
        raise NotFound("There is no such decision.")
    return row


def page(row: Decision, language: str) -> dict[str, Any]:
    """Everything about one decision, in the reader's language."""
    portal = db.session.get_one(Portal, row.portal_id)
    names = _Names(portal, row.verdict)
    return {
        **summary(row, portal, language, moved_chats([row])),
        "reasons": [_told(_with_name(one, row.portal_id), language) for one in row.reasons],
        "settings": _settings(row),
        "parameters": _parameters(row.inquiry.get("parameters", {}), language),
        "steps": _steps(row.verdict, language),
        "candidates": [
            _candidate(one, portal, language) for one in row.verdict.get("candidates", [])
        ],
        "result": _result(row.verdict, portal, names),
        "problems": [say(text, language) for text in row.verdict.get("problems", [])],
        "calls": _calls(row),
        "requests": _requests(row),
        "others": _others(row),
    }


def moved_chats(rows: Iterable[Decision]) -> dict[int, Conversation]:
    """Chats that were moved or pinned: no inquiry tells of their clients."""
    wanted = [row.conversation_id for row in rows if not row.inquiry and row.conversation_id]
    found = db.session.scalars(select(Conversation).where(Conversation.id.in_(wanted)))
    return {one.id: one for one in found} if wanted else {}


def summary(
    row: Decision, portal: Portal, language: str, chats: Mapping[int, Conversation]
) -> dict[str, Any]:
    """A decision in short; `chats`: see moved_chats."""
    kind = str(row.verdict.get("kind", "none"))
    moved = kind == "known" and not row.inquiry
    errors = row.outcome.get("errors", {})
    return {
        "id": str(row.id),
        "at": shown.moment(row.created_at),
        "state": row.state,
        "inquiry": _inquiry(row, chats.get(row.conversation_id or 0)),
        "kind": kind,
        "moved": moved,
        "kind_title": say(KINDS.get("moved" if moved else kind, kind), language),
        "reasons": [_told(one, language) for one in row.reasons],
        "targets": [_placed(one, row, portal) for one in row.verdict.get("targets", [])],
        "error": next(iter(errors.values()), ""),
    }


def _placed(told: Mapping[str, Any], row: Decision, portal: Portal) -> dict[str, Any]:
    """Where it went; a card of its own has its number since it was made."""
    made = not told.get("id")
    number = row.outcome.get("results", {}).get(TYPE_NAMES[int(told["type_id"])])
    return {**_card({**told, "id": number} if made else told, portal), "made": made}


def _inquiry(row: Decision, chat: Conversation | None) -> dict[str, Any]:
    known = row.inquiry.get("parameters", {})
    said = {
        "name": row.inquiry.get("name", ""),
        "channel": {
            "kind": known.get("channel_type", ""),
            "name": known.get("channel_name", ""),
        },
        "phone": row.inquiry.get("phone", ""),
        "email": row.inquiry.get("email", ""),
    }
    return {
        "kind": "request" if row.request_id else "chat",
        "id": str(row.request_id or row.conversation_id or ""),
        **(said if chat is None else shown.client(chat)),
    }


def _with_name(reason: Mapping[str, Any] | str, portal_id: int) -> Mapping[str, Any] | str:
    """A reason about an employee, with the name instead of the number."""
    if isinstance(reason, str):
        return reason
    user_id = reason.get("params", {}).get("user_id")
    known = shown.operators(portal_id, [user_id]).get(user_id) if user_id else None
    if known is None:
        return reason
    return {**reason, "params": {**reason["params"], "user_id": known.name}}


def _told(reason: Mapping[str, Any] | str, language: str) -> str:
    """A reason as a sentence; what a portal said itself stays as it is."""
    if isinstance(reason, str):
        return say(reason, language)
    params = dict(reason.get("params") or {})
    if "problem" in params:  # a sentence within the sentence
        params["problem"] = say(str(params["problem"]), language)
    return say(str(reason["text"]), language, **params)


def _settings(row: Decision) -> dict[str, Any]:
    kept = db.session.scalar(
        select(SettingsDocument).where(
            SettingsDocument.portal_id == row.portal_id,
            SettingsDocument.kind == row.settings_kind,
            SettingsDocument.version == row.settings_version,
        )
    )
    who = shown.operators(row.portal_id, [kept.user_id]) if kept else {}
    author = who.get(kept.user_id) if kept and kept.user_id else None
    return {
        "kind": row.settings_kind,
        "version": row.settings_version,
        "at": shown.moment(kept.created_at) if kept else None,
        "user": author.name if author else None,
    }


def _parameters(known: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """What was known of the inquiry, by groups of the catalogue; nothing empty."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, value in known.items():
        found = parameters.parameter(name)
        if found is None or value in (None, "", [], ()):
            continue
        told = {"name": name, "title": say(found.title, language), "value": _short(value)}
        groups.setdefault(found.group, []).append(told)
    titles = parameters.GROUPS
    return [
        {"id": group, "title": say(titles[group], language), "items": groups[group]}
        for group in titles
        if group in groups
    ]


def _steps(verdict: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    steps = verdict.get("steps", {})
    return [
        {
            "id": name,
            "title": say(title, language),
            "rows": [
                {**row, "number": number, "trace": _trace(row["trace"], language)}
                for number, row in enumerate(steps[name], 1)
            ],
        }
        for name, title in STEPS.items()
        if name in steps
    ]


def _trace(trace: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A trace with the names that people know the parameters and comparisons by."""
    if trace.get("join"):
        return {**trace, "items": [_trace(one, language) for one in trace["items"]]}
    found = parameters.parameter(trace["param"])
    return {
        **trace,
        "title": say(found.title, language) if found else trace["param"],
        "operator_title": say(conditions.TITLES.get(trace["operator"], ""), language),
    }


def _candidate(told: Mapping[str, Any], portal: Portal, language: str) -> dict[str, Any]:
    card = told["card"]
    return {
        **_card(card, portal),
        "title": card.get("title", ""),
        "opened": card.get("opened", True),
        "created_at": card.get("created_at"),
        "score": told["score"],
        "chosen": told["chosen"],
        "reasons": [_told(one, language) for one in told["reasons"]],
    }


def _card(told: Mapping[str, Any], portal: Portal) -> dict[str, Any]:
    """A card by its type and number; without a number it was made by this very decision."""
    entity, number = TYPE_NAMES[int(told["type_id"])], told.get("id")
    return {
        "type": entity,
        "id": str(number) if number else None,
        "url": f"{portal.origin}/crm/{entity}/details/{number}/" if number else None,
    }


def _result(verdict: Mapping[str, Any], portal: Portal, names: "_Names") -> dict[str, Any]:
    stages = verdict.get("stages") or {}
    created = verdict.get("create", [])
    return {
        "create": created,
        "targets": [_card(one, portal) for one in verdict.get("targets", [])],
        "copies": [_card(one, portal) for one in verdict.get("copies", [])],
        "responsible": names.person(verdict.get("responsible_id")) if created else None,
        "lead_stage": names.lead_stage(stages.get("lead_stage")) if "lead" in created else None,
        "pipeline": names.pipeline(stages.get("category_id")) if "deal" in created else None,
        "deal_stage": names.deal_stage(stages.get("deal_stage")) if "deal" in created else None,
        "titles": verdict.get("titles", {}),
        "fields": verdict.get("fields", {}),
    }


class _Names:
    """What people call the numbers of a verdict; a number that has gone stays a number."""

    def __init__(self, portal: Portal, verdict: Mapping[str, Any]) -> None:
        self._portal_id = portal.id
        self._known = directory.shown(portal.id) if verdict.get("create") else {}

    def person(self, user_id: int | None) -> dict[str, str] | None:
        if not user_id:
            return None
        row = db.session.scalar(
            select(Operator).where(
                Operator.portal_id == self._portal_id, Operator.user_id == int(user_id)
            )
        )
        return {"id": str(user_id), "name": row.name if row else f"#{user_id}"}

    def lead_stage(self, stage: str | None) -> dict[str, str] | None:
        return _named(stage, self._known.get("lead_stages") or [])

    def pipeline(self, category_id: int | None) -> dict[str, str] | None:
        wanted = None if category_id is None else str(category_id)
        return _named(wanted, self._known.get("pipelines") or [])

    def deal_stage(self, stage: str | None) -> dict[str, str] | None:
        pipelines = self._known.get("pipelines") or []
        return _named(stage, [one for line in pipelines for one in line["stages"]])


def _named(wanted: str | None, known: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
    if not wanted:
        return None
    found = next((one for one in known if str(one["id"]) == wanted), None)
    name = str(found["name"]) if found else wanted
    color = str(found.get("color") or "") if found else ""
    return {"id": wanted, "name": name, "color": color}


def _calls(row: Decision) -> list[dict[str, Any]]:
    """Each planned call and what became of it."""
    results = row.outcome.get("results", {})
    errors = row.outcome.get("errors", {})
    return [
        {
            "key": call["key"],
            "method": call["method"],
            "params": _short(call["params"]),
            "state": _state(call["key"], results, errors),
            "id": _made(results.get(call["key"])),
            "error": errors.get(call["key"]),
        }
        for call in row.calls
    ]


def _state(key: str, results: Mapping[str, Any], errors: Mapping[str, Any]) -> str:
    if key in errors:
        return "failed"
    return "done" if key in results else "not_run"


def _made(result: Any) -> str | None:
    return str(result) if isinstance(result, int | str) and not isinstance(result, bool) else None


def _requests(row: Decision) -> list[dict[str, Any]]:
    """HTTP requests that were made for it, as long as the log keeps them."""
    wanted = row.outcome.get("requests", [])
    rows = db.session.scalars(
        select(RestCall)
        .where(RestCall.portal_id == row.portal_id, RestCall.request_id.in_(wanted))
        .order_by(RestCall.id)
    )
    return [
        {
            "id": one.request_id,
            "method": one.method,
            "at": shown.moment(one.at),
            "status": one.status,
            "error": one.error,
            "milliseconds": one.milliseconds,
        }
        for one in rows
    ]


def _others(row: Decision) -> list[dict[str, Any]]:
    """Other decisions about the same inquiry."""
    same = (
        Decision.request_id == row.request_id
        if row.request_id
        else Decision.conversation_id == row.conversation_id
    )
    found = db.session.execute(
        select(Decision.id, Decision.created_at)
        .where(Decision.portal_id == row.portal_id, same, Decision.id != row.id)
        .order_by(Decision.id.desc())
        .limit(OTHERS)
    )
    return [{"id": str(number), "at": shown.moment(at)} for number, at in found]


def _short(value: Any) -> Any:
    """Values as a person reads them: files and long texts are cut."""
    if isinstance(value, Mapping):
        return {str(key): _short(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_short(item) for item in value]
    if isinstance(value, str) and len(value) > VALUE_MAX:
        return value[:VALUE_MAX] + "…"
    return value
