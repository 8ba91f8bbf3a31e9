"""Conditions: every type with every operator, odd input, and what is refused where."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.errors import Invalid
from b24app.rules import conditions
from b24app.rules.conditions import OPERATORS, Condition, Group, as_json, evaluate, from_json, read
from b24app.rules.parameters import CATALOGUE
from tests.rules.guesses import groups, known_values, odd_values

NOTHING: list[Any] = [None, "", " ", [], (), [None], ["", " "]]
# One parameter of each type.
OF_TYPE = {
    "text": "utm_source",
    "number": "rating",
    "bool": "is_transfer",
    "enum": "chat_initiator",
    "date": "visit_date",
    "list": "tags",
    "phone": "visitor_phone",
    "email": "visitor_email",
    "url": "entrance_page",
}
OPPOSITES = {"equals": "not_equals", "includes": "excludes", "has_data": "no_data"}

# type: [(what is known, what is expected, equals)]
EQUAL: dict[str, list[tuple[Any, Any, bool]]] = {
    "text": [
        ("ads", "ads", True),
        (" ADS ", "ads", True),
        ("Реклама", "реклама", True),
        ("STRASSE", "straße", True),
        ("red  shoes", "red shoes", True),
        ("ads2", "ads", False),
        ("ads", ["mail", "ads"], True),
        ("ads", ("mail", "post"), False),
        (["mail", "ads"], "ads", True),
        (5, "5", True),
        (5.0, "5", True),
        (True, "true", True),
        ("5,0", "5", False),
        ({"a": 1}, "ads", False),
        ("ads", None, False),
        ("ads", "", False),
        ("ﬁn", "fin", True),
    ],
    "number": [
        (5, 5, True),
        (5, "5", True),
        ("5,50", 5.5, True),
        ("1 000", 1000, True),
        (5, 6, False),
        (0, 0, True),
        (5, [4, 5], True),
        ("five", 5, False),
        (float("nan"), 5, False),
        (float("inf"), float("inf"), False),
        (10**400, 5, False),
        ("1e999", 5, False),
        (True, 1, True),
    ],
    "bool": [
        (True, True, True),
        (True, "true", True),
        ("да", True, True),
        ("Y", True, True),
        (1, True, True),
        (False, False, True),
        ("нет", False, True),
        (True, False, False),
        ("maybe", True, False),
        (False, "maybe", False),
    ],
    "enum": [
        ("visitor", "visitor", True),
        ("Visitor", "visitor", True),
        ("visitor", ["operator", "visitor"], True),
        ("visitor", "operator", False),
        (6, "6", True),
    ],
    "date": [
        ("2026-05-01", "2026-05-01", True),
        ("2026-05-01T23:59:00+03:00", "2026-05-01", True),
        ("2026-05-01T00:30:00+03:00", "2026-04-30", False),
        ("2026-05-01T10:00:00+03:00", "2026-05-01T07:00:00Z", True),
        ("2026-05-01T10:00:00+03:00", "2026-05-01T10:00", True),
        ("2026-05-01T10:00", "2026-05-01T10:00:00+03:00", True),
        ("2026-05-01T10:00", "2026-05-01 10:00", True),
        ("2026-05-01T10:00:00+03:00", "2026-05-01T10:00:00Z", False),
        ("yesterday", "2026-05-01", False),
        ("2026-05-01", "01.05.2026", False),
        ("2026-05-01", ["2026-04-30", "2026-05-01"], True),
        (5, "2026-05-01", False),
    ],
    "list": [
        (["vip", "new"], "vip", True),
        (["vip", "new"], "VIP ", True),
        (("vip", "new"), ["old", "new"], True),
        (["vip", "new"], "vi", False),
        ("vip", "vip", True),
        (["", None, "vip"], "vip", True),
        ([["vip"]], "vip", False),
    ],
    "phone": [
        ("+79990000001", "+7 (999) 000-00-01", True),
        ("+79990000001", "8 999 000-00-01", True),
        ("+79990000001", "79990000001", True),
        ("+79990000001", "9990000001", False),
        ("+442071234567", "+44 20 7123 4567", True),
        ("+79990000001", "+79990000002", False),
        ("hidden", "hidden", False),
        ("+89990000001", "+79990000001", False),
        ("٠١٢", "012", False),
    ],
    "email": [
        ("Anna@Example.com", "anna@example.com", True),
        (" anna@example.com", "anna@example.com", True),
        ("anna@example.com", "boris@example.com", False),
    ],
    "url": [
        ("https://shop.example/a", "HTTPS://shop.example/a", True),
        ("https://shop.example/a", "https://shop.example/b", False),
    ],
}
INCLUDED: dict[str, list[tuple[Any, Any, bool]]] = {
    "text": [
        ("big ads here", "ADS", True),
        ("ads", "ads here", False),
        ("big ads", ["mail", "ads"], True),
        (15, "5", True),
        ("ads", "", False),
        ("ads", [""], False),
        ("Ёлка", "ёл", True),
    ],
    "list": [
        (["vip client", "new"], "VIP", True),
        (["vip", "new"], "ip", True),
        (["vip", "new"], ["old", "older"], False),
    ],
    "phone": [
        ("+79990000001", "999", True),
        ("+79990000001", "+7 999", True),
        ("+79990000001", "8 999", True),
        ("+79990000001", "8 (999) 000-00-01", True),
        ("+79990000001", "0001", True),
        ("+79990000001", "495", False),
        ("+79990000001", "office", False),
        ("office", "7", False),
    ],
    "email": [("anna@example.com", "@EXAMPLE.", True), ("anna@example.com", "@other", False)],
    "url": [("https://shop.example/a?x=1", "/A?", True), ("https://shop.example", "/a", False)],
}
# type: [(known, expected, greater, less)]
MEASURED: dict[str, list[tuple[Any, Any, bool, bool]]] = {
    "number": [
        (6, 5, True, False),
        (5, 5, False, False),
        (4, "5", False, True),
        ("10", "9", True, False),
        ("4,5", 5, False, True),
        (-1, 0, False, True),
        ("many", 5, False, False),
        (5, "many", False, False),
        (float("inf"), 5, False, False),
        (0, -0.5, True, False),
    ],
    "date": [
        ("2026-05-02T00:10:00+03:00", "2026-05-01", True, False),
        ("2026-05-01T23:10:00+03:00", "2026-05-01", False, False),
        ("2026-04-30T23:10:00+03:00", "2026-05-01", False, True),
        ("2026-05-01T10:00:00+03:00", "2026-05-01T07:30:00Z", False, True),
        ("2026-05-01T10:00:00+03:00", "2026-05-01T09:30", True, False),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", False, True),
        ("soon", "2026-05-01", False, False),
        ("2026-05-01", "soon", False, False),
    ],
}


def holds(type_: str, operator: str, actual: Any, expected: Any = None) -> bool:
    name = OF_TYPE[type_]
    return evaluate(Condition(name, operator, expected), {name: actual}).result


def table(rows: dict[str, list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    return [(type_, *row) for type_, of_type in rows.items() for row in of_type]


def test_types_are_all_here() -> None:
    assert {CATALOGUE[name].type: name for name in OF_TYPE.values()} == OF_TYPE
    assert set(OF_TYPE) == set(OPERATORS) == set(EQUAL)
    assert {type_ for type_ in OPERATORS if "includes" in OPERATORS[type_]} == set(INCLUDED)
    assert {type_ for type_ in OPERATORS if "greater" in OPERATORS[type_]} == set(MEASURED)


@pytest.mark.parametrize(("type_", "actual", "expected", "result"), table(EQUAL))
def test_equals(type_: str, actual: Any, expected: Any, result: bool) -> None:
    assert holds(type_, "equals", actual, expected) is result
    assert holds(type_, "not_equals", actual, expected) is not result


@pytest.mark.parametrize(("type_", "actual", "expected", "result"), table(INCLUDED))
def test_includes(type_: str, actual: Any, expected: Any, result: bool) -> None:
    assert holds(type_, "includes", actual, expected) is result
    assert holds(type_, "excludes", actual, expected) is not result


@pytest.mark.parametrize(("type_", "actual", "expected", "more", "fewer"), table(MEASURED))
def test_measures(type_: str, actual: Any, expected: Any, more: bool, fewer: bool) -> None:
    assert holds(type_, "greater", actual, expected) is more
    assert holds(type_, "less", actual, expected) is fewer


@pytest.mark.parametrize(
    ("type_", "operator", "nothing"),
    [
        (type_, operator, nothing)
        for type_ in OPERATORS
        for operator, nothing in product(OPERATORS[type_], NOTHING)
    ],
)
def test_absent_data_matches_only_negations(type_: str, operator: str, nothing: Any) -> None:
    expected = operator in OPPOSITES.values()
    assert holds(type_, operator, nothing, "5") is expected


@pytest.mark.parametrize("actual", ["x", "0", 0, 0.0, False, ["", "x"], ("x",)])
@pytest.mark.parametrize("type_", OPERATORS)
def test_zero_and_no_are_data(type_: str, actual: Any) -> None:
    assert holds(type_, "has_data", actual)
    assert not holds(type_, "no_data", actual)


@pytest.mark.parametrize("operator", ["", "like", "EQUALS", "matches"])
def test_unknown_operator_never_holds(operator: str) -> None:
    assert not evaluate(Condition("utm_source", operator, "a"), {"utm_source": "a"}).result


@pytest.mark.parametrize("type_", ["text", "bool", "enum", "list", "phone"])
def test_unsuited_operator_never_holds(type_: str) -> None:
    assert not holds(type_, "greater", 6, 5)


@pytest.mark.parametrize("name", ["custom.size", "nobody.knows"])
def test_name_outside_the_catalogue_is_a_text(name: str) -> None:
    assert evaluate(Condition(name, "equals", "XL"), {name: "xl"}).result
    assert not evaluate(Condition(name, "equals", "XL"), {}).result


YES = Condition("utm_source", "equals", "ads")
NO = Condition("utm_source", "equals", "mail")
KNOWN = {"utm_source": "ads"}


@pytest.mark.parametrize(
    ("rule", "result"),
    [
        (Group(), True),
        (Group("or"), True),
        (Group("and", (YES, YES)), True),
        (Group("and", (YES, NO)), False),
        (Group("or", (YES, NO)), True),
        (Group("or", (NO, NO)), False),
        (Group("and", (YES, Group("or", (NO, YES)))), True),
        (Group("or", (NO, Group("and", (YES, NO)))), False),
        (Group("and", (Group("or", (NO, Group("and", (YES, YES)))), YES)), True),
        (YES, True),
        (NO, False),
    ],
)
def test_groups_join(rule: Group | Condition, result: bool) -> None:
    assert evaluate(rule, KNOWN).result is result


def test_trace_tells_every_step() -> None:
    rule = Group("or", (NO, Group("and", (Condition("tags", "equals", ("vip", "old")),))))
    told = evaluate(rule, {"utm_source": "ads", "tags": ("vip",)}).as_json()
    assert told == {
        "result": True,
        "join": "or",
        "items": [
            {
                "result": False,
                "param": "utm_source",
                "operator": "equals",
                "expected": "mail",
                "actual": "ads",
            },
            {
                "result": True,
                "join": "and",
                "items": [
                    {
                        "result": True,
                        "param": "tags",
                        "operator": "equals",
                        "expected": ["vip", "old"],
                        "actual": ["vip"],
                    }
                ],
            },
        ],
    }


def test_trace_shows_all_items_after_the_first_match() -> None:
    assert len(evaluate(Group("or", (YES, NO, YES)), KNOWN).items) == 3


def test_bottomless_rule_ends() -> None:
    rule: Group | Condition = YES
    for _ in range(900):
        rule = Group("and", (rule,))
    assert evaluate(rule, KNOWN).result is False


# --- reading ---------------------------------------------------------------------------------


def one(param: Any = "utm_source", operator: Any = "equals", value: Any = "ads") -> dict[str, Any]:
    return {"items": [{"param": param, "operator": operator, "value": value}]}


def refusals(written: Any, path: str = "") -> dict[str, str]:
    try:
        read(written, path)
    except Invalid as error:
        return error.fields
    return {}


@pytest.mark.parametrize(
    "empty", [None, {}, {"join": "and"}, {"items": []}, {"join": "and", "items": ()}]
)
def test_empty_group_is_read(empty: Any) -> None:
    assert read(empty) == Group()


ACCEPTED: list[tuple[str, str, Any, Any]] = [
    ("utm_source", "equals", " ads ", "ads"),
    ("utm_source", "equals", ["ads", "mail"], ("ads", "mail")),
    ("utm_source", "includes", 5, "5"),
    ("utm_source", "has_data", "left over", None),
    ("utm_source", "no_data", None, None),
    ("rating", "greater", "4", 4),
    ("rating", "less", "4,5", 4.5),
    ("rating", "equals", [4, "5"], (4, 5)),
    ("visit_date", "greater", "2026-05-01", "2026-05-01"),
    ("visit_date", "less", "2026-05-01T10:00:00+03:00", "2026-05-01T10:00:00+03:00"),
    ("is_transfer", "equals", "да", True),
    ("is_transfer", "not_equals", False, False),
    ("chat_initiator", "equals", "visitor", "visitor"),
    ("communication_weekday", "equals", [6, "7"], ("6", "7")),
    ("tags", "includes", ["vip"], ("vip",)),
    ("visitor_phone", "includes", "8 999", "8 999"),
    ("visitor_phone", "equals", 79990000001, "79990000001"),
    ("custom.size", "excludes", "XL", "XL"),
]


@pytest.mark.parametrize(("param", "operator", "written", "kept"), ACCEPTED)
def test_value_is_kept_as_its_type(param: str, operator: str, written: Any, kept: Any) -> None:
    found = read(one(param, operator, written)).items[0]
    assert found == Condition(param, operator, kept)
    assert isinstance(found, Condition)
    assert type(found.value) is type(kept)


REFUSED: list[tuple[Any, Any, Any, str]] = [
    ("nobody", "equals", "x", "items.0.param"),
    ("", "equals", "x", "items.0.param"),
    (None, "equals", "x", "items.0.param"),
    (["utm_source"], "equals", "x", "items.0.param"),
    ("call_type", "equals", "x", "items.0.param"),
    ("utm_source", "like", "x", "items.0.operator"),
    ("utm_source", None, "x", "items.0.operator"),
    ("utm_source", 5, "x", "items.0.operator"),
    ("utm_source", "equals", None, "items.0.value"),
    ("utm_source", "equals", "", "items.0.value"),
    ("utm_source", "equals", " ", "items.0.value"),
    ("utm_source", "equals", [], "items.0.value"),
    ("utm_source", "equals", True, "items.0.value"),
    ("utm_source", "equals", {}, "items.0.value"),
    ("utm_source", "equals", "x" * 501, "items.0.value"),
    ("utm_source", "equals", ["ok", None], "items.0.value.1"),
    ("utm_source", "equals", ["ok", ["nested"]], "items.0.value.1"),
    ("utm_source", "equals", ["x"] * 101, "items.0.value"),
    ("rating", "greater", "many", "items.0.value"),
    ("rating", "greater", True, "items.0.value"),
    ("rating", "greater", float("inf"), "items.0.value"),
    ("rating", "equals", [1, "many"], "items.0.value.1"),
    ("visit_date", "greater", "tomorrow", "items.0.value"),
    ("visit_date", "greater", 20260501, "items.0.value"),
    ("visit_date", "greater", "2026-13-01", "items.0.value"),
    ("is_transfer", "equals", "maybe", "items.0.value"),
    ("chat_initiator", "equals", "robot", "items.0.value"),
    ("visitor_phone", "equals", "office", "items.0.value"),
]


@pytest.mark.parametrize(("param", "operator", "value", "path"), REFUSED)
def test_wrong_condition_is_refused_at_its_place(
    param: Any, operator: Any, value: Any, path: str
) -> None:
    found = refusals(one(param, operator, value))
    assert path in found
    assert all(sentence.endswith(".") for sentence in found.values())
    inner = refusals(one(param, operator, value), "filter.2.when")
    assert inner == {f"filter.2.when.{name}": said for name, said in found.items()}


@pytest.mark.parametrize(
    ("type_", "operator"), [(type_, op) for type_ in OPERATORS for op in conditions.TITLES]
)
def test_type_allows_its_operators(type_: str, operator: str) -> None:
    refused = refusals(one(OF_TYPE[type_], operator, "5"))
    assert ("items.0.operator" in refused) is (operator not in OPERATORS[type_])


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (5, "when"),
        ([], "when"),
        ({"join": "xor"}, "when.join"),
        ({"join": None}, "when.join"),
        ({"items": {}}, "when.items"),
        ({"items": [5]}, "when.items.0"),
        ({"items": [None]}, "when.items.0"),
        ({"items": [{"items": []}]}, "when.items.0.items"),
        ({"items": [{"join": "or"}]}, "when.items.0.items"),
        ({"items": [], "more": 1}, "when.more"),
        ({"items": [{**one()["items"][0], "more": 1}]}, "when.items.0.more"),
        ({"items": one()["items"] * 51}, "when.items"),
        ({"items": [{"items": one()["items"] * 50}] * 5}, "when.items"),
        ({"items": [one(), {"items": [one("nobody")]}]}, "when.items.1.items.0.items.0.param"),
    ],
)
def test_wrong_group_is_refused_at_its_place(written: Any, path: str) -> None:
    assert path in refusals(written, "when")


def nested(depth: int) -> dict[str, Any]:
    written: dict[str, Any] = one()
    for _ in range(depth - 1):
        written = {"join": "or", "items": [written]}
    return written


def test_nesting_has_a_limit() -> None:
    assert refusals(nested(conditions.DEPTH_MAX)) == {}
    assert list(refusals(nested(conditions.DEPTH_MAX + 1))) == [
        ".".join(["items.0"] * 5) + ".items"
    ]
    assert len(refusals(nested(300))) == 1


def test_all_that_is_wrong_is_told_at_once() -> None:
    written = {
        "join": "xor",
        "items": [*one("nobody")["items"], *one("rating", "less", "x")["items"]],
    }
    assert set(refusals(written)) == {"join", "items.0.param", "items.1.value"}


# --- properties ------------------------------------------------------------------------------

quick = settings(max_examples=80, deadline=None)


@quick
@given(groups(), known_values())
def test_written_rule_reads_back(rule: Group, known: dict[str, Any]) -> None:
    again = from_json(json.loads(json.dumps(as_json(rule))))
    assert again == rule
    assert evaluate(again, known) == evaluate(rule, known)


@quick
@given(
    st.sampled_from(sorted([*OF_TYPE.values(), "custom.x", "?"])),
    st.sampled_from(sorted(conditions.TITLES)) | st.text(max_size=3),
    odd_values(),
    odd_values(),
)
def test_evaluation_never_raises(param: str, operator: str, expected: Any, actual: Any) -> None:
    rule = Group("or", (Condition(param, operator, expected),))
    assert evaluate(rule, {param: actual}).result in (True, False)


@pytest.mark.parametrize("type_", OPERATORS)
def test_number_too_long_to_write_is_survived(type_: str) -> None:
    endless = 10**5000
    assert not holds(type_, "equals", endless, endless)
    assert refusals(one(OF_TYPE[type_], "equals", endless)) == {
        "items.0.value": conditions.WRONG.get(type_, conditions.TEXT)
    }


def opposite(rule: Group | Condition) -> Group | Condition | None:
    """By De Morgan; None where an operator has no opposite."""
    turned = {**OPPOSITES, **{other: name for name, other in OPPOSITES.items()}}
    if isinstance(rule, Condition):
        found = turned.get(rule.operator)
        return Condition(rule.param, found, rule.value) if found else None
    items = [opposite(item) for item in rule.items]
    if not items or None in items:
        return None
    return Group("or" if rule.join == "and" else "and", tuple(item for item in items if item))


@quick
@given(groups(), known_values())
def test_de_morgan(rule: Group, known: dict[str, Any]) -> None:
    turned = opposite(rule)
    if turned is not None:
        assert evaluate(turned, known).result is not evaluate(rule, known).result


@quick
@given(groups(), known_values())
def test_order_within_a_group_does_not_matter(rule: Group, known: dict[str, Any]) -> None:
    backwards = Group(rule.join, rule.items[::-1])
    assert evaluate(backwards, known).result is evaluate(rule, known).result


@quick
@given(odd_values())
def test_anything_is_read_or_refused_by_path(written: Any) -> None:
    assert all(isinstance(path, str) and said for path, said in refusals(written, "when").items())
