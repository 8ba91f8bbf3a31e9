"""What is to be decided about a chat or request: everything that our own rows know."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from b24app import i18n
from b24app.actions import (
    accounts,
    crm_journal,
    crm_memory,
    crm_places,
    crm_sources,
    crm_talk,
    directory,
    settings,
    shown,
)
from b24app.actions.crm_found import Gathered
from b24app.actions.crm_journal import Judged
from b24app.actions.crm_places import Source
from b24app.actions.crm_story import Saying
from b24app.db import db
from b24app.i18n import N_
from b24app.models import Conversation, OfflineRequest, Portal
from b24app.rules.documents import Document
from b24app.rules.fields import Field
from b24app.rules.inquiry import decide
from b24app.rules.target import DEAL, LEAD, CrmFacts, Reason, Target
from b24app.rules.verdict import Inquiry, Verdict

# first: it has no place yet. again: its card is closed. learn: the client told a phone.
Purpose = Literal["first", "again", "learn"]
OFF = Reason(N_("The integration is switched off for this Bitrix24."))
LINE_SERVES = Reason(N_("An Open Line serves this channel and keeps CRM itself."))


@dataclass(frozen=True, slots=True)
class Case:
    """One decision to make.

    memory: what is known without asking the portal. saying, text: what the first comment says.
    tried: an earlier try may have written, and its answer was lost. place: where it lived.
    """

    purpose: Purpose
    payload: dict[str, int]
    portal_id: int
    language: str
    inquiry: Inquiry
    document: Document
    version: int
    fields: dict[str, dict[str, Field]] = field(default_factory=dict)
    known_contact: int | None = None
    memory: Gathered | None = None
    saying: Saying | None = None
    text: str = ""
    tried: bool = False
    place: Target | None = None


def open_case(payload: dict[str, int], now: datetime) -> Case | None:
    """What is to be decided now; None: nothing, or it has been settled here."""
    row = crm_sources.load(payload)
    purpose = _purpose(row) if row else None
    if row is None or purpose is None:
        if isinstance(row, Conversation):
            crm_talk.tell_anew(row, now)
        return None
    portal = db.session.get_one(Portal, row.portal_id)
    if why := _barred(row, portal):
        if purpose == "first":
            _skip(
                row, Judged(None, row.settings_version or 0, Verdict("none", reasons=(why,))), now
            )
        return None
    case = _case(row, portal, payload, purpose, now)
    early = decide(case.inquiry, CrmFacts(gathered=False), case.document, case.fields)
    if early.kind == "filtered" and purpose == "first":
        skip(row, case, Gathered(CrmFacts(gathered=False)), early, now)
        return None
    return case


def skip(row: Source, case: Case, known: Gathered, verdict: Verdict, now: datetime) -> None:
    """Nothing is written, and the journal says why."""
    _skip(row, Judged(case.inquiry, case.version, verdict, known.facts), now)


def _purpose(row: Source) -> Purpose | None:
    if isinstance(row, OfflineRequest):
        return None if row.crm_state == "ready" or _judged(row) else "first"
    if row.crm_state != "ready":
        return None if _judged(row) else "first"
    if row.crm_target is None:
        return "again"
    return "learn" if _learnt(row) else None


def _judged(row: Source) -> bool:
    """Whether the rules of its start have left it out; what bars the way may go away."""
    if row.crm_state != "skipped":
        return False
    newest = crm_journal.newest(row)
    return newest is not None and bool(newest.inquiry)


def _learnt(row: Conversation) -> bool:
    """Whether we know a phone or address of the client that CRM was not told."""
    contact = row.contact
    if not (contact.phone or contact.email):
        return False
    last = crm_journal.last(row)
    told = last.inquiry if last else {}
    return bool(last) and any(
        value and value != told.get(name)
        for name, value in (("phone", contact.phone), ("email", contact.email))
    )


def _barred(row: Source, portal: Portal) -> Reason | None:
    """What keeps everything of this portal or channel out of CRM just now."""
    if not portal.integration_active:
        return OFF
    if isinstance(row, Conversation) and accounts.line_of(row.channel) is not None:
        return LINE_SERVES
    return None


def _skip(row: Source, judged: Judged, now: datetime) -> None:
    if row.crm_state == "skipped" and judged.inquiry is None:
        return
    row.crm_state, row.crm_error = "skipped", ""
    crm_journal.note(row, judged, now)
    tell(row, now)


def tell(row: Source, now: datetime) -> None:
    """Screens learn how it stands."""
    if isinstance(row, OfflineRequest):
        shown.tell_request(row, now)
    else:
        shown.tell_conversation(row, now)


def _case(
    row: Source, portal: Portal, payload: dict[str, int], purpose: Purpose, now: datetime
) -> Case:
    current = settings.rules_of(portal.id, crm_journal.kind_of(row), row.settings_version)
    inquiry = crm_sources.inquiry(row, current.document, now)
    newest = crm_journal.newest(row)
    tried = newest is not None and newest.state == "failed"
    saying, text = _words(row, current.document, purpose)
    fresh = purpose == "first" and not tried
    return Case(
        purpose=purpose,
        payload=payload,
        portal_id=portal.id,
        language=i18n.language(portal.lang),
        inquiry=inquiry,
        document=current.document,
        version=current.version,
        fields=directory.fields(portal.id),
        known_contact=crm_sources.known_contact(row),
        memory=_remembered(row, inquiry, now, fresh),
        saying=saying,
        text=text,
        tried=tried,
        place=_place(row),
    )


def _remembered(row: Source, inquiry: Inquiry, now: datetime, fresh: bool) -> Gathered | None:
    """Memory is taken out in any case: what follows changes what it knows."""
    found = crm_memory.take(row.portal_id, inquiry, now)
    known = crm_sources.known_contact(row)
    if found is None or not fresh:
        return None
    return found if known in {None, *(one.id for one in found.facts.contacts)} else None


def _words(row: Source, document: Document, purpose: Purpose) -> tuple[Saying | None, str]:
    if document.transcript == "off" or purpose == "learn":
        return None, ""
    if isinstance(row, OfflineRequest):
        return None, crm_sources.words(row)
    saying = crm_talk.first_saying(row, document.transcript)
    return saying, saying.text if saying else ""


def _place(row: Source) -> Target | None:
    """Where it lived; a chat whose card was closed still has the card's number."""
    if isinstance(row, Conversation) and (main := crm_places.main_card(row)):
        return main
    if row.deal_id:
        return Target(DEAL, row.deal_id)
    return Target(LEAD, row.lead_id) if row.lead_id else None
