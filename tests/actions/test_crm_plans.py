"""Plans of the rules, carried out by the portal: every call is taken, every card is there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from b24app.actions import portals
from b24app.bitrix.client import BatchAnswer
from b24app.db import reading
from b24app.models import Portal
from b24app.rules import documents
from b24app.rules.inquiry import DEAL, LEAD, CrmFacts, Inquiry, Target, decide
from b24app.rules.plan import close_activity, plan
from b24app.values import Call
from tests.world import World, world

CHAT = Inquiry(
    "chat",
    77,
    "chat:77",
    {"channel_type": "telegram", "channel_name": "Shop", "visitor_name": "Anna"},
    name="Anna",
    phone="+79990000077",
    im=(("TELEGRAM", "@anna"),),
    client_key="c1:42",
    fallback_responsible=2,
)
FORM = replace(CHAT, kind="request", origin="form:5", deadline="2026-11-21T12:00:00+03:00")
EVERYTHING = documents.read(
    {"create_primary": ["lead", "deal", "activity"], "copy_to_contact_company": True}
)


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


def carried_out(inquiry: Inquiry) -> BatchAnswer:
    calls = plan(inquiry, decide(inquiry, CrmFacts(), EVERYTHING), EVERYTHING, "hello")
    return client().batch(calls, halt=True)


def client() -> Any:
    with reading() as session:
        portal_id = session.query(Portal).one().id
    return portals.client(portal_id)


@pytest.mark.parametrize("inquiry", [CHAT, FORM], ids=["chat", "request"])
def test_portal_takes_the_whole_plan(here: World, inquiry: Inquiry) -> None:
    answer = carried_out(inquiry)
    assert answer.errors == {}
    made = {key: answer.results[key]["item"] for key in ("contact", "lead", "deal")}
    assert made["deal"]["leadId"] == made["lead"]["id"]
    assert made["deal"]["contactIds"] == [made["contact"]["id"]]
    assert made["deal"]["originId"] == inquiry.origin
    assert [answer.results[key] for key in ("bind0", "bind1", "activity_bind0")] == [True] * 3


def test_activity_of_a_chat_is_completed(here: World) -> None:
    number = carried_out(CHAT).results["activity"]["activity"]["id"]
    client().ask(close_activity(number, CHAT, "Shop: Anna"))
    kept = client().ask(Call("crm.activity.configurable.get", {"id": number}))["activity"]
    assert (kept["fields"]["completed"], kept["fields"]["originId"]) == (True, "chat:77")
    assert kept["layout"]["footer"]["buttons"]["open"]["action"]["type"] == "openRestApp"
    bound = client().ask(Call("crm.activity.binding.list", {"activityId": number}))
    assert [one["entityTypeId"] for one in bound] == [DEAL, LEAD]


def test_found_card_is_only_commented(here: World) -> None:
    deal = carried_out(CHAT).results["deal"]["item"]["id"]
    pinned = replace(CHAT, pinned=Target(DEAL, deal))
    calls = plan(pinned, decide(pinned, CrmFacts(), EVERYTHING), EVERYTHING, "again")
    assert [call.method for call in calls] == ["crm.timeline.comment.add"]
    assert client().batch(calls, halt=True).errors == {}
