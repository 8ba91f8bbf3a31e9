"""Where a chat belongs in CRM: data in, data out."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from b24app.rules import crm
from b24app.rules.crm import Card, Chat, ChatSettings, CrmFacts, Target, decide, plan
from b24app.values import Call

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CHAT = Chat(
    id=77,
    channel_kind="telegram",
    channel_title="Telegram «Shop»",
    name="Anna",
    phone="+79990000001",
    username="anna",
    client_key="c1:42",
    utm={"utm_source": "ads"},
)


def card(number: int, days_ago: int = 0, opened: bool = True) -> Card:
    return Card(number, opened, NOW - timedelta(days=days_ago), contact_ids=(5,))


def planned(facts: CrmFacts, comment: str = "hello", **settings: Any) -> list[Call]:
    chosen = ChatSettings(**settings)
    return plan(CHAT, decide(facts, chosen), chosen, comment)


def methods(calls: list[Call]) -> list[str]:
    return [call.key for call in calls]


def test_stranger_gets_a_contact_and_a_deal() -> None:
    assert methods(planned(CrmFacts())) == ["contact", "deal", "comment"]


def test_known_contact_gets_only_a_deal() -> None:
    calls = planned(CrmFacts(contact_ids=(7,)))
    assert methods(calls) == ["deal", "comment"]
    assert calls[0].params["fields"]["contactIds"] == [7]


def test_setting_makes_a_lead() -> None:
    assert methods(planned(CrmFacts(), create="lead")) == ["contact", "lead", "comment"]


def test_portal_without_leads_gets_a_deal() -> None:
    assert "deal" in methods(planned(CrmFacts(leads_exist=False), create="lead"))


def test_nothing_found_nothing_created() -> None:
    verdict = decide(CrmFacts(), ChatSettings(create="none"))
    assert verdict.kind == "none"
    assert plan(CHAT, verdict, ChatSettings(create="none"), "hello") == []


def test_open_deal_gets_a_comment() -> None:
    calls = planned(CrmFacts(deals=(card(3),), contact_ids=(5,)))
    assert methods(calls) == ["comment"]
    assert calls[0].params["fields"]["ENTITY_ID"] == 3


def test_open_deal_beats_a_lead() -> None:
    verdict = decide(CrmFacts(deals=(card(3, 9),), leads=(card(8),)), ChatSettings())
    assert verdict.targets == (Target(crm.DEAL, 3),)


def test_open_lead_is_next() -> None:
    verdict = decide(CrmFacts(deals=(card(3, opened=False),), leads=(card(8),)), ChatSettings())
    assert verdict.targets == (Target(crm.LEAD, 8),)


def test_closed_deal_is_not_touched() -> None:
    assert "deal" in methods(planned(CrmFacts(deals=(card(3, opened=False),), contact_ids=(5,))))


def test_order_of_candidates_does_not_matter() -> None:
    cards = (card(1, 3), card(2, 1), card(9, 1), card(4, 2, opened=False))
    orders = permutations(cards)
    chosen = {decide(CrmFacts(deals=order), ChatSettings()).targets for order in orders}
    assert chosen == {(Target(crm.DEAL, 9),)}


def test_own_deal_is_never_made_twice() -> None:
    verdict = decide(CrmFacts(own_deal_id=12, deals=(card(3),)), ChatSettings())
    assert verdict.create == ()
    assert verdict.targets[0] == Target(crm.DEAL, 12)


def test_own_contact_is_reused() -> None:
    calls = planned(CrmFacts(own_contact_id=15))
    assert methods(calls) == ["deal", "comment"]
    assert calls[0].params["fields"]["contactIds"] == [15]


def test_created_cards_carry_our_origin() -> None:
    deal = planned(CrmFacts())[1].params["fields"]
    assert (deal["originatorId"], deal["originId"]) == (crm.ORIGINATOR, "chat:77")
    assert deal["utmSource"] == "ads"


def test_responsible_is_set_everywhere() -> None:
    calls = planned(CrmFacts(), responsible_id=9)
    assert {call.params["fields"].get("assignedById") for call in calls[:2]} == {9}


def test_every_verdict_has_reasons() -> None:
    assert decide(CrmFacts(), ChatSettings()).reasons


def test_long_transcript_keeps_the_newest() -> None:
    lines = [f"line {number} " + "x" * 90 for number in range(200)]
    text = crm.transcript("head", lines)
    assert len(text) <= crm.COMMENT_MAX
    assert text.startswith("head\n…")
    assert text.endswith(lines[-1])
