"""From what is known to what is written: where a chat or request goes, and by which calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from b24app.actions.crm_cases import Case
from b24app.actions.crm_facts import gather
from b24app.actions.crm_found import Found, Gathered
from b24app.bitrix import crm as bitrix
from b24app.bitrix.client import Client
from b24app.bitrix.payloads import whole
from b24app.i18n import N_
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


def planned(client: Client, case: Case) -> Plan:
    """What is to be written now, by memory if nothing is created, else by what CRM says."""
    gathered, verdict = _decided(client, case)
    wanted = Plan(gathered, verdict)
    if case.tried:
        wanted = _without_what_is_there(client, case, wanted)
    return _with_calls(case, wanted)


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


def _without_what_is_there(client: Client, case: Case, wanted: Plan) -> Plan:
    """After a lost answer: the comment and activity that were written are taken over."""
    main = wanted.verdict.targets[0] if wanted.verdict.targets else None
    if main is None or main.id is None:
        return wanted
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
    verdict = wanted.verdict
    if acts:
        kept = tuple(name for name in verdict.create if name != "activity")
        verdict = replace(verdict, create=kept)
    return replace(
        wanted,
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


def _with_calls(case: Case, wanted: Plan) -> Plan:
    verdict = wanted.verdict
    text = "" if wanted.comment_id else case.text
    calls = plan(case.inquiry, verdict, case.document, text, language=case.language)
    if wanted.comment_id:
        others = (*verdict.targets[1:], *verdict.copies)
        calls += [
            bind_comment(wanted.comment_id, one, f"bind{at}") for at, one in enumerate(others)
        ]
    learnt = _news(case, wanted)
    if learnt:
        calls.append(_learn(case, verdict, learnt))
    return replace(wanted, calls=calls, learnt=learnt)


def _news(case: Case, wanted: Plan) -> list[str]:
    """Addresses of the client that nobody in CRM has; a card that is made now has them."""
    verdict = wanted.verdict
    if "contact" in verdict.create or _owner(verdict) is None or not _theirs(case, wanted):
        return []
    told = {"phone": case.inquiry.phone, "email": case.inquiry.email}
    return [
        kind
        for kind, value in told.items()
        if value and kind in wanted.gathered.found and _nobody(wanted.gathered.found[kind])
    ]


def _theirs(case: Case, wanted: Plan) -> bool:
    """Whether the contact is the client's: a pinned card may be somebody else's."""
    contact = wanted.verdict.contact_id
    people = {case.known_contact, *(one.id for one in wanted.gathered.facts.contacts)}
    return contact is None or contact in people


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
