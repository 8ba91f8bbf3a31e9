"""What must be registered on a portal, as calls."""

from typing import Any

from b24app.rules import bindings
from b24app.rules.bindings import Found, Plan, Wanted

PAGE = "https://chats.example/placement/left_menu"
HOOK = "https://chats.example/bitrix/events"
TITLES = {"en": "CallGear Chats", "ru": "CallGear Чаты"}
MENU = Wanted("placement", "LEFT_MENU", PAGE, TITLES)
UPDATE = Wanted("event", "ONAPPUPDATE", HOOK)


def planned(*found: Found) -> Plan:
    return bindings.plan([MENU, UPDATE], found)


def made(plan: Plan) -> list[tuple[str, dict[str, Any]]]:
    return [(call.method, dict(call.params)) for call in (*plan.unbind, *plan.bind)]


def test_clean_portal_gets_everything() -> None:
    assert made(planned()) == [
        (
            "placement.bind",
            {
                "PLACEMENT": "LEFT_MENU",
                "HANDLER": PAGE,
                "TITLE": "CallGear Chats",
                "LANG_ALL": {"en": {"TITLE": "CallGear Chats"}, "ru": {"TITLE": "CallGear Чаты"}},
            },
        ),
        ("event.bind", {"event": "ONAPPUPDATE", "handler": HOOK}),
    ]


def test_right_portal_gets_nothing() -> None:
    plan = planned(Found("placement", "LEFT_MENU", PAGE), Found("event", "ONAPPUPDATE", HOOK))
    assert made(plan) == []
    assert plan.kept == (MENU, UPDATE)


def test_old_address_is_replaced() -> None:
    plan = planned(Found("placement", "LEFT_MENU", PAGE + "/"), Found("event", "ONAPPUPDATE", HOOK))
    assert [call.method for call in (*plan.unbind, *plan.bind)] == [
        "placement.unbind",
        "placement.bind",
    ]
    assert plan.unbind[0].params == {"PLACEMENT": "LEFT_MENU", "HANDLER": PAGE + "/"}


def test_stranger_is_removed() -> None:
    plan = planned(
        Found("placement", "LEFT_MENU", PAGE),
        Found("event", "ONAPPUPDATE", HOOK),
        Found("event", "ONCRMDEALADD", HOOK),
    )
    assert made(plan) == [("event.unbind", {"event": "ONCRMDEALADD", "handler": HOOK})]


def test_double_is_made_anew() -> None:
    double = Found("event", "ONAPPUPDATE", HOOK)
    plan = planned(Found("placement", "LEFT_MENU", PAGE), double, double)
    assert [method for method, _ in made(plan)] == ["event.unbind", "event.bind"]


def test_event_of_one_employee_is_removed_alone() -> None:
    plan = planned(
        Found("placement", "LEFT_MENU", PAGE),
        Found("event", "ONAPPUPDATE", HOOK),
        Found("event", "ONAPPUPDATE", HOOK, user_id=7),
        Found("event", "ONAPPUPDATE", HOOK, offline=True),
    )
    assert [call.params for call in plan.unbind] == [
        {"event": "ONAPPUPDATE", "handler": HOOK, "auth_type": 7},
        {"event": "ONAPPUPDATE", "handler": HOOK, "event_type": "offline"},
    ]
    assert plan.bind == ()


def test_keys_of_a_batch_differ() -> None:
    strays = [Found("placement", f"CRM_{number}", PAGE) for number in range(60)]
    keys = [call.key for call in planned(*strays).unbind]
    assert len(set(keys)) == 60


def test_answers_are_read_in_their_shapes() -> None:
    listed = [{"placement": "left_menu", "handler": PAGE, "userId": "0", "options": []}]
    assert bindings.found_placements(listed) == [Found("placement", "LEFT_MENU", PAGE)]
    mapped = {"0": {"event": "OnAppUpdate", "handler": HOOK, "auth_type": 7, "offline": "1"}}
    assert bindings.found_events(mapped) == [Found("event", "ONAPPUPDATE", HOOK, 7, offline=True)]


def test_empty_answers_are_nothing() -> None:
    for nothing in ([], {}, None, False, [None], "x"):
        assert bindings.found_events(nothing) == []


def test_refusal_because_it_is_there_is_success() -> None:
    assert bindings.already_bound("ERROR_CORE", "Unable to set event handler: exists")
    assert bindings.already_bound("ERROR_CORE", "Handler already binded")
    assert not bindings.already_bound("ERROR_CORE", "Internal error")
    assert not bindings.already_bound("ACCESS_DENIED", "already")
