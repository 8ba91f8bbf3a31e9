"""What becomes of an inquiry, by the rows of the product's list; expectations stand in tables.

What is found is written in words: `D1` an open deal, `d1` a closed one, `L2` and `l2` leads,
`C7` a contact, `O9` a company; the first of a kind is the freshest. The answer reads
`kind + what is created -> where the comment goes`; `D+` and `L+` are cards to be made.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.rules import documents
from b24app.rules.documents import Document, Stages
from b24app.rules.fields import Field
from b24app.rules.inquiry import (
    COMPANY,
    CONTACT,
    DEAL,
    LEAD,
    Card,
    CrmFacts,
    Inquiry,
    Person,
    Target,
    Verdict,
    as_json,
    decide,
    facts_from_json,
    facts_json,
    inquiry_from_json,
    inquiry_json,
    reasons_json,
    verdict_from_json,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LETTERS = {"D": DEAL, "L": LEAD, "C": CONTACT, "O": COMPANY}
NAMES = {number: letter for letter, number in LETTERS.items()}
ANNA = Inquiry(
    "chat",
    77,
    "chat:77",
    parameters={
        "communication_type": "chat",
        "channel_id": "3",
        "channel_type": "whatsapp",
        "channel_name": "Shop",
        "visitor_phone": "+79990000001",
        "visitor_name": "Anna",
        "utm_source": "ads",
    },
    name="Anna",
    phone="+79990000001",
    client_key="c3:79990000001",
    fallback_responsible=1,
    source_description="Shop",
)


def found(words: str, **more: Any) -> CrmFacts:
    """Facts by their words; cards belong to the first contact, or else to the first company."""
    names = words.split()
    contacts = tuple(Person(number) for number in _numbers(names, "C"))
    companies = tuple(_numbers(names, "O"))
    owner: dict[str, Any] = {"contact_ids": (contacts[0].id,)} if contacts else {}
    if companies and not contacts:
        owner = {"company_id": companies[0]}
    cards = [_card(name, place, owner) for place, name in enumerate(names)]
    return CrmFacts(
        leads=tuple(one for one in cards if one and one.type_id == LEAD),
        deals=tuple(one for one in cards if one and one.type_id == DEAL),
        contacts=contacts,
        company_ids=companies,
        **more,
    )


def _numbers(names: list[str], letter: str) -> list[int]:
    return [int(name[1:]) for name in names if name[0] == letter]


def _card(name: str, place: int, owner: dict[str, Any]) -> Card | None:
    type_id = LETTERS[name[0].upper()]
    if type_id not in (DEAL, LEAD):
        return None
    at = NOW - timedelta(days=place)
    return Card(type_id, int(name[1:]), name[0].isupper(), at, moved_at=at, **owner)


def document(**given: Any) -> Document:
    """Words for what is created: `create_repeat="lead deal"`."""
    for name in ("create_primary", "create_repeat"):
        if name in given:
            given[name] = given[name].split()
    return documents.read(given)


def rows(*pairs: tuple[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Rows of a rule: (channel type, what the row says)."""
    return [
        {
            "id": f"r{place}",
            "when": {
                "join": "and",
                "items": [{"param": "channel_type", "operator": "equals", "value": kind}],
            },
            **about,
            **more,
        }
        for place, (kind, about) in enumerate(pairs, 1)
    ]


def told(verdict: Verdict) -> str:
    """`repeat + activity -> D1 L2`"""
    closed = {(one.card.type_id, one.card.id) for one in verdict.candidates if not one.card.opened}
    targets = " ".join(_told(target, closed) for target in verdict.targets)
    created = f" + {' '.join(verdict.create)}" if verdict.create else ""
    return f"{verdict.kind}{created}" + (f" -> {targets}" if targets else "")


def _told(target: Target, closed: set[tuple[int, int]]) -> str:
    letter = NAMES[target.type_id]
    if target.id is None:
        return f"{letter}+"
    return f"{letter.lower() if (target.type_id, target.id) in closed else letter}{target.id}"


def texts(verdict: Verdict) -> list[str]:
    return [one.text.format(**one.params) for one in verdict.reasons]


SUBSETS = [
    " ".join(part) for size in range(4) for part in combinations(("lead", "deal", "activity"), size)
]
PRIORITIES = ("deal", "lead", "both")

# -- C3: nothing is found, whatever the settings of repeat inquiries ------------------------

FIRST = [
    ("deal", True, "primary + contact deal -> D+"),
    ("lead", True, "primary + lead -> L+"),
    ("lead deal", True, "primary + contact lead deal -> D+ L+"),
    ("deal activity", True, "primary + contact deal activity -> D+"),
    ("lead activity", True, "primary + lead activity -> L+"),
    ("lead deal activity", True, "primary + contact lead deal activity -> D+ L+"),
    # C13: without leads
    ("deal", False, "primary + contact deal -> D+"),
    ("lead", False, "primary + contact deal -> D+"),
    ("lead deal", False, "primary + contact deal -> D+"),
    ("lead activity", False, "primary + contact deal activity -> D+"),
]


@pytest.mark.parametrize("to_closed", [False, True])
@pytest.mark.parametrize("priority", PRIORITIES)
@pytest.mark.parametrize("create_repeat", SUBSETS)
@pytest.mark.parametrize(("create_primary", "leads_exist", "expected"), FIRST)
def test_stranger_gets_what_primary_says(
    create_primary: str,
    leads_exist: bool,
    expected: str,
    create_repeat: str,
    priority: str,
    to_closed: bool,
) -> None:
    chosen = document(
        create_primary=create_primary,
        create_repeat=create_repeat,
        comment_priority=priority,
        write_to_closed=to_closed,
    )
    assert told(decide(ANNA, found("", leads_exist=leads_exist), chosen)) == expected


# -- C4 and C11: a repeat inquiry that creates no lead or deal ------------------------------
# found: where the comment goes for deal off, deal on, lead off, lead on, both off, both on
# (off and on: «add data to closed leads and deals»); `new`: it counts as a first inquiry.

PRIORITY = [
    ("D1", "D1", "D1", "D1", "D1", "D1", "D1"),
    ("L2", "L2", "L2", "L2", "L2", "L2", "L2"),
    ("D1 D3", "D1", "D1", "D1", "D1", "D1", "D1"),
    ("L2 L4", "L2", "L2", "L2", "L2", "L2", "L2"),
    ("D1 L2", "D1", "D1", "L2", "L2", "D1 L2", "D1 L2"),
    ("L2 D1", "D1", "D1", "L2", "L2", "D1 L2", "D1 L2"),
    ("D1 D3 L2 L4 C7 O9", "D1", "D1", "L2", "L2", "D1 L2", "D1 L2"),
    # an open one always wins
    ("d1 L2", "L2", "L2", "L2", "L2", "L2", "L2"),
    ("D1 l2", "D1", "D1", "D1", "D1", "D1", "D1"),
    ("d1 D3", "D3", "D3", "D3", "D3", "D3", "D3"),
    ("d1 D3 l2 L4", "D3", "D3", "L4", "L4", "D3 L4", "D3 L4"),
    ("d1 l2 L4 C7", "L4", "L4", "L4", "L4", "L4", "L4"),
    # everything is closed, and there is nobody else
    ("d1", "new", "d1", "new", "d1", "new", "d1"),
    ("l2", "new", "l2", "new", "l2", "new", "l2"),
    ("d1 d3", "new", "d1", "new", "d1", "new", "d1"),
    ("d1 l2", "new", "d1", "new", "l2", "new", "d1 l2"),
    # everything is closed, but the client is known
    ("d1 C7", "C7", "d1", "C7", "d1", "C7", "d1"),
    ("l2 C7", "C7", "l2", "C7", "l2", "C7", "l2"),
    ("d1 l2 C7", "C7", "d1", "C7", "l2", "C7", "d1 l2"),
    ("d1 l2 O9", "O9", "d1", "O9", "l2", "O9", "d1 l2"),
    ("d1 C7 O9", "C7", "d1", "C7", "d1", "C7", "d1"),
    # only the client is known
    ("C7", "C7", "C7", "C7", "C7", "C7", "C7"),
    ("C7 C8", "C8", "C8", "C8", "C8", "C8", "C8"),
    ("O9", "O9", "O9", "O9", "O9", "O9", "O9"),
    ("C7 O9", "C7", "C7", "C7", "C7", "C7", "C7"),
]
COLUMNS = list(product(PRIORITIES, (False, True)))
PRIORITY_CASES = [
    (row[0], priority, to_closed, row[place])
    for row in PRIORITY
    for place, (priority, to_closed) in enumerate(COLUMNS, 1)
]


@pytest.mark.parametrize(("words", "priority", "to_closed", "expected"), PRIORITY_CASES)
@pytest.mark.parametrize("acts", ["", "activity"])
def test_repeat_inquiry_follows_the_priority(
    words: str, priority: str, to_closed: bool, expected: str, acts: str
) -> None:
    chosen = document(create_repeat=acts, comment_priority=priority, write_to_closed=to_closed)
    made = " + activity" if acts else ""
    wanted = f"repeat{made} -> {expected}"
    if expected == "new":
        company = "O" in words
        wanted = "primary + contact deal -> D+" if not company else "primary + deal -> D+"
    assert told(decide(ANNA, found(words), chosen)) == wanted


SIMPLE = [
    ("D1 L2", "repeat -> D1"),
    ("d1 L2", "primary + contact deal -> D+"),
    ("L2", "primary + contact deal -> D+"),
    ("L2 C7", "repeat -> C7"),
    ("d1 L2 C7", "repeat -> C7"),
]


@pytest.mark.parametrize("priority", PRIORITIES)
@pytest.mark.parametrize(("words", "expected"), SIMPLE)
def test_portal_without_leads_sees_none(words: str, expected: str, priority: str) -> None:
    verdict = decide(ANNA, found(words, leads_exist=False), document(comment_priority=priority))
    assert told(verdict) == expected
    assert "works without leads" in " ".join(texts(verdict))


def test_leads_are_not_mentioned_without_need() -> None:
    verdict = decide(ANNA, found("D1", leads_exist=False), document())
    assert "without leads" not in " ".join(texts(verdict))


# -- C3: a repeat inquiry that creates ------------------------------------------------------
# create_repeat, what is found, closed ones count; classic and simple mode

AGAIN = [
    ("deal", "D1 C7", False, "repeat + deal -> D+", "repeat + deal -> D+"),
    ("deal", "D1", False, "repeat + contact deal -> D+", "repeat + contact deal -> D+"),
    ("lead", "D1 C7", False, "repeat + lead -> L+", "repeat + deal -> D+"),
    ("lead", "C7", False, "repeat + lead -> L+", "repeat + deal -> D+"),
    ("lead", "O9", False, "repeat + lead -> L+", "repeat + deal -> D+"),
    ("deal", "O9", False, "repeat + deal -> D+", "repeat + deal -> D+"),
    ("lead deal", "C7", False, "repeat + lead deal -> D+ L+", "repeat + deal -> D+"),
    ("deal activity", "C7", False, "repeat + deal activity -> D+", "repeat + deal activity -> D+"),
    ("deal", "L2", False, "repeat + contact deal -> D+", "primary + contact deal -> D+"),
    # closed ones: created all the same, by the rules of whoever counts
    ("deal", "d1 C7", False, "repeat + deal -> D+", "repeat + deal -> D+"),
    ("deal", "d1 C7", True, "repeat + deal -> D+", "repeat + deal -> D+"),
    ("lead", "d1", False, "primary + contact deal -> D+", "primary + contact deal -> D+"),
    ("lead", "d1", True, "repeat + lead -> L+", "repeat + contact deal -> D+"),
]


@pytest.mark.parametrize("priority", PRIORITIES)
@pytest.mark.parametrize(("create_repeat", "words", "to_closed", "classic", "simple"), AGAIN)
def test_repeat_inquiry_creates(
    create_repeat: str, words: str, to_closed: bool, classic: str, simple: str, priority: str
) -> None:
    chosen = document(
        create_repeat=create_repeat, write_to_closed=to_closed, comment_priority=priority
    )
    assert told(decide(ANNA, found(words), chosen)) == classic
    assert told(decide(ANNA, found(words, leads_exist=False), chosen)) == simple


def test_repeat_cards_belong_to_the_client() -> None:
    facts = replace(found("D1 C7 C8"), company_ids=(9, 4))
    verdict = decide(ANNA, facts, document(create_repeat="deal"))
    assert (verdict.contact_id, verdict.company_id) == (7, 9)  # 7 owns the open deal


def test_company_of_the_contact_is_preferred() -> None:
    facts = replace(found(""), contacts=(Person(7, company_ids=(4,)),), company_ids=(9, 4))
    assert decide(ANNA, facts, document(create_repeat="deal")).company_id == 4


def test_nobody_to_call_no_contact() -> None:
    ghost = Inquiry("chat", 77, "chat:77")
    assert told(decide(ghost, found(""), document())) == "primary + deal -> D+"


def test_rules_that_create_nothing_create_nothing() -> None:
    verdict = decide(ANNA, found(""), Document(create_primary=("activity",)))
    assert told(verdict) == "none"


# -- C12, plan (f): a request first, then a chat by the same phone --------------------------

RECENT = [
    ("", "D1 C7", "D1", "repeat -> D1"),
    ("deal", "D1 C7", "D1", "repeat -> D1"),
    ("lead", "D1 C7", "D1", "repeat -> D1"),
    ("lead deal activity", "D1 C7", "D1", "repeat + activity -> D1"),
    ("deal", "D1 L2 C7", "D1 L2", "repeat -> D1 L2"),
    ("deal", "L2", "L2", "repeat -> L2"),
    ("deal", "D3 D1 C7", "D1", "repeat -> D1"),  # not the fresher one: the one of the request
    ("deal", "D1 D3 C7", "D1 D3", "repeat -> D1"),
    # closed or unknown by now: a new one, as the settings say
    ("deal", "d1 C7", "D1", "repeat + deal -> D+"),
    ("deal", "C7", "D1", "repeat + deal -> D+"),
    ("deal", "", "D1", "primary + contact deal -> D+"),
    # the priority alone decides where nothing is created
    ("", "D3 D1 C7", "D1", "repeat -> D3"),
]


@pytest.mark.parametrize("to_closed", [False, True])
@pytest.mark.parametrize(("create_repeat", "words", "recent", "expected"), RECENT)
def test_recent_request_gets_no_second_deal(
    create_repeat: str, words: str, recent: str, expected: str, to_closed: bool
) -> None:
    targets = tuple(Target(LETTERS[name[0]], int(name[1:])) for name in recent.split())
    chosen = document(create_repeat=create_repeat, write_to_closed=to_closed)
    assert told(decide(replace(ANNA, recent=targets), found(words), chosen)) == expected


# -- G5: a pin -------------------------------------------------------------------------------


@pytest.mark.parametrize("create_repeat", SUBSETS)
@pytest.mark.parametrize("words", ["", "D1", "d5 D1 C7", "D1 L2 C7 O9"])
@pytest.mark.parametrize("pin", ["D5", "L6", "C7", "O9"])
def test_pin_wins_over_everything(pin: str, words: str, create_repeat: str) -> None:
    pinned = replace(ANNA, pinned=Target(LETTERS[pin[0]], int(pin[1:])))
    verdict = decide(pinned, found(words, own_deal_id=1), document(create_repeat=create_repeat))
    assert [(one.type_id, one.id) for one in verdict.targets] == [(LETTERS[pin[0]], int(pin[1:]))]
    assert verdict.create == (("activity",) if "activity" in create_repeat else ())


def test_pinned_candidate_says_so() -> None:
    verdict = decide(replace(ANNA, pinned=Target(DEAL, 3)), found("D1 d3"), document())
    best = verdict.candidates[0]
    assert (best.card.id, best.chosen, best.reasons[0].text) == (
        3,
        True,
        "An operator pinned this card.",
    )
    assert texts(verdict)[0] == "An operator pinned deal 3."


def test_filter_keeps_a_pinned_chat_out() -> None:
    pinned = replace(ANNA, pinned=Target(DEAL, 3))
    assert told(decide(pinned, found("D3"), document(filter_default="denied"))) == "filtered"


# -- Once only: an answer was lost, or a part was refused -----------------------------------
# what was made, what is found beside it, the settings

KNOWN = [
    ({"own_deal_id": 12}, "", "deal", "", "known -> D12"),
    ({"own_deal_id": 12}, "D1 C7", "deal", "", "known -> D12"),
    ({"own_deal_id": 12, "own_contact_id": 15}, "", "deal", "", "known -> D12"),
    ({"own_lead_id": 13}, "", "lead", "", "known -> L13"),
    ({"own_lead_id": 13}, "", "lead activity", "", "known + activity -> L13"),
    (
        {"own_lead_id": 13, "own_activity_id": 99},
        "",
        "lead activity",
        "",
        "known -> L13",
    ),
    ({"own_deal_id": 12, "own_lead_id": 13}, "", "lead deal", "", "known -> D12 L13"),
    # the lead was made, the deal was not
    ({"own_lead_id": 13}, "", "lead deal", "", "known + contact deal -> D+ L13"),
    (
        {"own_lead_id": 13, "own_contact_id": 15},
        "",
        "lead deal",
        "",
        "known + deal -> D+ L13",
    ),
    ({"own_deal_id": 12}, "", "lead deal", "", "known + lead -> D12 L+"),
    # a repeat inquiry was to make both
    ({"own_lead_id": 13}, "C7", "deal", "lead deal", "known + deal -> D+ L13"),
    # the settings changed since: nothing else is made
    ({"own_lead_id": 13}, "", "deal", "", "known -> L13"),
    # only the contact was made
    ({"own_contact_id": 15}, "", "deal", "", "primary + deal -> D+"),
    ({"own_contact_id": 15}, "C15", "deal", "", "primary + deal -> D+"),
    ({"own_contact_id": 15}, "D1 C15", "deal", "", "repeat -> D1"),
    ({"own_contact_id": 15}, "d1 C15", "deal", "", "repeat -> C15"),
    ({"own_contact_id": 15}, "C7", "deal", "", "repeat -> C7"),
]


@pytest.mark.parametrize(("own", "words", "create_primary", "create_repeat", "expected"), KNOWN)
def test_what_was_made_is_never_made_twice(
    own: dict[str, int], words: str, create_primary: str, create_repeat: str, expected: str
) -> None:
    chosen = document(create_primary=create_primary, create_repeat=create_repeat)
    assert told(decide(ANNA, found(words, **own), chosen)) == expected


def test_contact_of_the_failed_try_is_used() -> None:
    verdict = decide(ANNA, found("", own_contact_id=15), document())
    assert verdict.contact_id == 15
    assert "Contact 15 was made by an earlier try; the rest is made now." in texts(verdict)


@pytest.mark.parametrize(
    ("made_at", "expected"),
    [(NOW, "primary + deal -> D+"), (NOW - timedelta(days=1), "repeat -> C15")],
)
def test_older_contact_counts_as_found(made_at: datetime, expected: str) -> None:
    began = {**ANNA.parameters, "communication_date_time": NOW.isoformat()}
    facts = CrmFacts(contacts=(Person(15, created_at=made_at),), own_contact_id=15)
    assert told(decide(replace(ANNA, parameters=began), facts, document())) == expected


OWN_CLOSED = [
    ("d12 C7", False, "known -> C7"),
    ("d12 C7", True, "known -> d12"),
    ("d12 D3 C7", False, "known -> D3"),
    ("d12", False, "known -> d12"),
    ("D12 D3 C7", False, "known -> D12"),
]


@pytest.mark.parametrize(("words", "to_closed", "expected"), OWN_CLOSED)
def test_closed_card_of_its_own(words: str, to_closed: bool, expected: str) -> None:
    for create_repeat in ("", "deal"):
        chosen = document(write_to_closed=to_closed, create_repeat=create_repeat)
        verdict = decide(ANNA, found(words, own_deal_id=12), chosen)
        assert told(verdict) == expected


# -- C1 and C8: what is kept out ------------------------------------------------------------

DENY, ALLOW = {"verdict": "denied"}, {"verdict": "allow"}
FILTERS: list[tuple[list[tuple[str, Any]], str, bool, str]] = [
    ([], "allow", True, ""),
    ([], "denied", False, "No row of the filter matched: it is kept out of CRM."),
    ([("whatsapp", DENY)], "allow", False, "Row 1 of the filter keeps it out of CRM."),
    ([("viber", DENY)], "allow", True, "No row of the filter matched: it is let into CRM."),
    (
        [("viber", DENY), ("whatsapp", ALLOW)],
        "denied",
        True,
        "Row 2 of the filter lets it into CRM.",
    ),
    (
        [("whatsapp", ALLOW), ("whatsapp", DENY)],
        "denied",
        True,
        "Row 1 of the filter lets it into CRM.",
    ),
]


@pytest.mark.parametrize("words", ["", "D1 C7", "d1 l2"])
@pytest.mark.parametrize(("pairs", "default", "allowed", "why"), FILTERS)
def test_filter_lets_in_or_keeps_out(
    pairs: list[tuple[str, Any]], default: str, allowed: bool, why: str, words: str
) -> None:
    verdict = decide(ANNA, found(words), document(filter=rows(*pairs), filter_default=default))
    assert (verdict.kind != "filtered") is allowed
    assert (not why) or texts(verdict)[0] == why
    assert len(verdict.steps["filter"]) == len(pairs)
    if not allowed:
        assert (verdict.create, verdict.targets, verdict.copies) == ((), (), ())


@pytest.mark.parametrize(
    ("given", "filtered"),
    [
        ({}, False),
        ({"channels": ["3", "4"]}, False),
        ({"channels": ["4"]}, True),
        ({"channels": []}, True),
        ({"active": False}, True),
    ],
)
def test_other_channels_are_ignored(given: dict[str, Any], filtered: bool) -> None:
    assert (decide(ANNA, found(""), document(**given)).kind == "filtered") is filtered


KIND_FILTER = [
    {
        "id": "k",
        "when": {
            "join": "and",
            "items": [{"param": "communication_kinds", "operator": "equals", "value": "repeat"}],
        },
        "verdict": "denied",
    }
]


@pytest.mark.parametrize(("words", "kind"), [("", "primary"), ("D1", "filtered")])
def test_filter_knows_first_from_repeat(words: str, kind: str) -> None:
    assert decide(ANNA, found(words), document(filter=KIND_FILTER)).kind == kind


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"filter_default": "denied"}, "filtered"),
        ({}, "none"),
        ({"filter": KIND_FILTER, "filter_default": "denied"}, "none"),
    ],
)
def test_without_facts_only_the_filter_speaks(given: dict[str, Any], kind: str) -> None:
    assert decide(ANNA, CrmFacts(gathered=False), document(**given)).kind == kind


# -- C2: responsible ------------------------------------------------------------------------

RESPONSIBLE: list[tuple[list[tuple[str, Any]], int | None, int | None, int | None, str]] = [
    ([], None, None, None, ""),
    ([], None, 1, 1, "The settings name no responsible: it is employee 1."),
    ([], 5, 1, 5, "The responsible by default is employee 5."),
    ([("viber", 7)], 5, 1, 5, "The responsible by default is employee 5."),
    ([("whatsapp", 7)], 5, 1, 7, "Row 1 of the responsibles chose employee 7."),
    ([("viber", 7), ("whatsapp", 8)], 5, 1, 8, "Row 2 of the responsibles chose employee 8."),
    ([("whatsapp", 7), ("whatsapp", 8)], None, 1, 7, "Row 1 of the responsibles chose employee 7."),
]


@pytest.mark.parametrize(("pairs", "default", "fallback", "expected", "why"), RESPONSIBLE)
def test_first_matching_responsible(
    pairs: list[tuple[str, Any]],
    default: int | None,
    fallback: int | None,
    expected: int | None,
    why: str,
) -> None:
    chosen = document(
        responsibles=rows(*((kind, {"user_id": str(user)}) for kind, user in pairs)),
        responsible_id=None if default is None else str(default),
    )
    verdict = decide(replace(ANNA, fallback_responsible=fallback), found(""), chosen)
    assert verdict.responsible_id == expected
    assert not why or why in texts(verdict)
    assert [step["used"] for step in verdict.steps["responsible"]].count(True) <= 1


def test_found_card_keeps_its_responsible() -> None:
    verdict = decide(ANNA, found("D1"), document(responsible_id="5"))
    assert verdict.responsible_id is None
    assert "The responsible of a card that was found stays." in texts(verdict)


def test_activity_in_a_found_card_has_a_responsible() -> None:
    chosen = document(responsible_id="5", create_repeat="activity")
    assert decide(ANNA, found("D1"), chosen).responsible_id == 5


# -- C5: stages -----------------------------------------------------------------------------


def pipelines(number: int, *pairs: tuple[str, str, int]) -> dict[str, Any]:
    """Default pipeline `number`; rows (channel type, verdict, pipeline)."""
    made = [
        (kind, {"verdict": verdict, "stages": {"category_id": str(to), "deal_stage": f"C{to}:NEW"}})
        for kind, verdict, to in pairs
    ]
    default = {"category_id": str(number), "deal_stage": f"C{number}:NEW", "lead_stage": "NEW"}
    return {"rows": rows(*made), "default": default}


STAGES: list[tuple[list[tuple[str, str, int]], int, str]] = [
    ([], 1, "No row of the pipeline filter matched: the stage is by default."),
    ([("viber", "allow", 5)], 1, "No row of the pipeline filter matched: the stage is by default."),
    ([("whatsapp", "allow", 5)], 5, "Row 1 of the pipeline filter chose the stage."),
    (
        [("whatsapp", "denied", 5)],
        1,
        "Row 1 of the pipeline filter denies: the stage is the one by default.",
    ),
    (
        [("whatsapp", "denied", 5), ("whatsapp", "allow", 6)],
        1,
        "Row 1 of the pipeline filter denies: the stage is the one by default.",
    ),
    (
        [("viber", "denied", 5), ("whatsapp", "allow", 6)],
        6,
        "Row 2 of the pipeline filter chose the stage.",
    ),
]


@pytest.mark.parametrize(("words", "name"), [("", "primary"), ("C7", "repeat")])
@pytest.mark.parametrize(("pairs", "number", "why"), STAGES)
def test_pipeline_filter_chooses_the_stage(
    pairs: list[tuple[str, str, int]], number: int, why: str, words: str, name: str
) -> None:
    chosen = document(
        **{
            "create_repeat": "deal",
            "pipelines_primary": pipelines(90),
            "pipelines_repeat": pipelines(91),
            f"pipelines_{name}": pipelines(1, *pairs),
        }
    )
    verdict = decide(ANNA, found(words), chosen)
    assert verdict.kind == name
    assert verdict.stages == Stages("NEW", number, f"C{number}:NEW")
    assert why in texts(verdict)
    assert len(verdict.steps["pipelines"]) == len(pairs)


def test_found_card_stays_where_it_is() -> None:
    verdict = decide(ANNA, found("D1"), document(pipelines_repeat=pipelines(4)))
    assert verdict.stages == Stages()


def test_rows_of_the_rules_know_first_from_repeat() -> None:
    when = KIND_FILTER[0]["when"]
    chosen = document(
        create_repeat="deal", responsibles=[{"id": "k", "when": when, "user_id": "9"}]
    )
    chosen_by = [decide(ANNA, found(words), chosen).responsible_id for words in ("", "C7")]
    assert chosen_by == [1, 9]


# -- C7: also in the contact or the company -------------------------------------------------

COPIES = [
    ("", "deal", "", [("contact", None)]),
    ("", "lead", "", []),
    ("D1 C7", "deal", "", [(CONTACT, 7)]),
    ("D1 C7 C8", "deal", "", [(CONTACT, 7)]),  # of the deal, not the newest
    ("D1 C7 O9", "deal", "", [(CONTACT, 7)]),
    ("D1 O9", "deal", "", [(COMPANY, 9)]),
    ("D1", "deal", "", []),
    ("d1 C7", "deal", "", []),  # the contact itself gets the comment
    ("O9", "deal", "", []),
    ("C7", "deal", "deal", [(CONTACT, 7)]),
    ("O9", "deal", "deal", [(COMPANY, 9)]),
]


@pytest.mark.parametrize(("words", "create_primary", "create_repeat", "expected"), COPIES)
def test_copy_goes_to_contact_or_company(
    words: str, create_primary: str, create_repeat: str, expected: list[Any]
) -> None:
    given = {"create_primary": create_primary, "create_repeat": create_repeat}
    verdict = decide(ANNA, found(words), document(copy_to_contact_company=True, **given))
    copies = [(one.made_by or one.type_id, one.id) for one in verdict.copies]
    assert copies == expected
    assert ("The comment is also saved in the" in " ".join(texts(verdict))) is bool(expected)
    assert decide(ANNA, found(words), document(**given)).copies == ()


def test_contact_of_somebody_elses_deal() -> None:
    facts = replace(found("D1 O9"), deals=(Card(DEAL, 1, True, NOW, contact_ids=(4, 5)),))
    assert decide(ANNA, facts, document(copy_to_contact_company=True)).copies == (
        Target(CONTACT, 5),
    )


def test_contact_of_the_client_among_others_of_the_deal() -> None:
    deal = Card(DEAL, 1, True, NOW, contact_ids=(7, 99))
    facts = replace(found("C7"), deals=(deal,))
    verdict = decide(ANNA, facts, document(copy_to_contact_company=True))
    assert verdict.copies == (Target(CONTACT, 7),)


def test_contradictions_are_settled_in_any_order() -> None:
    twice = (Person(7, company_ids=(4,)), Person(7))
    chosen = document(create_repeat="deal")
    answers = {
        decide(ANNA, CrmFacts(contacts=people), chosen).company_id for people in permutations(twice)
    }
    assert len(answers) == 1


# -- C9 and C10: titles and fields ----------------------------------------------------------

TITLES = [
    ("", "Shop: Anna"),
    ("{channel_type} {visitor_phone} #{communication_id}", "WhatsApp +79990000001"),
    ("{visitor_email}", "Shop: Anna"),
    ("Chat", "Chat"),
    ("{utm_source} " + "x" * 400, "ads " + "x" * 251),
]


@pytest.mark.parametrize(("template", "expected"), TITLES)
def test_title_of_what_is_created(template: str, expected: str) -> None:
    chosen = Document(titles={"deal": template, "lead": "", "activity": ""})
    assert decide(ANNA, found(""), chosen).titles == {"deal": expected}


def test_title_of_a_request_names_its_form() -> None:
    form = Inquiry(
        "request", 5, "form:5", {"offline_message_form_name": "Call me"}, phone="+79990000001"
    )
    assert decide(form, found(""), document()).titles == {"deal": "Call me: +79990000001"}


DEAL_FIELDS = {
    "UF_PHONE": Field("UF_PHONE", "deal", "Phone", "string"),
    "UF_SUM": Field("UF_SUM", "deal", "Sum", "integer"),
    "UF_FILE": Field("UF_FILE", "deal", "Form", "file", multiple=True),
}


def mapped(**pairs: str) -> Document:
    return document(
        fields=[
            {"id": f"f{place}", "entity": "deal", "field": code, "value": value}
            for place, (code, value) in enumerate(pairs.items())
        ]
    )


def test_mapped_fields_have_their_types() -> None:
    chosen = mapped(UF_PHONE="{visitor_phone}", UF_SUM="15", UF_FILE="{visitor_name}")
    given = replace(ANNA, files=(("a.pdf", "QUJD"),))
    verdict = decide(given, found(""), chosen, {"deal": DEAL_FIELDS})
    assert verdict.fields == {
        "deal": {"UF_PHONE": "+79990000001", "UF_SUM": 15, "UF_FILE": [["a.pdf", "$file:0"]]}
    }
    assert verdict.problems == ()


def test_unfit_value_is_left_out_and_told() -> None:
    chosen = mapped(UF_SUM="{visitor_name}", UF_GONE="1", UF_PHONE="{visitor_email}")
    verdict = decide(ANNA, found(""), chosen, {"deal": DEAL_FIELDS})
    assert verdict.fields == {}
    assert verdict.problems == (
        "deal.UF_SUM: The field takes a whole number.",
        "deal.UF_GONE: There is no such field in CRM.",
    )
    assert texts(verdict)[-2:] == [
        "Field Sum of the deal is left empty: The field takes a whole number.",
        "Field UF_GONE of the deal is left empty: There is no such field in CRM.",
    ]


def test_found_card_gets_no_fields() -> None:
    verdict = decide(ANNA, found("D1"), mapped(UF_SUM="15"), {"deal": DEAL_FIELDS})
    assert (verdict.fields, verdict.titles) == ({}, {})


def test_unread_directory_writes_texts() -> None:
    verdict = decide(ANNA, found(""), mapped(UF_SUM="15", PHONE="{visitor_phone}"))
    assert verdict.fields["deal"] == {
        "UF_SUM": "15",
        "PHONE": [{"typeId": "PHONE", "valueType": "WORK", "value": "+79990000001"}],
    }


# -- G1: why --------------------------------------------------------------------------------


def test_reasons_tell_the_story() -> None:
    verdict = decide(ANNA, found("d1 L2 C7"), document(write_to_closed=True))
    assert texts(verdict) == [
        "Found in CRM: leads 1, deals 1, contacts 1, companies 0.",
        "The client is in CRM already: it is a repeat inquiry.",
        "Comments go to deals first.",
        "An open card goes before a closed one.",
        "Lead 2 is the freshest open one.",
        "The responsible of a card that was found stays.",
    ]
    assert [(one.card.id, one.chosen) for one in verdict.candidates] == [(2, True), (1, False)]


def test_closed_ones_left_out_are_told() -> None:
    verdict = decide(ANNA, found("d1 l2"), document())
    assert texts(verdict)[:5] == [
        "Found in CRM: leads 1, deals 1, contacts 0, companies 0.",
        "Closed leads and deals do not count by the settings: 2 left out.",
        "Nothing of this client counts in CRM: it is a first inquiry.",
        "A contact is created, because a deal has no phone of its own.",
        "The settings create a deal.",
    ]


def test_steps_show_what_was_compared() -> None:
    chosen = document(responsibles=rows(("viber", {"user_id": "7"})))
    (step,) = decide(ANNA, found(""), chosen).steps["responsible"]
    assert (step["row_id"], step["matched"], step["used"]) == ("r1", False, False)
    assert step["trace"]["items"][0]["actual"] == "whatsapp"


# -- Laws: any order, replay, never an error ------------------------------------------------

WORDS = ("D1", "D2", "d3", "L4", "l5", "C7", "C8", "O9")


@pytest.mark.parametrize("priority", PRIORITIES)
@pytest.mark.parametrize("create_repeat", ["", "deal", "activity"])
def test_order_of_what_is_found_does_not_matter(priority: str, create_repeat: str) -> None:
    facts = found("D1 D2 d3 L4 l5 L6 C7 C8 C10 O9 O11")
    chosen = document(
        comment_priority=priority, create_repeat=create_repeat, copy_to_contact_company=True
    )
    answers = {
        json.dumps(
            as_json(
                decide(
                    ANNA,
                    replace(facts, deals=deals, leads=leads, contacts=people),
                    chosen,
                )
            )
        )
        for deals in permutations(facts.deals)
        for leads in permutations(facts.leads)
        for people in permutations(facts.contacts)
    }
    assert len(answers) == 1


TIMES = st.datetimes(timezones=st.just(UTC))
IDS = st.integers(1, 9)
CARDS = st.builds(
    Card,
    st.just(DEAL),
    IDS,
    st.booleans(),
    TIMES,
    st.none() | TIMES,
    title=st.text(max_size=5),
    contact_ids=st.lists(IDS, max_size=2).map(tuple),
    company_id=st.none() | IDS,
    ours=st.booleans(),
)
LEADS = CARDS.map(lambda card: replace(card, type_id=LEAD))
PEOPLE = st.builds(
    Person,
    IDS,
    company_ids=st.lists(IDS, max_size=2).map(tuple),
    created_at=st.none() | TIMES | st.datetimes(),
)
FACTS = st.builds(
    CrmFacts,
    leads=st.lists(LEADS, max_size=3).map(tuple),
    deals=st.lists(CARDS, max_size=3).map(tuple),
    contacts=st.lists(PEOPLE, max_size=3).map(tuple),
    company_ids=st.lists(IDS, max_size=2).map(tuple),
    own_lead_id=st.none() | IDS,
    own_deal_id=st.none() | IDS,
    own_contact_id=st.none() | IDS,
    own_activity_id=st.none() | IDS,
    leads_exist=st.booleans(),
    gathered=st.booleans(),
)
TARGETS = st.builds(Target, st.sampled_from([LEAD, DEAL, CONTACT, COMPANY]), IDS)
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.text())
INQUIRIES = st.builds(
    Inquiry,
    st.sampled_from(["chat", "request"]),
    IDS,
    st.just("chat:1"),
    st.dictionaries(
        st.sampled_from([*ANNA.parameters, "communication_date_time", "tags"]), VALUES, max_size=5
    ),
    name=st.text(max_size=5),
    phone=st.text(max_size=5),
    im=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
    pinned=st.none() | TARGETS,
    fallback_responsible=st.none() | IDS,
    files=st.lists(st.tuples(st.text(max_size=5), st.just("")), max_size=2).map(tuple),
    recent=st.lists(TARGETS, max_size=2).map(tuple),
    zone=st.sampled_from(["UTC", "Europe/Moscow", "", "nowhere/at all", "\x00", "../x"]),
)
CREATED = st.sets(st.sampled_from(["lead", "deal", "activity"])).map(tuple)
DOCUMENTS = st.builds(
    Document,
    active=st.sampled_from([True, True, True, False]),
    channels=st.none() | st.lists(IDS).map(tuple),
    create_primary=CREATED,
    create_repeat=CREATED,
    comment_priority=st.sampled_from(PRIORITIES),
    pipelines_primary=st.just(document(pipelines_primary=pipelines(2)).pipelines_primary),
    copy_to_contact_company=st.booleans(),
    filter=st.just(document(filter=KIND_FILTER).filter) | st.just(()),
    titles=st.dictionaries(st.sampled_from(["lead", "deal", "activity"]), st.text(max_size=20)),
    fields=st.just(mapped(UF_PHONE="{visitor_phone}", UF_SUM="{visitor_name}").fields),
    write_to_closed=st.booleans(),
)


@settings(deadline=None, max_examples=100)
@given(INQUIRIES, FACTS, DOCUMENTS)
def test_stored_decision_replays_to_itself(
    inquiry: Inquiry, facts: CrmFacts, chosen: Document
) -> None:
    verdict = decide(inquiry, facts, chosen, {"deal": DEAL_FIELDS})
    kept = json.loads(json.dumps([inquiry_json(inquiry), facts_json(facts), as_json(verdict)]))
    replayed = decide(
        inquiry_from_json(kept[0]), facts_from_json(kept[1]), chosen, {"deal": DEAL_FIELDS}
    )
    assert as_json(replayed) == as_json(verdict) == kept[2]
    assert as_json(verdict_from_json(kept[2])) == kept[2]


@settings(deadline=None, max_examples=60)
@given(st.data(), INQUIRIES, FACTS, DOCUMENTS)
def test_any_order_gives_the_same_verdict(
    data: st.DataObject, inquiry: Inquiry, facts: CrmFacts, chosen: Document
) -> None:
    shuffled = replace(
        facts,
        leads=tuple(data.draw(st.permutations(facts.leads))),
        deals=tuple(data.draw(st.permutations(facts.deals))),
        contacts=tuple(data.draw(st.permutations(facts.contacts))),
        company_ids=tuple(data.draw(st.permutations(facts.company_ids))),
    )
    assert decide(inquiry, shuffled, chosen) == decide(inquiry, facts, chosen)


@settings(deadline=None, max_examples=60)
@given(INQUIRIES, FACTS, DOCUMENTS)
def test_law_of_closed_cards(inquiry: Inquiry, facts: CrmFacts, chosen: Document) -> None:
    """C11: a closed card gets a comment only if asked for, and never beside an open one."""
    verdict = decide(inquiry, facts, chosen)
    if inquiry.pinned or verdict.kind == "known":
        return
    picked = [one.card for one in verdict.candidates if one.chosen]
    if any(not card.opened for card in picked):
        assert chosen.write_to_closed
        seen = [one.card for one in verdict.candidates]
        assert not any(card.opened for card in seen)


@settings(deadline=None, max_examples=60)
@given(INQUIRIES, FACTS, DOCUMENTS)
def test_law_of_created_cards(inquiry: Inquiry, facts: CrmFacts, chosen: Document) -> None:
    """Every card that is created gets the talk, and nothing else is expected to exist."""
    verdict = decide(inquiry, facts, chosen)
    made = {target.made_by for target in (*verdict.targets, *verdict.copies) if target.made_by}
    assert made <= set(verdict.create)
    assert {"lead", "deal"} & set(verdict.create) <= made
    assert not ("lead" in verdict.create and not facts.leads_exist)
    assert verdict.reasons
    assert json.dumps(reasons_json(verdict.reasons))
    assert texts(verdict)  # every placeholder has its value
