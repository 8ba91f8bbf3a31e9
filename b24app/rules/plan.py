"""A verdict as REST calls: what to create, what to say and where to show it.

Source: crm.md 4 (entities), 7 (timeline), 8 (activities), plans (a)-(f);
apidocs.bitrix24.com/api-reference/crm/timeline/activities/configurable
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from b24app.i18n import N_, say
from b24app.rules import fields
from b24app.rules.documents import Document
from b24app.rules.field_values import MESSENGERS
from b24app.rules.inquiry import file_mark
from b24app.rules.target import COMPANY, CONTACT, DEAL, LEAD, TYPE_NAMES, Target
from b24app.rules.texts import safe_text
from b24app.rules.verdict import Inquiry, Verdict
from b24app.values import Call

__all__ = [
    "COMPANY",
    "CONTACT",
    "DEAL",
    "LEAD",
    "ORIGINATOR",
    "TITLE_MAX",
    "TYPE_NAMES",
    "add_activity",
    "add_comment",
    "bind_activity",
    "bind_comment",
    "close_activity",
    "origin",
    "person_origin",
    "plan",
    "update_comment",
]

ORIGINATOR = "CALLGEAR_CHATS"
TITLE_MAX = 255
SLIDER_WIDTH = 1100  # pixels
MADE_CONTACT = "$result[contact][item][id]"
MADE_LEAD = "$result[lead][item][id]"
MADE_COMMENT = "$result[comment]"
MARKS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
ICONS = {"telegram": "telegram", "telegram_user": "telegram", "whatsapp": "whatsapp"}
OTHER_ICON, LOGO = "IM", "document"  # codes that every portal has

OPEN_CHAT = N_("Open the chat")
CLIENT = N_("Client")
CHAT_CLOSED = N_("The chat is closed")
CHAT_OPEN = N_("The chat is open")


def plan(
    inquiry: Inquiry, verdict: Verdict, document: Document, comment: str, *, language: str = "en"
) -> list[Call]:
    """The write batch, in order of importance; run it with halt=1.

    Args:
        comment: text of the first timeline comment; "" writes none.
        language: of the words of ours in an activity.
    """
    made = [name for name in MAKERS if name in verdict.create]
    calls = [_make(name, inquiry, verdict) for name in made]
    if not verdict.targets:
        return calls
    if comment:
        calls.append(add_comment(verdict.targets[0], comment))
        others = (*verdict.targets[1:], *verdict.copies)
        calls += [bind_comment(MADE_COMMENT, one, f"bind{at}") for at, one in enumerate(others)]
    if "activity" in verdict.create:
        activity, reference = add_activity(inquiry, verdict, document, language)
        calls.append(activity)
        calls += [
            bind_activity(reference, one, f"activity_bind{at}")
            for at, one in enumerate(verdict.targets[1:])
        ]
    return calls


def origin(kind: str, number: int) -> str:
    """The external id of what we create for a chat or a request ("form:5"); by it a lost
    answer is verified."""
    return f"{'chat' if kind == 'chat' else 'form'}:{number}"


def person_origin(inquiry: Inquiry) -> str:
    """The external id of a contact that we create."""
    return f"visitor:{inquiry.client_key}" if inquiry.client_key else inquiry.origin


def add_comment(
    target: Target, comment: str, key: str = "comment", files: Sequence[tuple[str, str]] = ()
) -> Call:
    """Args:
    files: (name, base64); an update of the comment would wipe them.
    """
    told: dict[str, Any] = {
        "ENTITY_TYPE": TYPE_NAMES[target.type_id],
        "ENTITY_ID": target.reference,
        "COMMENT": safe_text(comment),
    }
    if files:
        told["FILES"] = [[safe_text(name), content] for name, content in files]
    return Call("crm.timeline.comment.add", {"fields": told}, key)


def update_comment(comment_id: int, comment: str, key: str = "comment") -> Call:
    told = {"COMMENT": safe_text(comment)}
    return Call("crm.timeline.comment.update", {"id": comment_id, "fields": told}, key)


def bind_comment(comment: int | str, target: Target, key: str) -> Call:
    """Show a comment in one more card; what updates it later updates it there too."""
    told = {
        "OWNER_ID": comment,
        "ENTITY_TYPE": TYPE_NAMES[target.type_id],
        "ENTITY_ID": target.reference,
    }
    return Call("crm.timeline.bindings.bind", {"fields": told}, key)


def bind_activity(activity: int | str, target: Target, key: str) -> Call:
    told = {"entityTypeId": target.type_id, "entityId": target.reference}
    return Call("crm.activity.binding.add", {"activityId": activity, **told}, key)


# -- Cards ------------------------------------------------------------------------------


def _make(name: str, inquiry: Inquiry, verdict: Verdict) -> Call:
    type_id, own_fields = MAKERS[name]
    mapped = fields.as_item(_spoken(verdict.fields.get(name, {}), inquiry.files))
    own = own_fields(inquiry, verdict)
    if told := [*own.get("fm", ()), *mapped.get("fm", ())]:
        mapped["fm"] = _each_once(told)
    if verdict.responsible_id is not None:
        own["assignedById"] = verdict.responsible_id
    params = {"entityTypeId": type_id, "fields": {**own, **mapped}, "useOriginalUfNames": "Y"}
    return Call("crm.item.add", params, name)


def _contact_fields(inquiry: Inquiry, verdict: Verdict) -> dict[str, Any]:
    name = inquiry.name or inquiry.phone or inquiry.email
    return _common(inquiry, person_origin(inquiry)) | {
        "name": safe_text(name)[:TITLE_MAX],
        "fm": _addresses(inquiry),
    }


def _lead_fields(inquiry: Inquiry, verdict: Verdict) -> dict[str, Any]:
    stage = {"stageId": verdict.stages.lead_stage} if verdict.stages.lead_stage else {}
    found = _client(verdict) if verdict.kind != "primary" else {}
    # With a contact it is a repeat lead, which hides phones of its own.
    person = found or {"fm": _addresses(inquiry)}
    card = _common(inquiry, inquiry.origin) | _title(verdict, "lead")
    return card | {"name": safe_text(inquiry.name)[:TITLE_MAX]} | person | stage


def _deal_fields(inquiry: Inquiry, verdict: Verdict) -> dict[str, Any]:
    stages = verdict.stages
    card = _common(inquiry, inquiry.origin) | _title(verdict, "deal") | _client(verdict)
    if stages.category_id is not None:
        card["categoryId"] = stages.category_id
    if stages.deal_stage:
        card["stageId"] = stages.deal_stage
    lead = next((one.reference for one in verdict.targets if one.type_id == LEAD), None)
    made = "lead" in verdict.create or verdict.kind == "known"
    return card | ({"leadId": lead} if lead is not None and made else {})


def _common(inquiry: Inquiry, origin_id: str) -> dict[str, Any]:
    marks = {
        f"utm{name[4:].capitalize()}": safe_text(str(inquiry.utm[name]))[:TITLE_MAX]
        for name in MARKS
        if inquiry.utm.get(name)
    }
    told = {"sourceDescription": safe_text(inquiry.source_description)[:TITLE_MAX]}
    named = {name: text for name, text in told.items() if text}
    return {**named, "originatorId": ORIGINATOR, "originId": origin_id, **marks}


def _title(verdict: Verdict, name: str) -> dict[str, str]:
    title = safe_text(verdict.titles.get(name, ""))[:TITLE_MAX]
    return {"title": title} if title else {}


def _client(verdict: Verdict) -> dict[str, Any]:
    contact = MADE_CONTACT if "contact" in verdict.create else verdict.contact_id
    client: dict[str, Any] = {} if contact is None else {"contactIds": [contact]}
    return client if verdict.company_id is None else client | {"companyId": verdict.company_id}


def _addresses(inquiry: Inquiry) -> list[dict[str, str]]:
    """Multifields in CRM's shape: phone, e-mail, messengers.

    Kinds IMOL and OPENLINE belong to Open Lines: ours would look like their chat.
    """
    messengers = [
        ("IM", kind if kind in MESSENGERS else "OTHER", value) for kind, value in inquiry.im
    ]
    known = [("PHONE", "MOBILE", inquiry.phone), ("EMAIL", "WORK", inquiry.email), *messengers]
    return [
        {"typeId": type_id, "valueType": value_type, "value": safe_text(value)}
        for type_id, value_type, value in known
        if value
    ]


def _each_once(addresses: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Of equal ones the first stays."""
    once: dict[tuple[str, str], dict[str, str]] = {}
    for one in addresses:
        once.setdefault((one["typeId"], one["value"]), dict(one))
    return list(once.values())


def _spoken(values: Mapping[str, Any], files: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Mapped values that the portal cannot expand, with the content of files in its place."""
    contents = {file_mark(number): content for number, (_, content) in enumerate(files)}

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return contents.get(value) or safe_text(value)
        if isinstance(value, Mapping):
            return {name: told(one) for name, one in value.items()}
        return [told(one) for one in value] if isinstance(value, list | tuple) else value

    return {code: told(value) for code, value in values.items()}


Fields = Callable[[Inquiry, Verdict], dict[str, Any]]
# In the order of creation: each may refer to those before it.
MAKERS: Mapping[str, tuple[int, Fields]] = {
    "contact": (CONTACT, _contact_fields),
    "lead": (LEAD, _lead_fields),
    "deal": (DEAL, _deal_fields),
}


# -- Activities -------------------------------------------------------------------------


def add_activity(
    inquiry: Inquiry, verdict: Verdict, document: Document, language: str = "en"
) -> tuple[Call, str]:
    """The activity on the main card, and how later calls of the batch name it."""
    title = verdict.titles.get("activity") or inquiry.name or inquiry.origin
    target, owner = verdict.targets[0], verdict.responsible_id
    deadline = inquiry.deadline or _deadline(inquiry, document)
    if inquiry.kind == "request" and deadline:
        return _todo(inquiry, target, title, deadline, owner), "$result[activity][id]"
    told = {
        "ownerTypeId": target.type_id,
        "ownerId": target.reference,
        **_card(inquiry, title, owner, language),
    }
    activity = Call("crm.activity.configurable.add", told, "activity")
    return activity, "$result[activity][activity][id]"


def close_activity(
    activity_id: int,
    inquiry: Inquiry,
    title: str,
    *,
    responsible_id: int | None = None,
    language: str = "en",
    key: str = "activity",
    closed: bool = True,
) -> Call:
    """Complete a chat's activity, or take it up again; the portal wants the whole card anew."""
    told = _card(inquiry, title, responsible_id, language, closed)
    return Call("crm.activity.configurable.update", {"id": activity_id, **told}, key)


def _todo(inquiry: Inquiry, target: Target, title: str, deadline: str, owner: int | None) -> Call:
    told = {
        "ownerTypeId": target.type_id,
        "ownerId": target.reference,
        "deadline": deadline,
        "title": safe_text(title)[:TITLE_MAX],
        "description": safe_text(_description(inquiry)),
        "responsibleId": owner,
    }
    known = {name: value for name, value in told.items() if value is not None}
    return Call("crm.activity.todo.add", known, "activity")


def _description(inquiry: Inquiry) -> str:
    """What was asked and how to reach who asked, a line each."""
    asked = str(inquiry.parameters.get("offline_message_text") or "")
    lines = (inquiry.name, inquiry.phone, inquiry.email, asked, f"#{inquiry.id}")
    return "\n".join(line for line in lines if line)


def _deadline(inquiry: Inquiry, document: Document) -> str | None:
    """By the settings, from when the inquiry came; None if that is not known."""
    try:
        came = datetime.fromisoformat(str(inquiry.parameters["communication_date_time"]))
        due = came + timedelta(minutes=document.deadline_minutes)
    except (KeyError, ValueError, OverflowError):
        return None
    return due.isoformat(timespec="seconds")


def _card(
    inquiry: Inquiry, title: str, owner: int | None, language: str, closed: bool = False
) -> dict[str, Any]:
    """`fields` and `layout` of a configurable activity.

    No booleans: inside a batch they become strings. An incoming one may have no deadline.
    """
    told = {
        "completed": "Y" if closed else "N",
        "isIncomingChannel": "Y",
        "responsibleId": owner,
        "originatorId": ORIGINATOR,
        "originId": inquiry.origin,
    }
    known = {name: value for name, value in told.items() if value is not None}
    return {"fields": known, "layout": _layout(inquiry, title, language, closed)}


def _layout(inquiry: Inquiry, title: str, language: str, closed: bool) -> dict[str, Any]:
    """What the card shows; its button opens our page with the chat."""
    state, words = ("success", CHAT_CLOSED) if closed else ("warning", CHAT_OPEN)
    shown, opens = safe_text(title)[:TITLE_MAX], _opens(inquiry, title)
    button = {"title": say(OPEN_CHAT, language), "type": "primary", "action": opens}
    tag = {"type": state, "title": say(words, language)}
    channel = str(inquiry.parameters.get("channel_type") or "")
    return {
        "icon": {"code": ICONS.get(channel, OTHER_ICON)},
        "header": {"title": shown, "tags": {"state": tag}},
        "body": {
            "logo": {"code": LOGO, "action": opens},
            "blocks": {"client": _client_block(inquiry, language)},
        },
        "footer": {"buttons": {"open": button}},
    }


def _client_block(inquiry: Inquiry, language: str) -> dict[str, Any]:
    """Somebody must be named: the portal refuses a card without blocks."""
    who = ", ".join(part for part in (inquiry.name, inquiry.phone, inquiry.email) if part)
    text = {"type": "text", "properties": {"value": safe_text(who or f"#{inquiry.id}")}}
    return {"type": "withTitle", "properties": {"title": say(CLIENT, language), "block": text}}


def _opens(inquiry: Inquiry, title: str) -> dict[str, Any]:
    name = "conversation" if inquiry.kind == "chat" else "request"
    return {
        "type": "openRestApp",
        "actionParams": {name: str(inquiry.id)},
        "sliderParams": {"title": safe_text(title)[:TITLE_MAX], "width": SLIDER_WIDTH},
    }
