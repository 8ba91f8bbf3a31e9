"""What other rules would have done with inquiries that really came; nothing is asked or written.

The same facts are decided twice, by the rules that count and by a draft. That a stored
decision replays to itself is what makes the answer worth something: see tests.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from b24app.rules import inquiry as engine
from b24app.rules.documents import Document, Stages
from b24app.rules.fields import Field
from b24app.rules.target import CrmFacts
from b24app.rules.verdict import Inquiry, Verdict

Fields = Mapping[str, Mapping[str, Field]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verdict means for the people who work with it.

    targets: (type id, id) of each card that gets the talk; id None: it would be made.
    """

    kind: str
    allowed: bool
    create: tuple[str, ...]
    targets: tuple[tuple[int, int | None], ...]
    responsible_id: int | None
    stages: Stages
    titles: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        told["targets"] = [{"type": type_id, "id": number} for type_id, number in self.targets]
        told["titles"] = dict(self.titles)
        return told


@dataclass(frozen=True, slots=True)
class Comparison:
    """before and after of one inquiry; `after` None: the facts do not reach that far."""

    before: Outcome
    after: Outcome | None
    differences: tuple[str, ...]


def compare(
    asked: Inquiry, facts: CrmFacts, now: Document, draft: Document, fields: Fields
) -> Comparison:
    """One inquiry under both documents.

    An inquiry that was kept out of CRM has no facts: what a draft that lets it in would do
    with it cannot be told, and is not guessed.
    """
    before = outcome(engine.decide(asked, facts, now, fields))
    after = outcome(engine.decide(asked, facts, draft, fields))
    if not facts.gathered and after.allowed:
        return Comparison(before, None, ())
    return Comparison(before, after, differences(before, after))


def outcome(verdict: Verdict) -> Outcome:
    made = bool(verdict.create)
    return Outcome(
        kind=verdict.kind,
        allowed=verdict.kind != "filtered",
        create=verdict.create,
        targets=tuple((target.type_id, target.id) for target in verdict.targets),
        # Whose and where matter only for what is made.
        responsible_id=verdict.responsible_id if made else None,
        stages=verdict.stages if made else Stages(),
        titles=tuple(sorted(verdict.titles.items())) if made else (),
    )


def differences(before: Outcome, after: Outcome) -> tuple[str, ...]:
    """Names of the parts in which two outcomes differ, in the order of Outcome."""
    names = ("allowed", "kind", "create", "targets", "responsible_id", "stages", "titles")
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))
