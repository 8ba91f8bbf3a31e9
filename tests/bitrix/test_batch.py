"""Commands of a batch: what PHP reads is what was meant, and nothing typed is expanded."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.bitrix import batch
from b24app.bitrix.payloads import parse_form
from b24app.values import Call


def read(params: dict[str, Any]) -> dict[str, Any]:
    """As the portal reads a command: the query of an address, in PHP's way."""
    query = batch.command(Call("m", params)).partition("?")[2]
    assert "#" not in query
    return parse_form(parse_qsl(query, keep_blank_values=True))


@pytest.mark.parametrize(
    ("params", "seen"),
    [
        ({"a": "Анна #1 & 50% + «да» ?x=y"}, {"a": "Анна #1 & 50% + «да» ?x=y"}),
        ({"f": {"PHONE": [{"VALUE": "+7"}]}}, {"f": {"PHONE": [{"VALUE": "+7"}]}}),
        ({"a": True, "b": False, "c": 0}, {"a": "Y", "b": "N", "c": "0"}),
        ({"a": None, "b": [None, "x"]}, {"b": ["x"]}),
        ({"=originId": "chat:1"}, {"=originId": "chat:1"}),
        ({"a": ""}, {"a": ""}),
        ({"a": [], "b": {}}, {}),
    ],
)
def test_values_survive_the_way(params: dict[str, Any], seen: dict[str, Any]) -> None:
    assert read(params) == seen


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.recursive(
    TEXTS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(
            st.from_regex(r"[A-Za-z][A-Za-z_]{0,8}", fullmatch=True), inner, min_size=1, max_size=3
        )
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True), VALUES, max_size=4))
def test_any_value_survives(params: dict[str, Any]) -> None:
    assert read(params) == params


def test_macro_as_a_whole_value_is_sent() -> None:
    assert read({"id": "$result[contact][item][id]"}) == {"id": "$result[contact][item][id]"}


@pytest.mark.parametrize(
    "text", ["see $result[a][b]", "$RESULT[a] x", "$result", "$result[a]$result[b]"]
)
def test_macro_inside_words_is_broken(text: str) -> None:
    assert "$result" not in read({"a": text})["a"].lower()


def test_typed_macro_cannot_be_expanded() -> None:
    typed = batch.safe_text("$Result[contact][item][id]")
    assert read({"COMMENT": typed})["COMMENT"] == "$\u2060Result[contact][item][id]"


def test_commands_keep_order_and_names() -> None:
    calls = [Call("b.second", {"x": 1}, "two"), Call("a.first")]
    assert list(batch.commands(calls).items()) == [("two", "b.second?x=1"), ("c1", "a.first")]


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [Call("m")] * 51,
        [Call("m", key="a"), Call("m", key="a")],
        [Call("m", key="a[b]")],
        [Call("m", key="c1"), Call("m")],
    ],
)
def test_impossible_batches_are_refused(calls: list[Call]) -> None:
    with pytest.raises(ValueError, match="batch"):
        batch.commands(calls)
