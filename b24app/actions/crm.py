"""Chats and offline requests in CRM: facts by one batch, a pure decision, one batch of writes.

What we create carries our origin id, so after a lost answer the facts show what was done
and the plan begins from the first missing step. Source: crm.md plans (a)-(f), section 18.
"""

from dataclasses import replace

from b24app import clock
from b24app.actions import crm_cases, crm_settling, portals
from b24app.actions.crm_cases import Case
from b24app.actions.crm_journal import Judged
from b24app.actions.crm_planning import Plan, planned
from b24app.actions.crm_writing import carry_out
from b24app.bitrix.client import Client
from b24app.db import transaction
from b24app.models import Job


def sync(job: Job) -> None:
    """Give a chat or request its place in CRM once; later a chat only tells what was said."""
    with transaction():
        case = crm_cases.open_case(job.payload, clock.now())
    if case is None:
        return
    client = portals.client(case.portal_id)
    if _write(client, case, planned(client, case)):
        return
    # The card that was to be written to is gone: look at what there is.
    again = replace(case, memory=None, tried=True)
    _write(client, again, planned(client, again), last=True)


def _write(client: Client, case: Case, wanted: Plan, *, last: bool = False) -> bool:
    """Carry a plan out and settle it; False: what it was made from is not true any more."""
    judged = Judged(case.inquiry, case.version, wanted.verdict, wanted.gathered.facts, wanted.calls)
    with transaction():
        decision_id = crm_settling.begin(case, judged, clock.now())
    if decision_id is None:
        return True
    written = carry_out(client, wanted.calls, case.fields)
    retry = written.gone and not last
    outcome = crm_settling.Outcome(
        written=written,
        gathered=wanted.gathered,
        verdict=wanted.verdict,
        comment_id=wanted.comment_id,
        activity_id=wanted.activity_id,
        learnt=tuple(wanted.learnt) if "learn" in written.results else (),
        requests=tuple(client.requested),
        unsettled=retry,
    )
    with transaction():
        crm_settling.settle(case, decision_id, outcome, clock.now())
    if written.failed and not written.failed.permanent:
        raise written.failed
    return not retry


JOBS = {"crm": sync}
