"""Chats become CRM work: facts gathered by one batch, a pure decision, one batch of writes.

What we create carries our origin id, so after a lost answer the facts show what was done
and the plan begins from the first missing step. Source: crm.md plans (a)-(d), section 18.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from b24app import clock
from b24app.actions import accounts, crm_talk, portals, promises, settings, shown
from b24app.actions.crm_facts import gather
from b24app.actions.crm_talk import Story
from b24app.bitrix import crm as bitrix
from b24app.bitrix.batch import safe_text
from b24app.bitrix.client import BatchAnswer
from b24app.bitrix.payloads import PortalEvent, item_id
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Conversation, Decision, Job, Portal, Token
from b24app.rules import crm
from b24app.rules.crm import Chat, ChatSettings, CrmFacts, Target, Verdict
from b24app.values import Call


def sync(job: Job) -> None:
    """Give a conversation its place in CRM once; later only tell what was said."""
    number, now = job.payload["conversation_id"], clock.now()
    with transaction() as session:
        conversation = session.get_one(Conversation, number)
        if conversation.crm_state == "ready":
            crm_talk.promise_telling(conversation, now)
            return
        if _line_serves(conversation):
            _skip(conversation, now)
            return
        portal = session.get_one(Portal, conversation.portal_id)
        if not portal.integration_active:
            return
        portal_id = portal.id
        chosen = _with_responsible(settings.chats(conversation.portal_id), conversation)
        chat, known_contact = _chat(conversation), conversation.contact.crm_contact_id
        story = (
            crm_talk.story_of(conversation, Target(crm.DEAL))
            if chosen.comments == "online"
            else None
        )
    client = portals.client(portal_id)
    facts = gather(client, chat, known_contact)
    verdict = crm.decide(facts, chosen)
    if story and story.tried and verdict.targets and verdict.targets[0].id:
        story = crm_talk.unless_written(client, replace(story, target=verdict.targets[0]))
    calls = crm.plan(chat, verdict, chosen, story.text if story and not story.comment_id else "")
    answer = client.batch(calls, halt=True) if calls else BatchAnswer({}, {})
    _settle(number, facts, verdict, calls, answer, story)


def forget_deleted(portal: Portal, event: PortalEvent, now: datetime) -> None:
    """A card was deleted in CRM: chats that lived in it look for a place anew."""
    column = {
        "ONCRMDEALDELETE": Conversation.deal_id,
        "ONCRMLEADDELETE": Conversation.lead_id,
        "ONCRMCONTACTDELETE": Conversation.crm_contact_id,
        "ONCRMCOMPANYDELETE": Conversation.crm_company_id,
    }[event.event]
    number = item_id(event)
    rows = db.session.scalars(
        select(Conversation).where(Conversation.portal_id == portal.id, column == number)
    )
    for conversation in rows:
        setattr(conversation, column.key, None)
        if event.event == "ONCRMCONTACTDELETE":
            conversation.contact.crm_contact_id = None
        if conversation.is_open and not (conversation.deal_id or conversation.lead_id):
            conversation.crm_state, conversation.crm_comment_id = "", None
            promises.crm(conversation, now)
        shown.tell_conversation(conversation, now)


def _with_responsible(chosen: ChatSettings, conversation: Conversation) -> ChatSettings:
    """Whose the card is: the settings say, else who took the chat, else who installed us."""
    if chosen.responsible_id is not None:
        return chosen
    master = select(Token.user_id).where(
        Token.portal_id == conversation.portal_id, Token.is_master.is_(True)
    )
    return replace(
        chosen, responsible_id=conversation.responsible_id or db.session.scalar(master.limit(1))
    )


def _line_serves(conversation: Conversation) -> bool:
    """Open Lines make their own leads and deals; ours would double them."""
    return accounts.line_of(conversation.channel) is not None


def _skip(conversation: Conversation, now: datetime) -> None:
    if conversation.crm_state == "skipped":
        return
    conversation.crm_state = "skipped"
    verdict = Verdict("none", reasons=("An Open Line serves this channel and keeps CRM itself.",))
    _journal(conversation, CrmFacts(), verdict, (), now)
    shown.tell_conversation(conversation, now)


def _chat(conversation: Conversation) -> Chat:
    """The conversation for CRM; whatever a client typed cannot be expanded by the portal."""
    contact, identity = conversation.contact, conversation.identity
    name = contact.name or identity.name or identity.username or f"#{contact.id}"
    channel = conversation.channel
    return Chat(
        id=conversation.id,
        channel_kind=channel.kind,
        channel_title=safe_text(channel.name),
        name=safe_text(name),
        phone=contact.phone,
        email=safe_text(contact.email),
        username=safe_text(identity.username),
        client_key=f"c{channel.id}:{identity.external_id}",
        utm={key: safe_text(value) for key, value in conversation.visit.get("utm", {}).items()},
        page_url=safe_text(conversation.visit.get("page_url", "")),
    )


def _settle(
    number: int,
    facts: CrmFacts,
    verdict: Verdict,
    calls: Sequence[Call],
    answer: BatchAnswer,
    story: Story | None,
) -> None:
    """Remember what was made; a refused step is shown, one that may pass is tried again."""
    now = clock.now()
    with transaction() as session:
        conversation = session.get_one(Conversation, number)
        _remember(conversation, verdict, answer)
        failed = next(
            (answer.errors[call.key] for call in calls if call.key in answer.errors), None
        )
        _journal(conversation, facts, verdict, calls, now, failed)
        if failed is None or failed.permanent:
            _conclude(conversation, answer, story, failed, now)
        shown.tell_conversation(conversation, now)
    if failed and not failed.permanent:
        raise failed


def _remember(conversation: Conversation, verdict: Verdict, answer: BatchAnswer) -> None:
    ids = {
        type_id: bitrix.read_item_id(answer.results.get(crm.TYPE_NAMES[type_id]))
        for type_id in (crm.LEAD, crm.DEAL, crm.CONTACT)
    }
    for target in verdict.targets:
        ids[target.type_id] = target.id or ids.get(target.type_id)
    conversation.lead_id = ids.get(crm.LEAD) or conversation.lead_id
    conversation.deal_id = ids.get(crm.DEAL) or conversation.deal_id
    contact_id = ids.get(crm.CONTACT) or verdict.contact_id
    conversation.crm_contact_id = contact_id or conversation.crm_contact_id
    conversation.crm_company_id = verdict.company_id or conversation.crm_company_id
    conversation.contact.crm_contact_id = conversation.crm_contact_id


def _conclude(
    conversation: Conversation,
    answer: BatchAnswer,
    story: Story | None,
    failed: BitrixError | None,
    now: datetime,
) -> None:
    placed = conversation.lead_id or conversation.deal_id
    conversation.crm_state = "ready" if placed else "failed" if failed else "skipped"
    conversation.crm_error = failed.message[:500] if failed else ""
    comment = answer.results.get("comment") or (story.comment_id if story else None)
    if story and comment:
        conversation.crm_comment_id = int(comment)
        conversation.crm_comment_from = story.first
        # A comment that was found may lack what was said after it: it is told again.
        conversation.crm_told = story.first if story.comment_id else story.last
    if conversation.crm_state == "ready":
        crm_talk.promise_telling(conversation, now)  # what was said meanwhile


def _journal(
    conversation: Conversation,
    facts: CrmFacts,
    verdict: Verdict,
    calls: Sequence[Call],
    now: datetime,
    failed: BitrixError | None = None,
) -> None:
    reasons = [*verdict.reasons, *([failed.message] if failed else [])]
    db.session.add(
        Decision(
            portal_id=conversation.portal_id,
            conversation_id=conversation.id,
            kind="crm",
            facts=_plain(asdict(facts)),
            verdict=_plain(asdict(verdict)),
            reasons=reasons,
            calls=[_plain(asdict(call)) for call in calls],
            created_at=now,
        )
    )


def _plain(value: Any) -> Any:
    """Data as JSON holds it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


JOBS = {"crm": sync}
EVENTS = {
    "ONCRMDEALDELETE": forget_deleted,
    "ONCRMLEADDELETE": forget_deleted,
    "ONCRMCONTACTDELETE": forget_deleted,
    "ONCRMCOMPANYDELETE": forget_deleted,
}
