"""Chats and offline requests in CRM: facts by one batch, a pure decision, one batch of writes.

What we create carries our origin id, so after a lost answer the facts show what was done
and the plan begins from the first missing step. Source: crm.md plans (a)-(f), section 18.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from b24app import clock
from b24app.actions import crm_cases, crm_settling, portals
from b24app.actions.crm_cases import Case
from b24app.actions.crm_facts import Found, Gathered, gather
from b24app.actions.crm_journal import Judged
from b24app.actions.crm_writing import carry_out
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import Client
from b24app.bitrix.payloads import whole
from b24app.db import transaction
from b24app.i18n import N_
from b24app.models import Job
from b24app.rules.inquiry import decide
from b24app.rules.plan import bind_comment, plan
from b24app.rules.target import CONTACT, LEAD, TYPE_NAMES, Reason, Target
from b24app.rules.transcript import same_comment
from b24app.rules.verdict import Verdict
from b24app.values import Call

STAYS = Reason(N_("No other card of the client takes the chat: it stays where it was."))
OURS_TOUCHED = Reason(N_("Somebody works with the card of this chat already: it stays there."))
MOVED = N_("The client told an address under which CRM knows them: the chat goes on there.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, by what was known and decided.

    comment_id, activity_id: found to be written already by a try whose answer was lost.
    """

    gathered: Gathered
    verdict: Verdict
    calls: Sequence[Call] = ()
    comment_id: int | None = None
    activity_id: int | None = None
    learnt: Sequence[str] = ()


def sync(job: Job) -> None:
    """Give a chat or request its place in CRM once; later a chat only tells what was said."""
    with transaction():
        case = crm_cases.open_case(job.payload, clock.now())
    if case is None:
        return
    client = portals.client(case.portal_id)
    if _write(client, case, _planned(client, case)):
        return
    # The card that was remembered is gone: look at what there is.
    again = replace(case, memory=None)
    _write(client, again, _planned(client, again), last=True)


def _write(client: Client, case: Case, planned: Plan, *, last: bool = False) -> bool:
    """Carry a plan out and settle it; False: what it was made from is not true any more."""
    judged = Judged(
        case.inquiry, case.version, planned.verdict, planned.gathered.facts, planned.calls
    )
    with transaction():
        decision_id = crm_settling.begin(case, judged, clock.now())
    if decision_id is None:
        return True
    written = carry_out(client, planned.calls, case.fields)
    retry = written.gone and not last
    outcome = crm_settling.Outcome(
        written=written,
        gathered=planned.gathered,
        verdict=planned.verdict,
        comment_id=planned.comment_id,
        activity_id=planned.activity_id,
        learnt=tuple(planned.learnt) if "learn" in written.results else (),
        requests=tuple(client.requested),
        unsettled=retry,
    )
    with transaction():
        crm_settling.settle(case, decision_id, outcome, clock.now())
    if written.failed and not written.failed.permanent:
        raise written.failed
    return not retry


# -- From what is known to what is written ------------------------------------------------


def _planned(client: Client, case: Case) -> Plan:
    gathered, verdict = _decided(client, case)
    planned = Plan(gathered, verdict)
    if case.tried:
        planned = _without_what_is_there(client, case, planned)
    return _with_calls(case, planned)


def _decided(client: Client, case: Case) -> tuple[Gathered, Verdict]:
    """By memory if nothing is to be created, else by what the portal says now."""
    if case.memory:
        verdict = decide(case.inquiry, case.memory.facts, case.document, case.fields)
        if verdict.targets and not verdict.create:
            return case.memory, verdict
    gathered = gather(client, case.inquiry, case.known_contact)
    if case.purpose == "first":
        return gathered, decide(case.inquiry, gathered.facts, case.document, case.fields)
    return gathered, _moved(case, gathered)


def _moved(case: Case, gathered: Gathered) -> Verdict:
    """Where a chat goes whose card is closed, or whose client turned out to be known.

    Only to a card that is there: one chat never has two cards made for it.
    """
    document = replace(case.document, create_repeat=())
    facts = gathered.facts
    if case.purpose == "learn":
        facts = replace(facts, own_deal_id=None, own_lead_id=None)
        others = tuple(one for one in facts.deals if not _is(one.type_id, one.id, case.place))
        leads = tuple(one for one in facts.leads if not _is(one.type_id, one.id, case.place))
        facts = replace(facts, deals=others, leads=leads)
    verdict = decide(case.inquiry, facts, document, case.fields)
    if case.purpose == "learn":
        return _learnt_move(case, gathered, verdict)
    if verdict.targets and not verdict.create:
        return verdict
    if case.place is None:
        return verdict
    return _stays(case, verdict, STAYS)


def _learnt_move(case: Case, gathered: Gathered, verdict: Verdict) -> Verdict:
    """To an open card of the client that CRM knew already, if nobody has touched ours."""
    target = verdict.targets[0] if verdict.targets else None
    if case.inquiry.pinned or target is None or target.id is None or target.type_id > 2:
        return _stays(case, verdict)
    if _touched(case, gathered):
        return _stays(case, verdict, OURS_TOUCHED)
    return replace(verdict, create=(), reasons=(Reason(MOVED), *verdict.reasons))


def _stays(case: Case, verdict: Verdict, *why: Reason) -> Verdict:
    targets = (case.place,) if case.place else ()
    return Verdict(
        "known",
        targets=targets,
        contact_id=case.known_contact or verdict.contact_id,
        candidates=verdict.candidates,
        reasons=why,
        steps=verdict.steps,
    )


def _touched(case: Case, gathered: Gathered) -> bool:
    """Whether somebody has moved our card on, or it is not ours."""
    cards = (*gathered.facts.deals, *gathered.facts.leads)
    mine = next((one for one in cards if _is(one.type_id, one.id, case.place)), None)
    if mine is None or not mine.ours or not mine.opened:
        return True
    return mine.moved_at is not None and mine.moved_at > mine.created_at


def _is(type_id: int, number: int, target: Target | None) -> bool:
    return target is not None and (target.type_id, target.id) == (type_id, number)


def _without_what_is_there(client: Client, case: Case, planned: Plan) -> Plan:
    """After a lost answer: the comment and activity that were written are taken over."""
    main = planned.verdict.targets[0] if planned.verdict.targets else None
    if main is None or main.id is None:
        return planned
    owner = {"OWNER_TYPE_ID": main.type_id, "OWNER_ID": main.id}
    fields = ["ID", "ORIGIN_ID", "DESCRIPTION"]
    asked = {"filter": owner, "select": fields, "order": {"ID": "DESC"}}
    answer = client.batch(
        [
            bitrix.comment_list(TYPE_NAMES[main.type_id], main.id, "comments"),
            Call("crm.activity.list", asked, "activities"),
        ]
    )
    comments = bitrix.read_comments(answer.result("comments"))
    told = [number for number, text in comments if case.text and same_comment(text, case.text)]
    acts = [one for one in answer.result("activities") or () if _for(one, case)]
    verdict = planned.verdict
    if acts:
        kept = tuple(name for name in verdict.create if name != "activity")
        verdict = replace(verdict, create=kept)
    return replace(
        planned,
        verdict=verdict,
        comment_id=told[0] if told else None,
        activity_id=whole(acts[0].get("ID")) if acts else None,
    )


def _for(activity: object, case: Case) -> bool:
    """Whether an activity was made for this inquiry."""
    if not isinstance(activity, dict):
        return False
    mark = f"#{case.inquiry.id}"
    made = activity.get("ORIGIN_ID") == case.inquiry.origin
    return made or str(activity.get("DESCRIPTION") or "").split("\n")[-1] == mark


def _with_calls(case: Case, planned: Plan) -> Plan:
    verdict = planned.verdict
    text = "" if planned.comment_id else case.text
    calls = plan(case.inquiry, verdict, case.document, text, language=case.language)
    if planned.comment_id:
        others = (*verdict.targets[1:], *verdict.copies)
        calls += [
            bind_comment(planned.comment_id, one, f"bind{at}") for at, one in enumerate(others)
        ]
    learnt = _news(case, planned)
    if learnt:
        calls.append(_learn(case, verdict, learnt))
    return replace(planned, calls=calls, learnt=learnt)


def _news(case: Case, planned: Plan) -> list[str]:
    """Addresses of the client that nobody in CRM has; a card that is made now has them."""
    verdict = planned.verdict
    if "contact" in verdict.create or _owner(verdict) is None:
        return []
    told = {"phone": case.inquiry.phone, "email": case.inquiry.email}
    return [
        kind
        for kind, value in told.items()
        if value and kind in planned.gathered.found and _nobody(planned.gathered.found[kind])
    ]


def _nobody(found: Found) -> bool:
    return not (found.contacts or found.companies or found.leads)


def _owner(verdict: Verdict) -> Target | None:
    """Whose the addresses are: the contact, or a lead that has none."""
    if verdict.contact_id:
        return Target(CONTACT, verdict.contact_id)
    leads = (one for one in verdict.targets if one.type_id == LEAD and one.id)
    return next(leads, None)


def _learn(case: Case, verdict: Verdict, kinds: Sequence[str]) -> Call:
    """The client's new phone and e-mail, added to those that are there."""
    owner = _owner(verdict)
    assert owner is not None
    entries = {
        "phone": {"typeId": "PHONE", "valueType": "MOBILE", "value": case.inquiry.phone},
        "email": {"typeId": "EMAIL", "valueType": "WORK", "value": case.inquiry.email},
    }
    fm = {f"n{at}": entries[kind] for at, kind in enumerate(kinds)}
    params = {"entityTypeId": owner.type_id, "id": owner.id, "fields": {"fm": fm}}
    return Call("crm.item.update", params, "learn")


JOBS = {"crm": sync}
