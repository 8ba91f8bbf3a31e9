"""Settings of an Open Line against the sandbox: written, looked at again, and told honestly."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from b24app.db import reading
from b24app.models import Audit
from tests.world import ADMIN, BORIS, VERA, Screen, World, world

PATH = "/lines/1/settings"
UPDATE = "imopenlines.config.update"


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


def put(screen: Screen, status: int = 200, **document: Any) -> dict[str, Any]:
    told: dict[str, Any] = screen.put(PATH, {"document": document}, status=status)
    return told


def config(here: World) -> dict[str, Any]:
    """The line as the portal itself keeps it."""
    body = {"CONFIG_ID": 1}
    hook = "/rest/1/sandboxhook000001/imopenlines.config.get"
    told: dict[str, Any] = here.portal.app.test_client().post(hook, json=body).json["result"]
    return told


def name(here: World, user_id: int) -> Screen:
    """An employee whom an administrator named for the settings."""
    here.open("LEFT_MENU", user_id)
    here.open().put("/configurers", {"user_ids": [str(user_id)]})
    return here.open("LEFT_MENU", user_id)


def updates(here: World) -> list[dict[str, Any]]:
    return here.calls(UPDATE)


def test_line_is_shown_with_its_people(here: World) -> None:
    told = here.open().get(PATH)
    assert told["line"] == {"id": "1", "name": config(here)["LINE_NAME"]}
    assert told["document"]["queue"][0] == {"type": "user", "id": "1"}
    assert told["people"][0]["name"] == "Анна Администратор"
    assert told["settings_url"].endswith("/contact_center/lines_edit/?ID=1")


def test_only_changes_are_sent_and_the_line_is_looked_at_again(here: World) -> None:
    screen = here.open()
    document = screen.get(PATH)["document"]
    changed = {"worktime_enable": True, "worktime_from": "09:30", "worktime_dayoff": ["SA", "SU"]}
    told = put(screen, **{**document, **changed})
    assert (told["not_taken"], told["answered"]) == ([], True)
    assert told["document"] == {**document, **changed}
    (call,) = updates(here)
    assert call["params"]["PARAMS"] == {
        "WORKTIME_ENABLE": "Y",
        "WORKTIME_FROM": "09:30",
        "WORKTIME_DAYOFF": ["SA", "SU"],
    }
    assert config(here)["WORKTIME_FROM"] == "9.3"


def test_every_setting_that_can_be_written_comes_back(here: World) -> None:
    changed = {
        "line_name": "Sales",
        "language_id": "en",
        "worktime_holidays": ["01.01", "23.02"],
        "worktime_dayoff": [],
        "kpi_first_answer_time": 300,
        "kpi_first_answer_alert": True,
        "kpi_first_answer_list": [str(BORIS)],
        "kpi_first_answer_text": "#OPERATOR# is late: #DIALOG#",
        "default_operator_data": {"name": "Support", "avatar": "", "avatar_id": ""},
        "queue": [{"type": "user", "id": str(VERA)}, {"type": "user", "id": str(BORIS)}],
        "welcome_message": True,
        "welcome_message_text": "[b]Hello[/b] & welcome",
        "auto_close_time": 3600,
    }
    told = put(here.open(), **changed)
    assert told["not_taken"] == []
    assert {name: told["document"][name] for name in changed} == changed
    assert [one["id"] for one in told["people"]] == [str(VERA), str(BORIS)]


def test_nothing_changed_calls_nothing(here: World) -> None:
    screen = here.open()
    assert put(screen, **screen.get(PATH)["document"])["not_taken"] == []
    assert updates(here) == []


def test_queue_that_was_not_taken_is_told(here: World) -> None:
    here.control("switches", {"config_update_queue": False})
    before = here.open().get(PATH)["document"]["queue"]
    mine = [{"type": "user", "id": str(VERA)}]
    told = put(here.open(), queue=mine, max_chat=3)
    assert told["not_taken"] == [{"field": "queue", "wanted": mine, "got": before}]
    assert told["document"]["max_chat"] == 3


def test_consent_that_was_not_taken_is_told(here: World) -> None:
    here.control("switches", {"config_update_agreement": False})
    told = put(here.open(), agreement_message=True)
    assert [one["field"] for one in told["not_taken"]] == ["agreement_message"]


def test_impossible_value_is_refused_before_bitrix_is_bothered(here: World) -> None:
    answer = put(here.open(), status=400, queue_time=-5)
    assert list(answer["error"]["fields"]) == ["queue_time"]
    assert updates(here) == []


def test_stranger_in_the_queue_is_refused(here: World) -> None:
    answer = put(here.open(), status=400, queue=[{"type": "user", "id": "999"}])
    assert list(answer["error"]["fields"]) == ["queue"]


def test_employee_may_not_look(here: World) -> None:
    assert here.open("LEFT_MENU", BORIS).ask("GET", PATH).status_code == 403
    put(here.open("LEFT_MENU", BORIS), status=403, active=False)


def test_named_employee_writes_with_own_rights(here: World) -> None:
    screen = name(here, VERA)
    assert screen.get(PATH)["line"]["id"] == "1"
    answer = put(screen, status=403, confirm_close=True)
    assert answer["error"]["code"] == "line_rights"
    (call,) = updates(here)
    assert call["user_id"] == VERA
    assert config(here)["CONFIRM_CLOSE"] == "N"


def test_employee_without_a_token_is_asked_to_open_us_again(here: World) -> None:
    here.control("faults", {"match": UPDATE, "kind": "401_expired", "times": 0})
    here.control("oauth/faults", {"match": "token", "kind": "error", "error": "invalid_grant"})
    answer = here.open().ask("PUT", PATH, json={"document": {"max_chat": 2}})
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "no_token"


@pytest.mark.parametrize(("kind", "taken"), [("timeout_after", True), ("timeout", False)])
def test_lost_answer_is_not_repeated_but_looked_at(here: World, kind: str, taken: bool) -> None:
    here.control("faults", {"match": UPDATE, "kind": kind})
    told = put(here.open(), confirm_close=True)
    assert told["answered"] is False
    assert [one["field"] for one in told["not_taken"]] == ([] if taken else ["confirm_close"])
    assert config(here)["CONFIRM_CLOSE"] == ("Y" if taken else "N")
    assert len(updates(here)) <= 1


def test_silence_after_a_lost_answer_says_that_nobody_knows(here: World) -> None:
    screen = here.open()
    here.control("faults", {"match": UPDATE, "kind": "timeout_after"})
    here.control("faults", {"match": "batch", "kind": "503", "skip": 1, "times": 0})
    answer = put(screen, status=502, confirm_close=True)
    assert answer["error"]["code"] == "unknown_outcome"


def test_change_of_somebody_else_is_not_overwritten(here: World) -> None:
    screen = here.open()
    base = screen.get(PATH)["document"]
    put(screen, max_chat=7)
    body = {"document": {**base, "max_chat": 2}, "base": base}
    assert screen.put(PATH, body, status=409)["error"]["code"] == "stale"
    beside = {"document": {"confirm_close": True}, "base": base}
    assert screen.put(PATH, beside)["document"]["max_chat"] == 7


def test_list_that_refuses_leaves_the_queue_of_people(here: World) -> None:
    fault = {"match": "imopenlines.config.list.get", "kind": "error", "times": 0}
    here.control("faults", {**fault, "error": "INVALID_FORMAT", "status": 400})
    queue = here.open().get(PATH)["document"]["queue"]
    assert {"type": "user", "id": str(BORIS)} in queue


def test_unknown_line_is_not_found(here: World) -> None:
    assert here.open().ask("GET", "/lines/99/settings").status_code == 404


def test_change_is_in_the_audit(here: World) -> None:
    put(here.open(), confirm_close=True)
    with reading() as session:
        row = session.scalars(select(Audit).where(Audit.deed == "line.configured")).one()
    assert row.user_id == ADMIN
    assert row.details["fields"] == ["confirm_close"]


def test_line_switched_off_here_is_off_there(here: World) -> None:
    put(here.open(), active=False)
    assert config(here)["ACTIVE"] == "N"


def test_catalogue_speaks_the_readers_language(here: World) -> None:
    groups = here.open().get("/lines/settings/catalogue")["groups"]
    titles = {item["name"]: item["title"] for group in groups for item in group["items"]}
    assert titles["active"] == "Линия активна"
    assert groups[0]["id"] == "activation"
