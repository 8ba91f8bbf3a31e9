"""Settings through the API: who may read and change them, and every address of theirs."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app.db import transaction
from b24app.models import Operator, Portal
from tests import build
from tests.world import ADMIN, BORIS, VERA, Screen, World, world


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


@pytest.fixture
def admin(here: World) -> Screen:
    return here.open("DEFAULT", ADMIN)


def refusal(screen: Screen, verb: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = screen.ask(verb, path, json=body)
    assert answer.json is not None
    return answer.status_code, answer.json["error"]["code"]


def test_rules_are_published_and_read(here: World, admin: Screen) -> None:
    kept = admin.put("/settings/chats", {"document": {"transcript": "off"}, "version": 0})
    told = here.open("LEFT_MENU", BORIS).get("/settings/chats")
    assert kept["version"] == told["version"] == 1
    assert told["document"]["transcript"] == "off"
    assert told["user"]["id"] == str(ADMIN)
    assert told["updated_at"].endswith("Z")


def test_second_of_two_gets_a_conflict(admin: Screen) -> None:
    body = {"document": {}, "version": 0}
    admin.put("/settings/chats", body)
    assert refusal(admin, "PUT", "/settings/chats", body) == (409, "stale")


def test_refusals_name_the_field_in_the_readers_words(admin: Screen) -> None:
    body = {"document": {"transcript": "never", "create_primary": ["activity"]}, "version": 0}
    answer = admin.ask("PUT", "/settings/chats", json=body)
    assert answer.status_code == 400
    assert set(answer.json["error"]["fields"]) == {"transcript", "create_primary"}
    checked = admin.post("/settings/chats/check", {"document": body["document"]})
    assert checked["fields"] == answer.json["error"]["fields"]
    assert all(not told.isascii() for told in checked["fields"].values())


def test_draft_waits_beside_the_rules(admin: Screen) -> None:
    admin.put("/settings/requests/draft", {"document": {"deadline_minutes": 5}})
    told = admin.get("/settings/requests")
    assert (told["version"], told["draft"]["document"]) == (0, {"deadline_minutes": 5})
    admin.delete("/settings/requests/draft")
    assert admin.get("/settings/requests")["draft"] is None


def test_history_is_shown_compared_and_taken_back(admin: Screen) -> None:
    for version, transcript in enumerate(("off", "at_close")):
        body = {"document": {"transcript": transcript}, "version": version, "note": transcript}
        admin.put("/settings/chats", body)
    listed = admin.get("/settings/chats/versions")
    assert [one["note"] for one in listed["items"]] == ["at_close", "off"]
    (change,) = admin.get("/settings/chats/compare", **{"from": "1", "to": "2"})["items"]
    assert (change["before"], change["after"]) == ("off", "at_close")
    assert admin.get("/settings/chats/versions/1")["document"]["transcript"] == "off"
    back = admin.post("/settings/chats/rollback", {"version": 1})
    assert (back["version"], back["document"]["transcript"]) == (3, "off")


def test_template_is_tried(admin: Screen) -> None:
    wish = {"template": "{visitor_name} {castle}", "example": {"visitor_name": "Clara"}}
    told = admin.post("/settings/chats/preview", wish)
    assert (told["text"], told["unknown"]) == ("Clara", ["castle"])
    assert admin.post("/settings/chats/preview", {"template": "{visitor_name}"})["text"] == "Anna"


def test_field_nobody_knows_is_a_problem(admin: Screen) -> None:
    wish = {"template": "x", "entity": "deal", "field": "UF_CRM_NOWHERE"}
    typed = admin.post("/settings/chats/preview", wish)["typed"]
    assert typed["value"] is None
    assert typed["problem"]


def test_parameters_have_titles_and_operators(admin: Screen) -> None:
    groups = {one["id"]: one for one in admin.get("/settings/parameters")["groups"]}
    assert list(groups) == ["communication", "chat", "request", "site", "utm", "visitor"]
    phone = next(one for one in groups["chat"]["items"] if one["name"] == "visitor_phone")
    assert phone["type"] == "phone"
    assert "equals" in phone["operators"]
    kinds = next(
        one for one in groups["communication"]["items"] if one["name"] == "communication_kinds"
    )
    assert kinds["options"] == ["primary", "repeat"]
    assert len(kinds["option_titles"]) == 2


CHANGES: list[tuple[str, str, Any]] = [
    ("PUT", "/settings/chats", {"document": {}, "version": 0}),
    ("PUT", "/settings/chats/draft", {"document": {}}),
    ("DELETE", "/settings/chats/draft", None),
    ("POST", "/settings/chats/rollback", {"version": 0}),
]


@pytest.mark.parametrize(("verb", "path", "body"), CHANGES)
def test_employees_only_look(here: World, verb: str, path: str, body: Any) -> None:
    boris = here.open("LEFT_MENU", BORIS)
    assert refusal(boris, verb, path, body) == (403, "not_configurer")


def test_named_employee_configures(here: World, admin: Screen) -> None:
    boris = here.open("LEFT_MENU", BORIS)
    named = admin.put("/configurers", {"user_ids": [str(BORIS)]})
    assert [one["id"] for one in named["items"]] == [str(BORIS)]
    # The page was opened before: what counts is what the database says now.
    assert boris.put("/settings/chats", {"document": {}, "version": 0})["version"] == 1
    admin.put("/configurers", {"user_ids": []})
    assert refusal(boris, *CHANGES[1]) == (403, "not_configurer")


def test_named_employee_lands_on_the_settings(here: World, admin: Screen) -> None:
    before = here.open("DEFAULT", BORIS)
    admin.put("/configurers", {"user_ids": [str(BORIS)]})
    after = here.open("DEFAULT", BORIS)
    assert ("entries/settings" in before.html, "entries/settings" in after.html) == (False, False)
    assert ("assets/workspace.js" in before.html, "assets/settings.js" in after.html) == (
        True,
        True,
    )
    assert (before.boot["user"]["may_configure"], after.boot["user"]["may_configure"]) == (
        False,
        True,
    )


def test_dismissed_configurer_is_out(here: World, admin: Screen) -> None:
    boris = here.open("LEFT_MENU", BORIS)
    admin.put("/configurers", {"user_ids": [str(BORIS)]})
    with transaction() as session:
        session.query(Operator).filter_by(user_id=BORIS).update({"active": False})
    assert boris.ask(*CHANGES[0][:2], json=CHANGES[0][2]).status_code == 401
    assert admin.get("/configurers")["items"] == []


def test_only_administrators_name_configurers(here: World, admin: Screen) -> None:
    admin.put("/configurers", {"user_ids": [str(BORIS)]})
    boris = here.open("LEFT_MENU", BORIS)
    assert refusal(boris, "GET", "/configurers") == (403, "not_admin")
    assert refusal(boris, "PUT", "/configurers", {"user_ids": [str(VERA)]}) == (403, "not_admin")


def test_stranger_cannot_be_named(admin: Screen) -> None:
    with transaction():
        build.operator(build.portal(), 99)
    answer = admin.ask("PUT", "/configurers", json={"user_ids": ["99"]})
    assert (answer.status_code, set(answer.json["error"]["fields"])) == (400, {"user_ids"})


def test_open_lines_switch_the_integration_on(here: World, admin: Screen) -> None:
    with transaction() as session:
        session.query(Portal).update({"integration_active": False})
    admin.put("/settings/open_lines", {"document": {"active": True}, "version": 0})
    with transaction() as session:
        assert session.query(Portal).one().integration_active


def test_programs_publish_over_the_newest(admin: Screen) -> None:
    for version, create in enumerate((["lead"], ["deal"]), 1):
        kept = admin.put("/settings/chats", {"document": {"create_primary": create}})
        assert (kept["version"], kept["document"]["create_primary"]) == (version, create)


def test_requests_begin_with_a_to_do(admin: Screen) -> None:
    kept = admin.get("/settings/requests")["document"]
    assert kept["create_primary"] == ["deal", "activity"]
    assert admin.get("/settings/chats")["document"]["create_primary"] == ["deal"]


def test_unknown_kind_is_not_found(admin: Screen) -> None:
    assert refusal(admin, "GET", "/settings/castles") == (404, "not_found")


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PUT", "/settings/chats", {"version": 0}),
        ("PUT", "/settings/chats", {"document": [], "version": 0}),
        ("POST", "/settings/chats/rollback", {"version": -1}),
        ("GET", "/settings/chats/compare", None),
        ("GET", "/settings/chats/compare?from=x&to=1", None),
        ("GET", "/settings/chats/versions?cursor=x", None),
    ],
)
def test_requests_must_fit(admin: Screen, verb: str, path: str, body: Any) -> None:
    assert refusal(admin, verb, path, body)[0] == 400
