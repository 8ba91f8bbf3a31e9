"""Facts, inquiries and verdicts as JSON and back: a decision that is kept can be replayed."""

from collections.abc import Iterable, Mapping
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import Any

from b24app.rules.documents import Stages
from b24app.rules.target import Candidate, Card, CrmFacts, Person, Reason, Target
from b24app.rules.verdict import Inquiry, Verdict

Json = dict[str, Any]


def as_json(verdict: Verdict) -> Json:
    return _plain_fields(verdict)


def verdict_from_json(given: Mapping[str, Any]) -> Verdict:
    known = _known(Verdict, given)
    return Verdict(
        **known
        | {
            "create": tuple(known.get("create", ())),
            "targets": _targets(known.get("targets")),
            "copies": _targets(known.get("copies")),
            "stages": Stages(**_known(Stages, known.get("stages") or {})),
            "candidates": tuple(_candidate(one) for one in known.get("candidates", ())),
            "reasons": _reasons(known.get("reasons")),
            "problems": tuple(known.get("problems", ())),
        }
    )


def facts_json(facts: CrmFacts) -> Json:
    return _plain_fields(facts)


def facts_from_json(given: Mapping[str, Any]) -> CrmFacts:
    known = _known(CrmFacts, given)
    return CrmFacts(
        **known
        | {
            "leads": tuple(_card(one) for one in known.get("leads", ())),
            "deals": tuple(_card(one) for one in known.get("deals", ())),
            "contacts": tuple(_person(one) for one in known.get("contacts", ())),
            "company_ids": tuple(known.get("company_ids", ())),
        }
    )


def inquiry_json(inquiry: Inquiry) -> Json:
    """Without the content of files: a verdict does not depend on it."""
    files = [[name, ""] for name, _ in inquiry.files]
    return _plain_fields(inquiry) | {"files": files}


def inquiry_from_json(given: Mapping[str, Any]) -> Inquiry:
    known = _known(Inquiry, given)
    pinned = known.get("pinned")
    return Inquiry(
        **known
        | {
            "im": tuple((kind, value) for kind, value in known.get("im", ())),
            "files": tuple((name, content) for name, content in known.get("files", ())),
            "pinned": Target(**_known(Target, pinned)) if pinned else None,
            "recent": _targets(known.get("recent")),
        }
    )


def reasons_json(reasons: Iterable[Reason]) -> list[Json]:
    return [_plain_fields(one) for one in reasons]


def _candidate(given: Mapping[str, Any]) -> Candidate:
    known = _known(Candidate, given)
    card, reasons = _card(known["card"]), _reasons(known.get("reasons"))
    return Candidate(**known | {"card": card, "reasons": reasons})


def _card(given: Mapping[str, Any]) -> Card:
    known = _known(Card, given)
    times = {name: _moment(known.get(name)) for name in ("created_at", "moved_at")}
    return Card(**known | times | {"contact_ids": tuple(known.get("contact_ids", ()))})


def _person(given: Mapping[str, Any]) -> Person:
    known = _known(Person, given)
    companies, created = tuple(known.get("company_ids", ())), _moment(known.get("created_at"))
    return Person(**known | {"company_ids": companies, "created_at": created})


def _targets(given: Iterable[Mapping[str, Any]] | None) -> tuple[Target, ...]:
    return tuple(Target(**_known(Target, one)) for one in given or ())


def _reasons(given: Iterable[Mapping[str, Any]] | None) -> tuple[Reason, ...]:
    return tuple(Reason(**_known(Reason, one)) for one in given or ())


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _known(kind: type, given: Mapping[str, Any]) -> Json:
    """The named values that this version still has."""
    names = {one.name for one in fields_of(kind)}
    return {name: value for name, value in given.items() if name in names}


def _plain_fields(value: Any) -> Json:
    return {one.name: _plain(getattr(value, one.name)) for one in fields_of(value)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
