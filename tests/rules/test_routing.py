"""Rows of the rules: the first that matches decides, and the journal sees them all."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.rules.conditions import Condition, Group, evaluate
from b24app.rules.documents import (
    Document,
    FilterRow,
    PipelineRow,
    Pipelines,
    ResponsibleRow,
    Stages,
)
from b24app.rules.routing import admitted, responsible, stages
from tests.rules.guesses import groups, known_values
from tests.rules.guesses import rows as made_rows

ADS = Group("and", (Condition("utm_source", "equals", "ads"),))
MAIL = Group("and", (Condition("utm_source", "equals", "mail"),))
SITE = Group("and", (Condition("site_domain_name", "equals", "shop.example"),))
KNOWN = {"utm_source": "ads", "site_domain_name": "shop.example"}
DEFAULT = Stages("NEW", 0, "PREPARE")
OWN = Stages("HOT", 4, "C4:NEW")


def filters(*rows: tuple[Group, str]) -> tuple[FilterRow, ...]:
    return tuple(FilterRow(f"f{number}", when, said) for number, (when, said) in enumerate(rows))


@pytest.mark.parametrize(
    ("rows", "default", "allowed", "row_id"),
    [
        ([], "allow", True, None),
        ([], "denied", False, None),
        ([(ADS, "denied")], "allow", False, "f0"),
        ([(ADS, "allow")], "denied", True, "f0"),
        ([(MAIL, "denied")], "allow", True, None),
        ([(MAIL, "allow")], "denied", False, None),
        ([(MAIL, "denied"), (SITE, "allow")], "denied", True, "f1"),
        ([(ADS, "allow"), (SITE, "denied")], "denied", True, "f0"),
        ([(SITE, "denied"), (ADS, "allow")], "allow", False, "f0"),
        ([(Group(), "denied")], "allow", False, "f0"),
    ],
)
def test_first_matching_row_admits(
    rows: list[tuple[Group, str]], default: str, allowed: bool, row_id: str | None
) -> None:
    found = admitted(Document(filter=filters(*rows), filter_default=default), KNOWN)
    assert (found.allowed, found.row_id) == (allowed, row_id)


@pytest.mark.parametrize(
    ("rows", "default", "user_id", "row_id"),
    [
        ([], None, None, None),
        ([], 5, 5, None),
        ([(MAIL, 7)], 5, 5, None),
        ([(MAIL, 7), (ADS, 8)], 5, 8, "1"),
        ([(SITE, 7), (ADS, 8)], 5, 7, "0"),
        ([(ADS, 8)], None, 8, "0"),
        ([(Group(), 9), (ADS, 8)], 5, 9, "0"),
    ],
)
def test_first_matching_row_answers_for_it(
    rows: list[tuple[Group, int]], default: int | None, user_id: int | None, row_id: str | None
) -> None:
    own = tuple(ResponsibleRow(str(number), when, who) for number, (when, who) in enumerate(rows))
    found = responsible(Document(responsibles=own, responsible_id=default), KNOWN)
    assert (found.user_id, found.row_id) == (user_id, row_id)


def row(when: Group, verdict: str = "allow", own: Stages = OWN, id: str = "p") -> PipelineRow:
    return PipelineRow(id, when, verdict, own)


@pytest.mark.parametrize(
    ("rows", "chosen", "row_id", "verdict"),
    [
        ([], DEFAULT, None, None),
        ([row(MAIL)], DEFAULT, None, None),
        ([row(ADS)], OWN, "p", "allow"),
        ([row(ADS, "denied")], DEFAULT, "p", "denied"),
        ([row(ADS, "denied", id="d"), row(SITE)], DEFAULT, "d", "denied"),
        ([row(MAIL, id="m"), row(SITE, id="s")], OWN, "s", "allow"),
        ([row(ADS, own=Stages())], DEFAULT, "p", "allow"),
        ([row(ADS, own=Stages("HOT"))], Stages("HOT", 0, "PREPARE"), "p", "allow"),
        ([row(ADS, own=Stages("", 4, "C4:NEW"))], Stages("NEW", 4, "C4:NEW"), "p", "allow"),
        # The default's stage belongs to another pipeline: the portal chooses the first one.
        ([row(ADS, own=Stages("", 4))], Stages("NEW", 4, ""), "p", "allow"),
    ],
)
def test_first_matching_row_places_cards(
    rows: list[PipelineRow], chosen: Stages, row_id: str | None, verdict: str | None
) -> None:
    found = stages(Pipelines(tuple(rows), DEFAULT), KNOWN)
    assert (found.stages, found.row_id, found.verdict) == (chosen, row_id, verdict)


def test_every_row_is_told() -> None:
    document = Document(filter=filters((MAIL, "allow"), (ADS, "denied"), (SITE, "allow")))
    rows = admitted(document, KNOWN).rows
    assert [(one.row_id, one.matched, one.used) for one in rows] == [
        ("f0", False, False),
        ("f1", True, True),
        ("f2", True, False),
    ]
    assert rows[1].as_json() == {
        "row_id": "f1",
        "trace": evaluate(ADS, KNOWN).as_json(),
        "matched": True,
        "used": True,
    }


quick = settings(max_examples=40, deadline=None)
rules = made_rows(FilterRow, when=groups(), verdict=st.sampled_from(["allow", "denied"]))


@quick
@given(rules, known_values(), st.randoms(use_true_random=False))
def test_order_matters_only_by_the_first_match(
    rows: tuple[FilterRow, ...], known: dict[str, Any], chance: Any
) -> None:
    """Rows after the first match, and those before it that do not match, change nothing."""
    document = Document(filter=rows)
    matching = [one for one in document.filter if evaluate(one.when, known).result]
    others = [one for one in document.filter if one not in matching]
    later = [*others, *matching[1:]]
    chance.shuffle(later)
    cut = chance.randint(0, len(others))
    before = [one for one in later if one in others][:cut]
    after = [one for one in later if one not in before]
    shuffled = replace(document, filter=(*before, *matching[:1], *after))
    found, wanted = admitted(shuffled, known), admitted(document, known)
    assert (found.allowed, found.row_id) == (wanted.allowed, wanted.row_id)


@quick
@given(rules, known_values())
def test_exactly_the_used_row_decides(rows: tuple[FilterRow, ...], known: dict[str, Any]) -> None:
    answers = tuple(ResponsibleRow(one.id, one.when, 7) for one in rows)
    places = tuple(PipelineRow(one.id, one.when, one.verdict) for one in rows)
    for found in (
        admitted(Document(filter=rows), known),
        responsible(Document(responsibles=answers), known),
        stages(Pipelines(places), known),
    ):
        matched = [one.row_id for one in found.rows if one.matched]
        assert [one.row_id for one in found.rows if one.used] == matched[:1]
        assert found.row_id == (matched[0] if matched else None)
