"""News as screens read it: what happened after a number, or that too much did."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, cast, func, not_, select

from b24app.db import db
from b24app.models import Event, Portal

MOST = 1000  # news; a screen that missed more is quicker to fetch everything anew
PAGE = 250


@dataclass(frozen=True, slots=True)
class News:
    """One Event row; `data` is JSON text, passed on as it was written."""

    number: int
    kind: str
    data: str
    visitor: str | None

    @property
    def fleeting(self) -> bool:
        """Of the moment: worth nothing to who comes later."""
        return self.kind in ("typing", "operator_typing", "presence")


@dataclass(frozen=True, slots=True)
class Gap:
    """What a screen missed: everything up to `last`, told piece by piece if `whole`."""

    last: int
    whole: bool


def here() -> ColumnElement[bool]:
    """Portals that have not removed us; one that did is blocked until that is confirmed."""
    removed = and_(Portal.status == "blocked", Portal.uninstalled_at.is_not(None))
    return and_(Portal.status != "deleted", not_(removed))


def standing(portal_ids: Sequence[int]) -> dict[int, int]:
    """Portal → number of its last news; portals that left us are not in it."""
    rows = db.session.execute(
        select(Portal.id, Portal.last_event).where(Portal.id.in_(portal_ids), here())
    )
    return {row.id: row.last_event for row in rows}


def gap(portal_id: int, after: int, visitor: str | None = None) -> Gap:
    """What happened after `after`, and whether it is still here and little enough to tell."""
    last = standing([portal_id]).get(portal_id, 0)
    if after >= last:
        return Gap(last, whole=after == last)  # beyond the last: numbers of another life
    oldest = db.session.scalar(select(func.min(Event.number)).where(Event.portal_id == portal_id))
    kept = oldest is not None and oldest <= after + 1
    return Gap(last, whole=kept and _missed(portal_id, after, last, visitor) <= MOST)


def page(
    portal_id: int, after: int, upto: int | None = None, visitor: str | None = None
) -> list[News]:
    """At most PAGE news after `after`, in order; only a visitor's own if one is given."""
    wanted = _after(portal_id, after, visitor)
    if upto is not None:
        wanted += (Event.number <= upto,)
    rows = db.session.execute(
        select(Event.number, Event.kind, cast(Event.data, Text), Event.visitor)
        .where(*wanted)
        .order_by(Event.number)
        .limit(PAGE)
    )
    return [News(*row) for row in rows]


def _after(portal_id: int, after: int, visitor: str | None) -> tuple[ColumnElement[bool], ...]:
    wanted = (Event.portal_id == portal_id, Event.number > after)
    return wanted if visitor is None else (*wanted, Event.visitor == visitor)


def _missed(portal_id: int, after: int, last: int, visitor: str | None) -> int:
    """How many news a screen missed; counted no further than needed."""
    if visitor is None:
        return last - after  # numbers have no holes
    some = select(Event.id).where(*_after(portal_id, after, visitor)).limit(MOST + 1)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
