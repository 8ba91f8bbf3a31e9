"""What differs between two versions of settings."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.rules.changes import changes
from b24app.rules.conditions import Condition, Group
from b24app.rules.documents import Document, FilterRow, ResponsibleRow, Stages, dump
from tests.rules.guesses import documents

ADS = Group("and", (Condition("utm_source", "equals", "ads"),))


def people(*rows: tuple[str, int]) -> dict[str, Any]:
    return dump(Document(responsibles=tuple(ResponsibleRow(row, ADS, who) for row, who in rows)))


def told(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(one["path"], one["before"], one["after"]) for one in changes(before, after)]


def test_plain_settings_are_told_in_order() -> None:
    after = Document(active=False, channels=(3,), titles={"deal": "Chat"}, deadline_minutes=5)
    assert told(dump(Document()), dump(after)) == [
        ("active", True, False),
        ("channels", None, ["3"]),
        ("titles.deal", "", "Chat"),
        ("deadline_minutes", 60, 5),
    ]


def test_default_stages_are_told_by_name() -> None:
    before, after = dump(Document()), dump(Document())
    after["pipelines_primary"]["default"]["lead_stage"] = "NEW"
    assert told(before, after) == [("pipelines_primary.default.lead_stage", "", "NEW")]


def test_row_is_matched_by_its_id() -> None:
    assert told(people(("a", 1), ("b", 2)), people(("a", 1), ("b", 3))) == [
        ("responsibles.b.user_id", "2", "3")
    ]


def test_added_row_moves_nobody() -> None:
    found = told(people(("a", 1), ("b", 2)), people(("new", 5), ("a", 1), ("b", 2)))
    assert [(path, before) for path, before, _ in found] == [("responsibles.new", None)]
    assert found[0][2]["user_id"] == "5"


def test_removed_row_moves_nobody() -> None:
    found = told(people(("a", 1), ("b", 2), ("c", 3)), people(("c", 3)))
    assert [(path, after) for path, _, after in found] == [
        ("responsibles.a", None),
        ("responsibles.b", None),
    ]


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("abcd", "dabc", [("d", 4, 1)]),
        ("abcd", "bcda", [("a", 1, 4)]),
        ("abcde", "acdbe", [("b", 2, 4)]),
        ("abc", "cb", [("c", 3, 1)]),
        ("abc", "abc", []),
        ("abc", "xabyc", []),
    ],
)
def test_fewest_rows_are_told_to_have_moved(
    before: str, after: str, moves: list[tuple[str, int, int]]
) -> None:
    found = told(people(*((row, 1) for row in before)), people(*((row, 1) for row in after)))
    wanted = [(f"responsibles.{row}.place", was, now) for row, was, now in moves]
    assert [one for one in found if one[0].endswith(".place")] == wanted


def test_moved_row_may_change_too() -> None:
    found = told(people(("a", 1), ("b", 2), ("c", 3)), people(("c", 9), ("a", 1), ("b", 2)))
    assert found == [("responsibles.c.place", 3, 1), ("responsibles.c.user_id", "3", "9")]


def test_condition_is_told_whole() -> None:
    before = dump(Document(filter=(FilterRow("f", Group(), "allow"),)))
    after = dump(Document(filter=(FilterRow("f", ADS, "allow"),)))
    assert told(before, after) == [
        (
            "filter.f.when",
            {"join": "and", "items": []},
            {
                "join": "and",
                "items": [{"param": "utm_source", "operator": "equals", "value": "ads"}],
            },
        )
    ]


def test_version_that_lacks_a_setting_is_compared() -> None:
    after = dump(Document())
    before = {name: after[name] for name in after if name != "filter"} | {"old": 1}
    assert told(before, after) == [("filter", None, []), ("old", 1, None)]


def test_stages_of_a_row_are_told_by_name() -> None:
    made = {"id": "p", "when": {"join": "and", "items": []}, "verdict": "allow"}
    before = {"pipelines_primary": {"rows": [{**made, "stages": {"lead_stage": ""}}]}}
    after = {"pipelines_primary": {"rows": [{**made, "stages": {"lead_stage": "NEW"}}]}}
    assert told(before, after) == [("pipelines_primary.rows.p.stages.lead_stage", "", "NEW")]
    assert Stages().lead_stage == ""


quick = settings(max_examples=20, deadline=None)


@quick
@given(documents(), documents())
def test_equal_documents_alone_have_no_changes(one: Document, other: Document) -> None:
    assert changes(dump(one), dump(one)) == []
    found = changes(dump(one), dump(other))
    assert bool(found) is (dump(one) != dump(other))
    json.dumps(found)


team = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(1, 3)), unique_by=lambda row: row[0]
)


@quick
@given(team, team)
def test_way_back_tells_the_opposite(
    one: list[tuple[str, int]], other: list[tuple[str, int]]
) -> None:
    there = changes(people(*one), people(*other))
    back = changes(people(*other), people(*one))
    assert len(there) == len(back)
    plain = [found for found in there if not found["path"].endswith(".place")]
    turned = {found["path"]: found for found in back}
    for found in plain:
        assert turned[found["path"]]["before"] == found["after"]


@quick
@given(st.permutations("abcdefg"))
def test_moves_explain_the_order(order: list[str]) -> None:
    found = changes(people(*((row, 1) for row in "abcdefg")), people(*((row, 1) for row in order)))
    moved = {one["path"].split(".")[1] for one in found}
    stayed = [row for row in order if row not in moved]
    assert stayed == sorted(stayed)
    assert all(order[one["after"] - 1] == one["path"].split(".")[1] for one in found)
