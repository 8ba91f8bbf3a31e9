"""Where a chat belongs in CRM: known facts in, a decision with reasons and its calls out.

Source: crm.md plans (a)-(d); apidocs.bitrix24.com/api-reference/crm/universal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from b24app.values import Call

ORIGINATOR = "CALLGEAR_CHATS"
LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
TYPE_NAMES = {LEAD: "lead", DEAL: "deal", CONTACT: "contact", COMPANY: "company"}
COMMENT_MAX = 8_000
TITLE_MAX = 255
Create = Literal["lead", "deal", "none"]
Comments = Literal["online", "close", "off"]


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Settings of the kind `chats`.

    create: what a first inquiry becomes.
    responsible_id: whose it is; None: the portal's installing administrator.
    comments: when messages go to the timeline.
    """

    create: Create = "deal"
    responsible_id: int | None = None
    comments: Comments = "online"


@dataclass(frozen=True, slots=True)
class Card:
    """A lead or deal that may be the target. opened: nobody has won or lost it yet."""

    id: int
    opened: bool
    created_at: datetime
    contact_ids: tuple[int, ...] = ()
    company_id: int | None = None


@dataclass(frozen=True, slots=True)
class CrmFacts:
    """What the portal knows of the client; `own_*` were made by us for this very chat."""

    leads: tuple[Card, ...] = ()
    deals: tuple[Card, ...] = ()
    contact_ids: tuple[int, ...] = ()
    company_ids: tuple[int, ...] = ()
    own_lead_id: int | None = None
    own_deal_id: int | None = None
    own_contact_id: int | None = None
    leads_exist: bool = True  # classic CRM mode


@dataclass(frozen=True, slots=True)
class Chat:
    """The conversation as CRM shall see it."""

    id: int
    channel_kind: str
    channel_title: str
    name: str
    phone: str = ""
    email: str = ""
    username: str = ""
    client_key: str = ""  # stable name of the client in the channel
    utm: Mapping[str, str] = field(default_factory=dict)
    page_url: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A card that gets the comment: an id that exists, or the key of the call that makes it."""

    type_id: int
    id: int | None = None
    made_by: str = ""

    @property
    def reference(self) -> int | str:
        return self.id if self.id is not None else f"$result[{self.made_by}][item][id]"


@dataclass(frozen=True, slots=True)
class Verdict:
    """kind: primary, repeat, known (ours already) or none; targets: first is the main one."""

    kind: Literal["primary", "repeat", "known", "none"]
    create: tuple[int, ...] = ()
    targets: tuple[Target, ...] = ()
    contact_id: int | None = None
    company_id: int | None = None
    reasons: tuple[str, ...] = ()


def decide(facts: CrmFacts, settings: ChatSettings) -> Verdict:
    """Which cards the chat belongs to, and why."""
    if known := _known(facts):
        return known
    found = _freshest(facts)
    if found:
        return found
    if settings.create == "none":
        return Verdict("none", reasons=("Nothing was found and the settings create nothing.",))
    return _primary(facts, settings)


def plan(chat: Chat, verdict: Verdict, settings: ChatSettings, comment: str) -> list[Call]:
    """The write batch, in order of importance; run it with halt=1.

    Args:
        comment: text of the first timeline comment; "" writes none.
    """
    calls = [_make(type_id, chat, verdict, settings) for type_id in verdict.create]
    if comment and verdict.targets:
        calls.append(add_comment(verdict.targets[0], comment))
        calls += [_bind(target, number) for number, target in enumerate(verdict.targets[1:])]
    return calls


def add_comment(target: Target, comment: str, key: str = "comment") -> Call:
    fields = {
        "ENTITY_TYPE": TYPE_NAMES[target.type_id],
        "ENTITY_ID": target.reference,
        "COMMENT": comment,
    }
    return Call("crm.timeline.comment.add", {"fields": fields}, key)


def update_comment(comment_id: int, comment: str, key: str = "comment") -> Call:
    return Call(
        "crm.timeline.comment.update", {"id": comment_id, "fields": {"COMMENT": comment}}, key
    )


def origin(chat_id: int) -> str:
    """The external id of what we create for a chat; by it a lost answer is verified."""
    return f"chat:{chat_id}"


def transcript(head: str, lines: Sequence[str]) -> str:
    """A comment's text: a head line, then what was said; the oldest lines yield."""
    text = "\n".join([head, *lines])
    if len(text) <= COMMENT_MAX:
        return text
    kept: list[str] = []
    room = COMMENT_MAX - len(head) - 2
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([head, "…", *reversed(kept)])


def same_comment(found: str, ours: str) -> bool:
    """Whether a comment in the timeline began as `ours`: same chat, same first message."""
    return found.split("\n")[:2] == ours.split("\n")[:2]


def _known(facts: CrmFacts) -> Verdict | None:
    """What we made for this chat before an answer was lost, or by an earlier message."""
    targets = [
        Target(type_id, number)
        for type_id, number in ((DEAL, facts.own_deal_id), (LEAD, facts.own_lead_id))
        if number is not None
    ]
    if not targets:
        return None
    return Verdict(
        "known",
        targets=tuple(targets),
        contact_id=facts.own_contact_id or _first(facts.contact_ids),
        company_id=_first(facts.company_ids),
        reasons=("This chat already has its card.",),
    )


def _freshest(facts: CrmFacts) -> Verdict | None:
    """A repeat inquiry goes to the freshest open deal, else to the freshest open lead."""
    chain: list[tuple[int, Card | None]] = [
        (DEAL, _newest(facts.deals)),
        (LEAD, _newest(facts.leads)),
    ]
    for type_id, card in chain:
        if card:
            why = f"Open {TYPE_NAMES[type_id]} {card.id} of this client is the freshest one."
            return _repeat(Target(type_id, card.id), facts, card, why)
    return None


def _repeat(target: Target, facts: CrmFacts, card: Card, why: str) -> Verdict:
    return Verdict(
        "repeat",
        targets=(target,),
        contact_id=_first(card.contact_ids) or _first(facts.contact_ids),
        company_id=card.company_id or _first(facts.company_ids),
        reasons=(why,),
    )


def _primary(facts: CrmFacts, settings: ChatSettings) -> Verdict:
    as_lead = settings.create == "lead" and facts.leads_exist
    contact_id = facts.own_contact_id or _first(facts.contact_ids)
    reasons = ["No open lead or deal of this client was found."]
    if settings.create == "lead" and not facts.leads_exist:
        reasons.append("This portal works without leads, so a deal is made.")
    main = LEAD if as_lead else DEAL
    # A deal has no phone of its own: the client needs a contact. A lead carries them itself.
    makes_contact = contact_id is None
    reasons.append(f"The settings create a {TYPE_NAMES[main]}.")
    return Verdict(
        "primary",
        create=((CONTACT,) if makes_contact else ()) + (main,),
        targets=(Target(main, made_by=TYPE_NAMES[main]),),
        contact_id=contact_id,
        company_id=_first(facts.company_ids),
        reasons=tuple(reasons),
    )


def _newest(cards: Sequence[Card]) -> Card | None:
    """The same whatever the order of the candidates."""
    return max(
        (card for card in cards if card.opened),
        key=lambda card: (card.created_at, card.id),
        default=None,
    )


def _first(ids: Sequence[int]) -> int | None:
    return max(ids, default=None)


def _make(type_id: int, chat: Chat, verdict: Verdict, settings: ChatSettings) -> Call:
    name = TYPE_NAMES[type_id]
    fields = FIELDS[type_id](chat, verdict)
    fields |= {f"utm{key[4:].capitalize()}": value for key, value in chat.utm.items() if value}
    if settings.responsible_id is not None:
        fields["assignedById"] = settings.responsible_id
    return Call("crm.item.add", {"entityTypeId": type_id, "fields": fields}, name)


def _contact_fields(chat: Chat, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": chat.name,
        "fm": _addresses(chat),
        "sourceDescription": chat.channel_title,
        "originatorId": ORIGINATOR,
        "originId": f"visitor:{chat.client_key}",
    }


def _deal_fields(chat: Chat, verdict: Verdict) -> dict[str, Any]:
    return _card_fields(chat) | _client(verdict)


def _lead_fields(chat: Chat, verdict: Verdict) -> dict[str, Any]:
    return _card_fields(chat) | {"name": chat.name} | _client(verdict)


def _card_fields(chat: Chat) -> dict[str, Any]:
    return {
        "title": f"{chat.channel_title}: {chat.name}"[:TITLE_MAX],
        "sourceDescription": (chat.page_url or chat.channel_title)[:TITLE_MAX],
        "originatorId": ORIGINATOR,
        "originId": origin(chat.id),
    }


def _client(verdict: Verdict) -> dict[str, Any]:
    made = CONTACT in verdict.create
    contact = "$result[contact][item][id]" if made else verdict.contact_id
    fields: dict[str, Any] = {} if contact is None else {"contactIds": [contact]}
    if verdict.company_id is not None:
        fields["companyId"] = verdict.company_id
    return fields


def _addresses(chat: Chat) -> list[dict[str, str]]:
    known = [
        ("PHONE", "MOBILE", chat.phone),
        ("EMAIL", "WORK", chat.email),
        ("IM", "TELEGRAM", chat.username if chat.channel_kind == "telegram" else ""),
    ]
    return [
        {"typeId": type_id, "valueType": value_type, "value": value}
        for type_id, value_type, value in known
        if value
    ]


def _bind(target: Target, number: int) -> Call:
    fields = {
        "OWNER_ID": "$result[comment]",
        "ENTITY_TYPE": TYPE_NAMES[target.type_id],
        "ENTITY_ID": target.reference,
    }
    return Call("crm.timeline.bindings.bind", {"fields": fields}, f"bind{number}")


FIELDS = {LEAD: _lead_fields, DEAL: _deal_fields, CONTACT: _contact_fields}
