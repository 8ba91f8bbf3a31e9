"""A verdict as REST calls: in order, referring to each other, with nothing of a client's words
that a portal could expand."""

import json
from dataclasses import replace
from typing import Any

import pytest

from b24app.bitrix import batch
from b24app.rules import documents
from b24app.rules.documents import Document, Stages
from b24app.rules.inquiry import CrmFacts, Inquiry, Person, Reason, Target, Verdict, decide
from b24app.rules.plan import (
    COMPANY,
    CONTACT,
    DEAL,
    LEAD,
    ORIGINATOR,
    add_comment,
    bind_activity,
    close_activity,
    origin,
    person_origin,
    plan,
    update_comment,
)
from b24app.values import Call

ANNA = Inquiry(
    "chat",
    77,
    "chat:77",
    parameters={"channel_type": "telegram", "channel_name": "Shop", "visitor_name": "Anna"},
    name="Anna",
    phone="+79990000001",
    email="anna@shop.example",
    im=(("TELEGRAM", "@anna"), ("whatsapp", "79990000001")),
    client_key="c1:42",
    fallback_responsible=9,
    source_description="Shop",
    utm={"utm_source": "ads", "utm_term": "", "utm_expid": "x"},
)
FORM = replace(
    ANNA,
    kind="request",
    id=5,
    origin="form:5",
    parameters={
        "offline_message_text": "Call me",
        "communication_date_time": "2026-11-21T10:00:00+03:00",
    },
)
CLOSED_ACTIVITY = "crm.activity.configurable.update"
STRANGER = CrmFacts()
REGULAR = CrmFacts(contacts=(Person(7),), company_ids=(4,))


def document(**given: Any) -> Document:
    return documents.read({name: _words(value) for name, value in given.items()})


def _words(value: Any) -> Any:
    return value.split() if isinstance(value, str) and " " in value else value


def planned(
    inquiry: Inquiry = ANNA, facts: CrmFacts = STRANGER, comment: str = "hello", **given: Any
) -> list[Call]:
    chosen = document(**given)
    return plan(inquiry, decide(inquiry, facts, chosen), chosen, comment)


def keys(calls: list[Call]) -> list[str]:
    return [call.key for call in calls]


def fields_of(calls: list[Call], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(call for call in calls if call.key == key).params["fields"]
    return found


def by_key(calls: list[Call], key: str) -> Call:
    return next(call for call in calls if call.key == key)


# create_primary, copy, comment; the batch
ORDERS: list[tuple[list[str], bool, str, list[str]]] = [
    (["deal"], False, "hello", ["contact", "deal", "comment"]),
    (["deal"], True, "hello", ["contact", "deal", "comment", "bind0"]),
    (["deal"], True, "", ["contact", "deal"]),
    (["lead"], True, "hello", ["lead", "comment"]),
    (["lead", "deal"], False, "hello", ["contact", "lead", "deal", "comment", "bind0"]),
    (["lead", "deal"], True, "hello", ["contact", "lead", "deal", "comment", "bind0", "bind1"]),
    (["deal", "activity"], False, "hello", ["contact", "deal", "comment", "activity"]),
    (
        ["lead", "deal", "activity"],
        True,
        "hello",
        ["contact", "lead", "deal", "comment", "bind0", "bind1", "activity", "activity_bind0"],
    ),
    (
        ["lead", "deal", "activity"],
        True,
        "",
        ["contact", "lead", "deal", "activity", "activity_bind0"],
    ),
]


@pytest.mark.parametrize(("create", "copy", "comment", "expected"), ORDERS)
def test_batch_is_in_order(
    create: list[str], copy: bool, comment: str, expected: list[str]
) -> None:
    calls = planned(comment=comment, create_primary=create, copy_to_contact_company=copy)
    assert keys(calls) == expected
    assert len(batch.commands(calls)) == len(expected)


def test_created_cards_refer_to_each_other() -> None:
    calls = planned(create_primary=["lead", "deal", "activity"], copy_to_contact_company=True)
    deal = fields_of(calls, "deal")
    assert deal["contactIds"] == ["$result[contact][item][id]"]
    assert deal["leadId"] == "$result[lead][item][id]"
    binds = [
        (one["OWNER_ID"], one["ENTITY_TYPE"], one["ENTITY_ID"])
        for one in (fields_of(calls, "bind0"), fields_of(calls, "bind1"))
    ]
    assert binds == [
        ("$result[comment]", "lead", "$result[lead][item][id]"),
        ("$result[comment]", "contact", "$result[contact][item][id]"),
    ]
    assert by_key(calls, "activity").params["ownerId"] == "$result[deal][item][id]"
    assert by_key(calls, "activity_bind0").params == {
        "activityId": "$result[activity][activity][id]",
        "entityTypeId": LEAD,
        "entityId": "$result[lead][item][id]",
    }


def test_comment_goes_to_the_deal_first() -> None:
    comment = fields_of(planned(create_primary=["lead", "deal"]), "comment")
    assert (comment["ENTITY_TYPE"], comment["ENTITY_ID"]) == ("deal", "$result[deal][item][id]")


def test_contact_has_its_addresses() -> None:
    contact = fields_of(planned(), "contact")
    assert contact == {
        "sourceDescription": "Shop",
        "originatorId": ORIGINATOR,
        "originId": "visitor:c1:42",
        "utmSource": "ads",
        "name": "Anna",
        "assignedById": 9,
        "fm": [
            {"typeId": "PHONE", "valueType": "MOBILE", "value": "+79990000001"},
            {"typeId": "EMAIL", "valueType": "WORK", "value": "anna@shop.example"},
            {"typeId": "IM", "valueType": "TELEGRAM", "value": "@anna"},
            {"typeId": "IM", "valueType": "OTHER", "value": "79990000001"},
        ],
    }


def test_deal_has_no_addresses_of_its_own() -> None:
    assert fields_of(planned(), "deal") == {
        "sourceDescription": "Shop",
        "originatorId": ORIGINATOR,
        "originId": "chat:77",
        "utmSource": "ads",
        "title": "Shop: Anna",
        "contactIds": ["$result[contact][item][id]"],
        "assignedById": 9,
    }


def test_first_lead_carries_the_addresses() -> None:
    lead = fields_of(planned(create_primary=["lead", "deal"]), "lead")
    assert (lead["name"], len(lead["fm"]), "contactIds" in lead) == ("Anna", 4, False)


def test_repeat_lead_has_the_contact_instead() -> None:
    lead = fields_of(planned(facts=REGULAR, create_repeat=["lead"]), "lead")
    assert (lead["contactIds"], lead["companyId"], "fm" in lead) == ([7], 4, False)


def test_repeat_lead_of_nobody_known_carries_them() -> None:
    verdict = Verdict("repeat", ("lead",), (Target(LEAD, made_by="lead"),))
    assert "fm" in fields_of(plan(ANNA, verdict, Document(), ""), "lead")


def test_missing_deal_belongs_to_the_lead_that_was_made() -> None:
    calls = planned(facts=CrmFacts(own_lead_id=13), create_primary=["lead", "deal"])
    assert keys(calls) == ["contact", "deal", "comment", "bind0"]
    assert fields_of(calls, "deal")["leadId"] == 13


@pytest.mark.parametrize(
    ("stages", "lead", "deal"),
    [
        (Stages(), {}, {}),
        (
            Stages("NEW", 3, "C3:NEW"),
            {"stageId": "NEW"},
            {"categoryId": 3, "stageId": "C3:NEW"},
        ),
        (Stages("", 0, ""), {}, {"categoryId": 0}),
    ],
)
def test_stages_are_set_if_chosen(
    stages: Stages, lead: dict[str, Any], deal: dict[str, Any]
) -> None:
    targets = (Target(DEAL, made_by="deal"), Target(LEAD, made_by="lead"))
    verdict = Verdict("primary", ("lead", "deal"), targets, stages=stages)
    calls = plan(ANNA, verdict, Document(), "")
    for name, expected in (("lead", lead), ("deal", deal)):
        made = fields_of(calls, name)
        assert {key: made[key] for key in ("categoryId", "stageId") if key in made} == expected


def test_found_cards_are_only_commented() -> None:
    verdict = Verdict(
        "repeat",
        targets=(Target(DEAL, 1), Target(LEAD, 2)),
        copies=(Target(COMPANY, 4),),
        reasons=(Reason("x"),),
    )
    calls = plan(ANNA, verdict, Document(), "hello")
    assert [call.method for call in calls] == [
        "crm.timeline.comment.add",
        "crm.timeline.bindings.bind",
        "crm.timeline.bindings.bind",
    ]
    assert [fields_of(calls, key)["ENTITY_TYPE"] for key in keys(calls)] == [
        "deal",
        "lead",
        "company",
    ]


@pytest.mark.parametrize("kind", ["filtered", "none"])
def test_nothing_to_do_no_calls(kind: Any) -> None:
    assert plan(ANNA, Verdict(kind), Document(), "hello") == []


# -- Mapped fields --------------------------------------------------------------------------


def test_mapped_fields_are_written() -> None:
    fm = [
        {"typeId": "PHONE", "valueType": "WORK", "value": "+79990000002"},
        {"typeId": "PHONE", "valueType": "WORK", "value": "+79990000001"},
    ]
    verdict = Verdict(
        "primary",
        ("contact", "deal"),
        (Target(DEAL, made_by="deal"),),
        fields={"contact": {"PHONE": fm}, "deal": {"UF_A": 5, "UF_B": [["a.pdf", "$file:0"]]}},
    )
    calls = plan(replace(ANNA, files=(("a.pdf", "QUJD"),)), verdict, Document(), "")
    deal, contact = fields_of(calls, "deal"), fields_of(calls, "contact")
    assert (deal["UF_A"], deal["UF_B"]) == (5, [["a.pdf", "QUJD"]])
    phones = [one["value"] for one in contact["fm"] if one["typeId"] == "PHONE"]
    assert phones == ["+79990000001", "+79990000002"]
    assert by_key(calls, "deal").params["useOriginalUfNames"] == "Y"


def test_clients_words_are_not_expanded() -> None:
    evil = "$result[contact][item][id]"
    nasty = replace(
        ANNA,
        name=evil,
        email=evil,
        im=(("OTHER", evil),),
        source_description=evil,
        utm={"utm_source": evil},
        parameters={"visitor_name": evil, "channel_name": evil, "offline_message_text": evil},
    )
    chosen = document(
        create_primary=["deal", "activity"],
        titles={"deal": "{visitor_name}", "activity": "{visitor_name}"},
        fields=[{"id": "1", "entity": "deal", "field": "UF_X", "value": "{visitor_name}"}],
    )
    for inquiry in (nasty, replace(nasty, kind="request", deadline="2026-11-21T10:00:00+03:00")):
        calls = plan(inquiry, decide(inquiry, STRANGER, chosen), chosen, evil)
        sent = json.dumps([dict(call.params) for call in calls])
        assert sent.count(evil) == 1  # the deal's contact is ours


# -- Activities -----------------------------------------------------------------------------


def test_activity_of_a_chat_opens_our_page() -> None:
    calls = planned(create_primary=["deal", "activity"])
    activity = by_key(calls, "activity")
    assert activity.method == "crm.activity.configurable.add"
    assert activity.params["fields"] == {
        "completed": "N",
        "isIncomingChannel": "Y",
        "responsibleId": 9,
        "originatorId": ORIGINATOR,
        "originId": "chat:77",
    }
    layout = activity.params["layout"]
    action = layout["footer"]["buttons"]["open"]["action"]
    assert action["type"] == "openRestApp"
    assert action["actionParams"] == {"conversation": "77"}
    assert layout["icon"] == {"code": "telegram"}
    assert layout["header"]["title"] == "Shop: Anna"
    assert layout["body"]["blocks"]["client"]["properties"]["block"]["properties"]["value"] == (
        "Anna, +79990000001, anna@shop.example"
    )
    assert 1 <= len(layout["body"]["blocks"]) <= 20


def test_activity_has_no_booleans() -> None:
    calls = planned(create_primary=["deal", "activity"])
    assert not {"true", "false"} & set(json.dumps(by_key(calls, "activity").params).split())


def test_nameless_activity_still_has_words() -> None:
    ghost = Inquiry("chat", 77, "chat:77")
    activity = by_key(planned(ghost, create_primary=["deal", "activity"]), "activity")
    layout = activity.params["layout"]
    assert layout["header"]["title"] == "chat:77"
    assert layout["body"]["blocks"]["client"]["properties"]["block"]["properties"]["value"] == "#77"


def test_closing_writes_the_card_anew() -> None:
    call = close_activity(33, ANNA, "Shop: Anna", responsible_id=9)
    assert (call.method, call.params["id"]) == (CLOSED_ACTIVITY, 33)
    assert call.params["fields"]["completed"] == "Y"
    assert set(call.params["layout"]) == {"icon", "header", "body", "footer"}
    assert call.params["layout"]["header"]["tags"]["state"]["type"] == "success"


def test_activity_of_a_request_has_a_deadline() -> None:
    calls = planned(
        replace(FORM, deadline="2026-11-21T12:00:00+03:00"), create_primary=["deal", "activity"]
    )
    activity = by_key(calls, "activity")
    assert activity.method == "crm.activity.todo.add"
    assert activity.params == {
        "ownerTypeId": DEAL,
        "ownerId": "$result[deal][item][id]",
        "deadline": "2026-11-21T12:00:00+03:00",
        "title": "Shop: Anna",
        "description": "Anna\n+79990000001\nanna@shop.example\nCall me\n#5",
        "responsibleId": 9,
    }


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(60, "2026-11-21T11:00:00+03:00"), (1440, "2026-11-22T10:00:00+03:00")],
)
def test_deadline_counts_from_the_request(minutes: int, expected: str) -> None:
    calls = planned(FORM, create_primary=["deal", "activity"], deadline_minutes=minutes)
    assert by_key(calls, "activity").params["deadline"] == expected


def test_request_without_a_time_gets_a_plain_activity() -> None:
    timeless = replace(FORM, parameters={})
    calls = planned(timeless, create_primary=["deal", "activity"])
    assert by_key(calls, "activity").method == "crm.activity.configurable.add"


def test_todo_is_bound_to_the_second_card() -> None:
    calls = planned(FORM, create_primary=["lead", "deal", "activity"])
    assert by_key(calls, "activity_bind0").params["activityId"] == "$result[activity][id]"


def test_activity_is_bound_by_its_number() -> None:
    assert bind_activity(33, Target(LEAD, 2), "b").params == {
        "activityId": 33,
        "entityTypeId": LEAD,
        "entityId": 2,
    }


# -- Comments and names ---------------------------------------------------------------------


def test_comment_may_carry_files() -> None:
    call = add_comment(Target(CONTACT, 7), "form", files=[("a.pdf", "QUJD")])
    assert call.params["fields"] == {
        "ENTITY_TYPE": "contact",
        "ENTITY_ID": 7,
        "COMMENT": "form",
        "FILES": [["a.pdf", "QUJD"]],
    }


def test_update_leaves_files_alone() -> None:
    call = update_comment(33, "more", "c77")
    assert (call.params, call.key) == ({"id": 33, "fields": {"COMMENT": "more"}}, "c77")


@pytest.mark.parametrize(
    ("kind", "number", "expected"), [("chat", 77, "chat:77"), ("request", 5, "form:5")]
)
def test_origin_names_the_inquiry(kind: str, number: int, expected: str) -> None:
    assert origin(kind, number) == expected


def test_visitor_without_a_key_is_known_by_the_inquiry() -> None:
    assert person_origin(ANNA) == "visitor:c1:42"
    assert person_origin(replace(FORM, client_key="")) == "form:5"
