"""What became of a decision: kept in the row, in the journal and in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from b24app.actions import (
    crm_cards,
    crm_cases,
    crm_journal,
    crm_memory,
    crm_places,
    crm_sources,
    crm_talk,
    promises,
)
from b24app.actions.crm_cases import Case
from b24app.actions.crm_found import Found, Gathered
from b24app.actions.crm_journal import Judged
from b24app.actions.crm_places import COLUMNS, Source
from b24app.actions.crm_writing import Written
from b24app.bitrix import crm as bitrix
from b24app.bitrix.payloads import whole
from b24app.i18n import say
from b24app.models import Conversation
from b24app.rules.target import COMPANY, CONTACT, DEAL, LEAD, TYPE_NAMES, Card, Target
from b24app.rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written, by what was known and decided.

    unsettled: it is decided anew at once. learnt: kinds of addresses that CRM knows now.
    """

    written: Written
    gathered: Gathered
    verdict: Verdict
    comment_id: int | None = None
    activity_id: int | None = None
    learnt: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    unsettled: bool = False


def begin(case: Case, judged: Judged, now: datetime) -> int | None:
    """Note a decision before it is carried out; None: it needs no writing and is settled.

    It counts as failed until its answer has come: whoever finds it so looks what was done.
    """
    row = crm_sources.load(case.payload)
    if row is None:
        return None
    if not judged.verdict.targets:
        known = Gathered(judged.facts)
        crm_cases.skip(row, case, known, judged.verdict, now)
        return None
    return crm_journal.note(row, judged, now, state="failed").id


def settle(case: Case, decision_id: int, outcome: Outcome, now: datetime) -> None:
    """Remember what was made; a refused step is shown, one that may pass is tried again."""
    written, row = outcome.written, crm_sources.load(case.payload)
    if row is None:
        return
    failed = written.failed
    crm_journal.conclude(
        decision_id,
        results=written.results,
        errors=written.errors,
        requests=outcome.requests,
        reasons=[*written.reasons, *([written.said] if written.said else [])],
        done=not outcome.unsettled and (failed is None or failed.permanent),
        now=now,
    )
    _keep_ids(row, outcome)
    if not outcome.unsettled and (failed is None or failed.permanent):
        _conclude(row, case, outcome, now)
    if failed is None and not written.errors:
        known = with_made(outcome.gathered, written.results, outcome)
        crm_memory.keep(row.portal_id, case.inquiry, known, now)
    crm_cases.tell(row, now)


def with_made(known: Gathered, results: Mapping[str, Any], outcome: Outcome) -> Gathered:
    """What is known of the client after the writing."""
    contact = bitrix.read_item(results.get("contact"))
    contacts = frozenset({int(contact["id"])}) if contact.get("id") else frozenset[int]()
    made = {
        type_id: tuple(_card(type_id, results.get(TYPE_NAMES[type_id]))) for type_id in (LEAD, DEAL)
    }
    facts = replace(
        known.facts,
        leads=(*known.facts.leads, *made[LEAD]),
        deals=(*known.facts.deals, *made[DEAL]),
        contacts=(*known.facts.contacts, *((crm_cards.person(contact),) if contacts else ())),
    )
    own = outcome.verdict.contact_id
    more = {kind: frozenset({own}) if own else frozenset[int]() for kind in outcome.learnt}
    found = {
        kind: replace(one, contacts=one.contacts | contacts | more.get(kind, frozenset()))
        for kind, one in {
            **dict.fromkeys(("phone", "email", "client"), Found()),
            **known.found,
        }.items()
    }
    return Gathered(facts, found)


def _card(type_id: int, result: Any) -> list[Card]:
    item = bitrix.read_item(result)
    return [crm_cards.card(type_id, item)] if item.get("id") else []


def _keep_ids(row: Source, outcome: Outcome) -> None:
    """Numbers of what the inquiry lives in, made now or found."""
    results, verdict = outcome.written.results, outcome.verdict
    ids = {
        type_id: bitrix.read_item_id(results.get(TYPE_NAMES[type_id]))
        for type_id in (LEAD, DEAL, CONTACT)
    }
    ids[CONTACT] = ids[CONTACT] or verdict.contact_id
    ids[COMPANY] = verdict.company_id
    for target in verdict.targets:
        ids[target.type_id] = target.id or ids.get(target.type_id)
    for type_id, number in ids.items():
        if number:
            setattr(row, COLUMNS[type_id], number)
    row.contact.crm_contact_id = row.crm_contact_id or row.contact.crm_contact_id
    made = _activity(results) or outcome.activity_id
    if made and made != row.crm_activity_id:
        row.crm_activity_id, row.crm_activity_done = made, False


def _activity(results: Mapping[str, Any]) -> int | None:
    told = results.get("activity")
    if not isinstance(told, Mapping):
        return None
    inner = told.get("activity")
    return whole((inner if isinstance(inner, Mapping) else told).get("id"))


def _conclude(row: Source, case: Case, outcome: Outcome, now: datetime) -> None:
    written = outcome.written
    places = _places(outcome)
    row.crm_state = "ready" if places else "failed" if written.failed else "skipped"
    row.crm_error = _words(case, written)[:500]
    comment = whole(written.results.get("comment")) or outcome.comment_id
    if not isinstance(row, Conversation):
        row.crm_comment_id = comment or row.crm_comment_id
        promises.crm_todo(row, now)  # it may have been finished meanwhile
        return
    if places:
        _settle_in(row, places)
    if case.saying and comment is not None:
        found = outcome.comment_id is not None
        crm_talk.note_first(row, case.saying, comment, now, found=found)
    if row.crm_state == "ready" and not row.crm_error:
        crm_talk.promise_telling(row, now)  # what was said meanwhile


def _settle_in(row: Conversation, places: list[Target]) -> None:
    main, beside = places[0], places[1:]
    if row.crm_target and row.crm_target != crm_places.kept(main):
        crm_places.begin_anew(row)
    row.crm_target = crm_places.kept(main)
    row.crm_bound = [crm_places.kept(one) for one in beside]


def _places(outcome: Outcome) -> list[Target]:
    """The main card, and those beside it that show the comment."""
    main, *beside = (*outcome.verdict.targets, *outcome.verdict.copies) or (None,)
    refused = outcome.written.errors
    shown = [one for at, one in enumerate(beside) if f"bind{at}" not in refused]
    found = (_resolved(one, outcome.written.results) for one in (main, *shown) if one)
    return [place for place in found if place]


def _resolved(target: Target, results: Mapping[str, Any]) -> Target | None:
    number = target.id or bitrix.read_item_id(results.get(target.made_by))
    return Target(target.type_id, number) if number else None


def _words(case: Case, written: Written) -> str:
    """Why something is missing in CRM, in the portal's language."""
    if written.said:
        return say(written.said.text, case.language, **written.said.params)
    return written.failed.message if written.failed else ""
