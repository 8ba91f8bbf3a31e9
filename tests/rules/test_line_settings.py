"""Settings of an Open Line: what REST tells, what a person may want, what is sent."""

from typing import Any

import pytest

from b24app.errors import Invalid
from b24app.rules.line_catalogue import CATALOGUE, GROUPS
from b24app.rules.line_settings import (
    Known,
    changes,
    matters,
    not_taken,
    read,
    same,
    wanted,
)
from sandbox.portal.line_config import DEFAULTS

NEW = read({**DEFAULTS, "LINE_NAME": "Sales"})
KNOWN = Known(users=frozenset({"1", "2"}), departments=frozenset({"10"}))
USER, DEPARTMENT = {"type": "user", "id": "1"}, {"type": "department", "id": "10"}


def refusals(given: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        wanted(given, before or NEW, KNOWN)
    return caught.value.fields


def test_catalogue_holds_what_the_portal_has() -> None:
    assert {one.rest for one in CATALOGUE.values()} == {*DEFAULTS, "QUEUE"}


def test_every_setting_stands_in_a_group() -> None:
    assert {one.group for one in CATALOGUE.values()} == {name for name, _ in GROUPS}


@pytest.mark.parametrize("name", CATALOGUE)
def test_dependencies_lead_to_values_that_exist(name: str) -> None:
    for when in CATALOGUE[name].when:
        other = CATALOGUE[when.name]
        if other.type == "choice":
            assert set(when.values) <= {value for value, _ in other.options}
        elif other.type == "bool":
            assert when.values == (True,)
        else:
            assert when.values == ()


@pytest.mark.parametrize(
    ("name", "told", "value"),
    [
        ("active", "Y", True),
        ("active", "N", False),
        ("active", None, False),
        ("line_name", None, ""),
        ("queue_time", "60", 60),
        ("queue_time", 60, 60),
        ("max_chat", "", 0),
        ("worktime_from", "0", "00:00"),
        ("worktime_from", "9", "09:00"),
        ("worktime_from", "9.3", "09:30"),
        ("worktime_from", "09:05", "09:05"),
        ("worktime_to", "23.59", "23:59"),
        ("worktime_to", "later", "later"),
        ("worktime_dayoff", [""], []),
        ("worktime_dayoff", {"0": "SU", "1": "SA"}, ["SA", "SU"]),
        ("worktime_holidays", "1.05,9.05", ["01.05", "09.05"]),
        ("worktime_holidays", ["1.01", ""], ["01.01"]),
        ("kpi_first_answer_list", None, []),
        ("kpi_first_answer_list", ["1", 2], ["1", "2"]),
        ("default_operator_data", [], {"name": "", "avatar": "", "avatar_id": ""}),
        ("no_answer_form_id", None, 0),
    ],
)
def test_told_values_are_read(name: str, told: Any, value: Any) -> None:
    assert read({name.upper(): told})[name] == value


@pytest.mark.parametrize(
    ("members", "queue"),
    [
        ([{"ENTITY_TYPE": "user", "ENTITY_ID": "1"}], [USER]),
        (
            {"0": {"ENTITY_TYPE": "department", "ENTITY_ID": 10}},
            [DEPARTMENT],
        ),
        ([{"ENTITY_TYPE": "robot", "ENTITY_ID": "1"}], []),
        ([], []),
        (None, [{"type": "user", "id": "7"}]),
    ],
)
def test_queue_is_read_from_whoever_tells_it(members: Any, queue: list[dict[str, str]]) -> None:
    assert read({"QUEUE": ["7"]}, members)["queue"] == queue


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("confirm_close", True, "Y"),
        ("vote_message", False, "N"),
        ("line_name", "  Sales\n team ", "Sales team"),
        ("welcome_message_text", " One\nTwo ", "One\nTwo"),
        ("queue_type", "strictly", "strictly"),
        ("language_id", "kk", "kk"),
        ("max_chat", 5, 5),
        ("worktime_from", "09:30", "09:30"),
        ("worktime_dayoff", ["SU", "SA", "SU"], ["SA", "SU"]),
        ("worktime_holidays", ["1.5", "23.02"], "01.05,23.02"),
        ("kpi_first_answer_list", ["2"], ["2"]),
        (
            "queue",
            [DEPARTMENT, USER, USER],
            [
                {"ENTITY_TYPE": "department", "ENTITY_ID": "10"},
                {"ENTITY_TYPE": "user", "ENTITY_ID": "1"},
            ],
        ),
        (
            "default_operator_data",
            {"name": "Support", "avatar": "", "avatar_id": ""},
            {"NAME": "Support", "AVATAR": "", "AVATAR_ID": ""},
        ),
    ],
)
def test_changed_values_are_sent(name: str, value: Any, sent: Any) -> None:
    changed = wanted({name: value}, NEW, KNOWN)
    assert changes(changed, NEW) == {name.upper(): sent}


def test_nothing_changed_sends_nothing() -> None:
    assert wanted(NEW, NEW, KNOWN) == {}
    assert changes(NEW, NEW) == {}


def test_what_the_portal_has_is_never_refused() -> None:
    odd = read({**DEFAULTS, "QUEUE_TYPE": "lottery", "WORKTIME_TO": "later", "QUEUE": ["99"]})
    assert wanted({**odd, "active": True}, odd, KNOWN) == {"active": True}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"active": "Y"}, "active"),
        ({"line_name": ""}, "line_name"),
        ({"line_name": 5}, "line_name"),
        ({"line_name": "x" * 300}, "line_name"),
        ({"welcome_message_text": "x" * 6000}, "welcome_message_text"),
        ({"welcome_message_text": ""}, "welcome_message_text"),
        ({"queue_type": "lottery"}, "queue_type"),
        ({"queue_time": -1}, "queue_time"),
        ({"queue_time": 90000}, "queue_time"),
        ({"queue_time": True}, "queue_time"),
        ({"queue_time": 1.5}, "queue_time"),
        ({"max_chat": 2**40}, "max_chat"),
        ({"worktime_from": "9:00"}, "worktime_from"),
        ({"worktime_from": "24:00"}, "worktime_from"),
        ({"worktime_enable": True, "worktime_to": "00:00"}, "worktime_to"),
        ({"worktime_timezone": "Moscow"}, "worktime_timezone"),
        ({"worktime_dayoff": ["SUN"]}, "worktime_dayoff"),
        ({"worktime_dayoff": [["SU"]]}, "worktime_dayoff"),
        ({"worktime_holidays": ["31.02"]}, "worktime_holidays"),
        ({"worktime_holidays": ["1.13"]}, "worktime_holidays"),
        ({"worktime_holidays": "1.01"}, "worktime_holidays"),
        ({"queue": [{"type": "user", "id": "99"}]}, "queue"),
        ({"queue": [{"type": "department", "id": "1"}]}, "queue"),
        ({"queue": [{"type": "robot", "id": "1"}]}, "queue"),
        ({"queue": [{"type": "user", "id": 1}]}, "queue"),
        ({"queue": ["1"]}, "queue"),
        ({"kpi_first_answer_list": ["99"]}, "kpi_first_answer_list"),
        ({"kpi_first_answer_time": 60, "kpi_first_answer_alert": True}, "kpi_first_answer_list"),
        ({"no_answer_rule": "text"}, "no_answer_text"),
        ({"welcome_bot_enable": True}, "welcome_bot_id"),
        ({"default_operator_data": {"name": "x"}}, "default_operator_data"),
        ({"xml_id": "mine"}, "xml_id"),
        ({"modify_user_id": "1"}, "modify_user_id"),
    ],
)
def test_impossible_values_are_refused(given: dict[str, Any], field: str) -> None:
    assert [field] == list(refusals(given))


def test_empty_queue_is_refused() -> None:
    before = {**NEW, "queue": [USER]}
    assert list(refusals({"queue": []}, before)) == ["queue"]


def test_what_does_not_matter_may_be_empty() -> None:
    given = {"welcome_message": False, "welcome_message_text": ""}
    assert wanted(given, NEW) == given


@pytest.mark.parametrize(
    ("name", "one", "other", "alike"),
    [
        ("welcome_message_text", "a\r\nb ", "a\nb", True),
        ("worktime_holidays", ["01.01", "02.01"], ["02.01", "01.01"], True),
        ("queue", [USER, DEPARTMENT], [DEPARTMENT, USER], False),
        ("crm_create_second", "N", "", True),
        ("crm_create_second", "N", "0", False),
        ("max_chat", 0, 1, False),
    ],
)
def test_likeness(name: str, one: Any, other: Any, alike: bool) -> None:
    assert same(name, one, other) is alike


def test_what_was_not_taken_is_told_with_both_values() -> None:
    left = not_taken({"active": True, "max_chat": 3}, {**NEW, "max_chat": 3})
    assert left == [{"field": "active", "wanted": True, "got": False}]


@pytest.mark.parametrize(
    ("name", "more", "expected"),
    [
        ("queue_time", {}, True),
        ("queue_time", {"queue_type": "all"}, False),
        ("type_max_chat", {}, False),
        ("type_max_chat", {"max_chat": 2}, True),
        ("worktime_dayoff_text", {"worktime_dayoff_rule": "text"}, False),
        (
            "worktime_dayoff_text",
            {"worktime_dayoff_rule": "text", "worktime_enable": True},
            True,
        ),
    ],
)
def test_settings_matter_beside_others(name: str, more: dict[str, Any], expected: bool) -> None:
    assert matters(CATALOGUE[name], {**NEW, **more}) is expected
