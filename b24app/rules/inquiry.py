"""What becomes of an inquiry in CRM: known facts in, a verdict with its reasons out.

Source: crm.md 14 (settings and behaviour) and plans (a)-(f).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from b24app.i18n import N_
from b24app.rules import conditions, fields, routing, templates, zones
from b24app.rules.documents import Document, FieldRow, Stages
from b24app.rules.fields import Field, Typed
from b24app.rules.inquiry_json import (
    as_json,
    facts_from_json,
    facts_json,
    inquiry_from_json,
    inquiry_json,
    reasons_json,
    verdict_from_json,
)
from b24app.rules.placing import Place, place
from b24app.rules.routing import RowTrace
from b24app.rules.target import (
    COMPANY,
    CONTACT,
    DEAL,
    LEAD,
    TYPE_NAMES,
    Candidate,
    Card,
    CrmFacts,
    Person,
    Reason,
    Target,
)
from b24app.rules.verdict import Inquiry, Verdict

__all__ = [
    "COMPANY",
    "CONTACT",
    "DEAL",
    "LEAD",
    "TYPE_NAMES",
    "Candidate",
    "Card",
    "CrmFacts",
    "Inquiry",
    "Person",
    "Reason",
    "Target",
    "Verdict",
    "as_json",
    "decide",
    "facts_from_json",
    "facts_json",
    "file_mark",
    "inquiry_from_json",
    "inquiry_json",
    "reasons_json",
    "verdict_from_json",
]

KIND = "communication_kinds"
TITLED = ("lead", "deal", "activity")
Fields = Mapping[str, Mapping[str, Field]]

INACTIVE = Reason(N_("This part of the integration is switched off."))
OTHER_CHANNEL = Reason(N_("The settings leave this channel out."))
NOT_ASKED = Reason(N_("CRM was not asked about this client."))
ROW_ALLOWS = N_("Row {row} of the filter lets it into CRM.")
ROW_DENIES = N_("Row {row} of the filter keeps it out of CRM.")
DEFAULT_ALLOWS = Reason(N_("No row of the filter matched: it is let into CRM."))
DEFAULT_DENIES = Reason(N_("No row of the filter matched: it is kept out of CRM."))
ROW_RESPONSIBLE = N_("Row {row} of the responsibles chose employee {user_id}.")
DEFAULT_RESPONSIBLE = N_("The responsible by default is employee {user_id}.")
FALLBACK_RESPONSIBLE = N_("The settings name no responsible: it is employee {user_id}.")
KEPT_RESPONSIBLE = Reason(N_("The responsible of a card that was found stays."))
ROW_STAGES = N_("Row {row} of the pipeline filter chose the stage.")
ROW_NO_STAGES = N_("Row {row} of the pipeline filter denies: the stage is the one by default.")
DEFAULT_STAGES = Reason(N_("No row of the pipeline filter matched: the stage is by default."))
LEFT_OUT = {
    "lead": N_("Field {field} of the lead is left empty: {problem}"),
    "deal": N_("Field {field} of the deal is left empty: {problem}"),
    "contact": N_("Field {field} of the contact is left empty: {problem}"),
}


def decide(
    inquiry: Inquiry, facts: CrmFacts, document: Document, fields: Fields | None = None
) -> Verdict:
    """What is to be done about an inquiry, and why. Never raises.

    Args:
        fields: of the portal by entity and code; an entity that is missing is not known, its
            mapped values are written as texts.
    """
    if refusal := _left_out(inquiry, document):
        return Verdict("filtered", reasons=(refusal,))
    placed = place(inquiry, facts, document)
    known = {**inquiry.parameters, KIND: placed.basis} if facts.gathered else inquiry.parameters
    unknown = not facts.gathered and _asks_kind(document)
    admission = routing.admitted(document, known)
    steps = {"filter": _steps(admission.rows)}
    if not admission.allowed and not unknown:
        why = _filter_reasons(document, admission)
        passed = tuple(replace(one, chosen=False) for one in placed.candidates)
        return Verdict("filtered", candidates=passed, reasons=why, steps=steps)
    if not facts.gathered and not inquiry.pinned:
        return Verdict("none", reasons=(NOT_ASKED,), steps=steps)
    verdict = Verdict(
        placed.kind,
        create=placed.create,
        targets=placed.targets,
        copies=placed.copies,
        contact_id=placed.contact_id,
        company_id=placed.company_id,
        candidates=placed.candidates,
        reasons=(*_filter_reasons(document, admission), *placed.reasons),
        steps=steps,
    )
    return _with_fields(
        _routed(verdict, placed, inquiry, document, known), inquiry, document, known, fields or {}
    )


def file_mark(number: int) -> str:
    """What stands in a verdict for the content of the inquiry's file number 0, 1 …"""
    return f"$file:{number}"


# -- Who may in -------------------------------------------------------------------------


def _left_out(inquiry: Inquiry, document: Document) -> Reason | None:
    if not document.active:
        return INACTIVE
    channel = inquiry.parameters.get("channel_id")
    handled = document.channels
    if handled is None or channel in (None, ""):
        return None
    return None if str(channel) in {str(one) for one in handled} else OTHER_CHANNEL


def _asks_kind(document: Document) -> bool:
    """Whether the filter cannot be answered before CRM is asked."""
    return any(
        one.param == KIND for row in document.filter for one in conditions.conditions(row.when)
    )


def _filter_reasons(document: Document, admission: routing.Admission) -> tuple[Reason, ...]:
    if not document.filter and admission.allowed:
        return ()
    if admission.row_id is None:
        return (DEFAULT_ALLOWS if admission.allowed else DEFAULT_DENIES,)
    return (Reason(ROW_ALLOWS if admission.allowed else ROW_DENIES, _row(admission.rows)),)


# -- Whose it is, and where it stands -----------------------------------------------------


def _routed(
    verdict: Verdict, placed: Place, inquiry: Inquiry, document: Document, known: Mapping[str, Any]
) -> Verdict:
    """With the responsible and the stages of what is created; a found card keeps its own."""
    found = any(target.id is not None for target in verdict.targets)
    kept = (KEPT_RESPONSIBLE,) if found else ()
    if not verdict.create:
        return replace(verdict, reasons=(*verdict.reasons, *kept))
    choice = routing.responsible(document, known)
    user_id = choice.user_id if choice.user_id is not None else inquiry.fallback_responsible
    verdict = replace(
        verdict,
        responsible_id=user_id,
        reasons=(*verdict.reasons, *kept, *_responsible_reasons(choice, user_id)),
        steps={**verdict.steps, "responsible": _steps(choice.rows)},
    )
    return _staged(verdict, placed, document, known)


def _responsible_reasons(
    choice: routing.ResponsibleChoice, user_id: int | None
) -> tuple[Reason, ...]:
    if user_id is None:
        return ()
    told = {"user_id": user_id}
    if choice.row_id is not None:
        return (Reason(ROW_RESPONSIBLE, {**_row(choice.rows), **told}),)
    named = choice.user_id is not None
    return (Reason(DEFAULT_RESPONSIBLE if named else FALLBACK_RESPONSIBLE, told),)


def _staged(
    verdict: Verdict, placed: Place, document: Document, known: Mapping[str, Any]
) -> Verdict:
    if not {"lead", "deal"} & set(verdict.create):
        return verdict
    first = placed.basis == "primary"
    pipelines = document.pipelines_primary if first else document.pipelines_repeat
    choice = routing.stages(pipelines, known)
    why = () if choice.stages == Stages() and not choice.rows else (_stage_reason(choice),)
    return replace(
        verdict,
        stages=choice.stages,
        reasons=(*verdict.reasons, *why),
        steps={**verdict.steps, "pipelines": _steps(choice.rows)},
    )


def _stage_reason(choice: routing.StagesChoice) -> Reason:
    if choice.row_id is None:
        return DEFAULT_STAGES
    words = ROW_STAGES if choice.verdict == "allow" else ROW_NO_STAGES
    return Reason(words, _row(choice.rows))


def _steps(rows: Sequence[RowTrace]) -> list[dict[str, Any]]:
    return [row.as_json() for row in rows]


def _row(rows: Sequence[RowTrace]) -> dict[str, Any]:
    """The place of the row that decided, as people count."""
    return {"row": next((place for place, row in enumerate(rows, 1) if row.used), 0)}


# -- What is written into new cards -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filled:
    """Values by entity and code, and what was left out."""

    values: Mapping[str, Mapping[str, Any]]
    problems: tuple[str, ...]
    reasons: tuple[Reason, ...]


def _with_fields(
    verdict: Verdict,
    inquiry: Inquiry,
    document: Document,
    known: Mapping[str, Any],
    fields: Fields,
) -> Verdict:
    filled = _filled(verdict.create, inquiry, document, known, fields)
    return replace(
        verdict,
        titles={
            name: _title(document.titles.get(name, ""), inquiry, known)
            for name in TITLED
            if name in verdict.create
        },
        fields=filled.values,
        problems=filled.problems,
        reasons=(*verdict.reasons, *filled.reasons),
    )


def _title(template: str, inquiry: Inquiry, known: Mapping[str, Any]) -> str:
    if said := templates.render(template, known):
        return said
    name = "channel_name" if inquiry.kind == "chat" else "offline_message_form_name"
    source = str(known.get(name) or inquiry.source_description)
    plain = ": ".join(part for part in (source, inquiry.name or inquiry.phone) if part)
    return plain[: templates.LIMIT]


def _filled(
    create: Sequence[str],
    inquiry: Inquiry,
    document: Document,
    known: Mapping[str, Any],
    fields: Fields,
) -> Filled:
    values: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    reasons: list[Reason] = []
    for row in document.fields:
        if row.entity not in create:
            continue
        typed = _typed(row, inquiry, known, fields)
        if typed.value is not None:
            values.setdefault(row.entity, {})[row.field] = typed.value
        if typed.problem:
            problems.append(f"{row.entity}.{row.field}: {typed.problem}")
            told = {"field": _named(row, fields), "problem": typed.problem}
            reasons.append(Reason(LEFT_OUT[row.entity], told))
    return Filled(values, tuple(problems), tuple(reasons))


def _typed(row: FieldRow, inquiry: Inquiry, known: Mapping[str, Any], portal: Fields) -> Typed:
    field = portal[row.entity].get(row.field) if row.entity in portal else _guessed(row)
    if field is None:
        return Typed(problem=fields.NO_FIELD)
    marks = [(name, file_mark(number)) for number, (name, _) in enumerate(inquiry.files)]
    return fields.fill(field, row.value, known, zone=zones.zone(inquiry.zone), files=marks)


def _guessed(row: FieldRow) -> Field:
    """A field of a portal whose directory was never read: a text, or a phone by its code."""
    kind = fields.MULTIFIELDS.get(row.field, "string")
    return Field(row.field, row.entity, row.field, kind)


def _named(row: FieldRow, portal: Fields) -> str:
    field = portal.get(row.entity, {}).get(row.field)
    return field.title if field else row.field
