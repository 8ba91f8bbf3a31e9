"""Which row of the rules decides: who may in, whose it is, where its cards stand.

Rows are tried in order and the first that matches counts; all are tried for the journal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from b24app.rules import conditions
from b24app.rules.conditions import Group, Trace
from b24app.rules.documents import Document, Pipelines, Stages
from b24app.rules.parameters import Parameters


class Row(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def when(self) -> Group: ...


AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True, slots=True)
class RowTrace:
    """used: it was the first that matched."""

    row_id: str
    trace: Trace
    matched: bool
    used: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "row_id": self.row_id,
            "trace": self.trace.as_json(),
            "matched": self.matched,
            "used": self.used,
        }


@dataclass(frozen=True, slots=True)
class Admission:
    """row_id None: no row matched, the default counts."""

    allowed: bool
    row_id: str | None = None
    rows: tuple[RowTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponsibleChoice:
    """user_id None: the settings name nobody."""

    user_id: int | None
    row_id: str | None = None
    rows: tuple[RowTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class StagesChoice:
    """verdict: of the row that matched; None: no row did."""

    stages: Stages
    row_id: str | None = None
    verdict: str | None = None
    rows: tuple[RowTrace, ...] = ()


def admitted(document: Document, parameters: Parameters) -> Admission:
    """Whether the filter lets an inquiry into CRM."""
    row, rows = _first(document.filter, parameters)
    if row is None:
        return Admission(document.filter_default == "allow", None, rows)
    return Admission(row.verdict == "allow", row.id, rows)


def responsible(document: Document, parameters: Parameters) -> ResponsibleChoice:
    """Whose the inquiry is by the settings."""
    row, rows = _first(document.responsibles, parameters)
    if row is None:
        return ResponsibleChoice(document.responsible_id, None, rows)
    return ResponsibleChoice(row.user_id, row.id, rows)


def stages(pipelines: Pipelines, parameters: Parameters) -> StagesChoice:
    """Where new cards stand."""
    row, rows = _first(pipelines.rows, parameters)
    if row is None:
        return StagesChoice(pipelines.default, None, None, rows)
    chosen = pipelines.default
    if row.verdict == "allow":
        chosen = _over(row.stages, pipelines.default)
    return StagesChoice(chosen, row.id, row.verdict, rows)


def _over(own: Stages, default: Stages) -> Stages:
    """A row's stages, its empty parts from the default; a stage stays with its pipeline."""
    deal = default if own.category_id is None else own
    return Stages(own.lead_stage or default.lead_stage, deal.category_id, deal.deal_stage)


def _first(
    rows: Sequence[AnyRow], parameters: Parameters
) -> tuple[AnyRow | None, tuple[RowTrace, ...]]:
    traces = [conditions.evaluate(row.when, parameters) for row in rows]
    used = next((number for number, trace in enumerate(traces) if trace.result), None)
    told = tuple(
        RowTrace(row.id, trace, trace.result, number == used)
        for number, (row, trace) in enumerate(zip(rows, traces, strict=True))
    )
    return (None if used is None else rows[used]), told
