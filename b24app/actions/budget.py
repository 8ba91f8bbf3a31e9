"""The budget governor: a portal's patience, kept in the database and obeyed by everybody."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from b24app import clock
from b24app.actions.apart import apart, insert
from b24app.bitrix.client import URGENT, Use
from b24app.config import Config
from b24app.db import db, reading
from b24app.errors import BitrixError
from b24app.models import Budget, MethodBudget
from b24app.rules import budget

PATIENCE_SECONDS = 1.0
OUTER = "batch"  # the envelope itself; its time is that of its commands
log = logging.getLogger(__name__)


class PortalGovernor:
    """Paces the requests to one portal; see bitrix.client.Governor."""

    def __init__(
        self,
        portal_id: int,
        engine: Engine,
        rate: float,
        burst: int,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._portal_id = portal_id
        self._engine = engine
        self._rate = rate
        self._burst = burst
        self._now = now
        self._sleep = sleep

    def reserve(self, methods: Sequence[str], priority: int) -> None:
        """Take a place for one request that runs `methods`; waits a second at most.

        Raises:
            BitrixError: with `retry_after`, when the wait is longer. Nothing was sent.
        """
        patience = PATIENCE_SECONDS
        while (wait := self._take(methods, urgent=priority <= URGENT)) > 0:
            if wait > patience:
                raise BitrixError(
                    "The portal's budget of requests is used up for now.",
                    code="budget",
                    retry_after=wait,
                )
            patience -= wait
            self._sleep(wait)

    def await_place(self) -> None:
        """Wait, a second at most, until a request that is not urgent would go at once.

        No place is taken: who gathers what a request is to carry does so after the wait,
        and more goes along.
        """
        now = self._now()
        with reading() as session:
            row = session.get(Budget, self._portal_id)
            if row is None:
                return
            bucket = budget.Bucket(row.level, row.at).after(now, self._rate)
            spare = budget.reserve(False, self._burst)
            wait = max(
                budget.wait(row.blocked_until, now),
                bucket.wait_for(1, self._rate, self._burst, spare),
            )
        self._sleep(min(wait, PATIENCE_SECONDS))

    def learn(self, uses: Sequence[Use]) -> None:
        """Add what an answered request cost to the books."""
        try:
            with apart(self._engine) as session:
                for method, seen in _by_method(uses).items():
                    self._charge(session, method, seen)
        except SQLAlchemyError as error:  # what was done at Bitrix24 is done all the same
            log.warning("portal %s: the budget could not be kept: %s", self._portal_id, error)

    def blocked(self, method: str | None, until: datetime) -> None:
        """Obey a refusal: of one method, or of everything (the bucket is full)."""
        try:
            with apart(self._engine) as session:
                self._block(session, method, until)
        except SQLAlchemyError as error:
            log.warning("portal %s: the budget could not be kept: %s", self._portal_id, error)

    def fitting(self, methods: Sequence[str]) -> int:
        """How many of these commands, from the first, go into one request."""
        with apart(self._engine) as session:
            known = self._books(session, methods)
        costs = [budget.cost_of(method, _cost(known.get(_key(method)))) for method in methods]
        return budget.batch_size(costs)

    def _take(self, methods: Sequence[str], *, urgent: bool) -> float:
        """Count a request and return 0, or return the seconds to wait."""
        now = self._now()
        with apart(self._engine) as session:
            row = self._bucket(session, now)
            bucket = budget.Bucket(row.level, row.at).after(now, self._rate)
            spare = budget.reserve(urgent, self._burst)
            wait = max(
                budget.wait(row.blocked_until, now),
                bucket.wait_for(1, self._rate, self._burst, spare),
                self._methods_wait(session, methods, now),
            )
            if wait <= 0:
                bucket = bucket.plus()
                row.level, row.at = bucket.level, bucket.at
        return wait

    def _methods_wait(self, session: Session, methods: Sequence[str], now: datetime) -> float:
        known = self._books(session, methods)
        waits = [0.0]
        for method, count in Counter(map(_key, methods)).items():
            row = known.get(method)
            waits.append(budget.wait(row.blocked_until if row else None, now))
            if row and method != OUTER:
                seconds = budget.cost_of(method, row.cost) * count
                waits.append(budget.Ledger(row.minutes).allowed(now, seconds))
        return max(waits)

    def _charge(self, session: Session, method: str, seen: Sequence[Use]) -> None:
        row = self._book(session, method)
        seconds = sum(use.seconds for use in seen)
        told = max((use.operating or 0.0 for use in seen), default=0.0)
        ledger = budget.Ledger(row.minutes).charged(self._now(), seconds, told)
        row.minutes = dict(ledger.minutes)
        row.cost = budget.learned(row.cost, seconds / len(seen))

    def _block(self, session: Session, method: str | None, until: datetime) -> None:
        if method is not None:
            self._book(session, _key(method)).blocked_until = until
            return
        now = self._now()
        row = self._bucket(session, now)
        row.level, row.at, row.blocked_until = float(self._burst), now, until

    def _bucket(self, session: Session, now: datetime) -> Budget:
        """The portal's bucket, locked until the transaction ends."""
        row = session.get(Budget, self._portal_id, with_for_update=True)
        if row is None:
            fresh = insert(session, Budget).values(portal_id=self._portal_id, level=0.0, at=now)
            session.execute(fresh.on_conflict_do_nothing())
            row = session.get_one(Budget, self._portal_id, with_for_update=True)
        return row

    def _book(self, session: Session, method: str) -> MethodBudget:
        """A method's book, locked until the transaction ends."""
        key = (self._portal_id, method)
        row = session.get(MethodBudget, key, with_for_update=True)
        if row is None:
            fresh = insert(session, MethodBudget).values(
                portal_id=self._portal_id, method=method, minutes={}, cost=0.0
            )
            session.execute(fresh.on_conflict_do_nothing())
            row = session.get_one(MethodBudget, key, with_for_update=True)
        return row

    def _books(self, session: Session, methods: Sequence[str]) -> dict[str, MethodBudget]:
        rows = session.scalars(
            select(MethodBudget).where(
                MethodBudget.portal_id == self._portal_id,
                MethodBudget.method.in_(set(map(_key, methods))),
            )
        )
        return {row.method: row for row in rows}


def governor(portal_id: int) -> PortalGovernor:
    """The governor of a portal, with the configured rate and burst."""
    config: Config = current_app.config["CALLGEAR"]
    return PortalGovernor(portal_id, db.engine, config.bitrix_rate, config.bitrix_burst)


def _by_method(uses: Sequence[Use]) -> dict[str, list[Use]]:
    """Uses by method, in one order for all: rows are locked in it."""
    found: dict[str, list[Use]] = {}
    for use in sorted(uses, key=lambda use: _key(use.method)):
        found.setdefault(_key(use.method), []).append(use)
    return found


def _key(method: str) -> str:
    return method.lower()[:80]


def _cost(row: MethodBudget | None) -> float:
    return row.cost if row else 0.0
