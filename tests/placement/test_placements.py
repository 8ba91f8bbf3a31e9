"""Doors inside Bitrix24: who gets in, what they see, what strangers see."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

import placement
from b24app.db import db, transaction
from b24app.models import Arrival, Operator, Portal, Token
from b24app.web import guard
from b24app.web.refusals import REFUSED
from placement.door import Opening
from tests.world import ADMIN, APP, BORIS, PORTAL, World, world

NAMES = (
    "company_tab",
    "connector_settings",
    "contact_center",
    "contact_tab",
    "deal_tab",
    "home",
    "install",
    "lead_tab",
    "left_menu",
)
LINE = {"CONNECTOR": "callgear_chats", "LINE": "1", "ACTIVE_STATUS": True}


@pytest.fixture
def fresh(app: Flask) -> Iterator[World]:
    """A portal where the Install button was pressed."""
    with world(app) as made:
        made.portal.install(ADMIN)
        yield made


@pytest.fixture
def here(fresh: World) -> World:
    """A portal that finished the installation."""
    fresh.install()
    return fresh


def post(
    here: World, place: str, code: str = "DEFAULT", user_id: int = BORIS, **changes: Any
) -> TestResponse:
    """A frame's POST with fields changed on the way; None takes one away."""
    url, fields = here.portal.frame_form("DEFAULT", {}, user_id)
    query = url.partition("?")[2]
    for name in ("DOMAIN", "LANG"):
        if name in changes:
            old = next(part for part in query.split("&") if part.startswith(f"{name}="))
            query = query.replace(old, f"{name}={changes.pop(name)}")
    fields = {**fields, "PLACEMENT": code, **changes}
    fields = {name: value for name, value in fields.items() if value is not None}
    return here.client.post(f"/placement/{place}?{query}", data=fields, base_url=APP)


def options(**told: Any) -> str:
    return json.dumps(told)


def refusals(reason: str) -> float:
    value = REFUSED.labels("placement", reason)._value.get()
    return float(value)


def rows() -> list[int | None]:
    """How many rows a call may have left."""
    counted = [
        db.session.scalar(select(func.count()).select_from(table))
        for table in (Portal, Operator, Token, Arrival)
    ]
    db.session.rollback()
    return counted


# -- Who gets in -----------------------------------------------------------------------


def test_every_place_is_found(app: Flask) -> None:
    assert tuple(sorted(placement.PLACES)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_market_can_try_an_address(app: Flask, name: str) -> None:
    with app.test_client() as http:
        assert http.head(f"/placement/{name}").status_code == 200


@pytest.mark.parametrize(
    ("language", "said"), [("ru", "Откройте эту страницу в Битрикс24"), ("de", "inside Bitrix24")]
)
def test_outside_bitrix24_is_a_friendly_page(app: Flask, language: str, said: str) -> None:
    with app.test_client() as http:
        answer = http.get("/placement/left_menu", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert said in answer.text


def test_unknown_place_is_404(here: World) -> None:
    answer = post(here, "elsewhere")
    assert answer.status_code == 404
    assert "В приложении нет такой страницы" in answer.text


def test_employee_gets_the_workplace(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    assert screen.status == 200
    assert "assets/workspace.js" in screen.html
    assert screen.boot["placement"] == "left_menu"
    assert screen.boot["user"] == {
        "id": "2",
        "name": "Борис Операторов",
        "admin": False,
        "may_configure": False,
        "photo_url": screen.boot["user"]["photo_url"],
    }
    assert screen.boot["portal"]["origin"] == PORTAL


def test_page_is_framed_by_the_portal(here: World) -> None:
    answer = post(here, "left_menu", "LEFT_MENU")
    assert f"frame-ancestors 'self' {PORTAL}" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_link_opens_its_chat(here: World) -> None:
    assert here.open("LEFT_MENU", BORIS, conversation="12").boot["conversation"] == "12"
    home = here.open("DEFAULT", ADMIN, conversation=12)
    assert home.boot["conversation"] == "12"
    assert "assets/workspace.js" in home.html


def test_home_is_settings_for_administrators(here: World) -> None:
    assert "assets/settings.js" in here.open("DEFAULT", ADMIN).html
    assert "assets/workspace.js" in here.open("DEFAULT", BORIS).html


# -- Who does not ----------------------------------------------------------------------

FORGED: list[dict[str, Any]] = [
    {"AUTH_ID": "0" * 32},
    {"member_id": "somebody-else"},
    {"DOMAIN": "evil.example"},
]
BROKEN: list[dict[str, Any]] = [
    {"AUTH_ID": None},
    {"member_id": None},
    {"member_id": "'; DROP TABLE portal; --"},
    {"AUTH_ID": "x" * 5000},
    {"DOMAIN": "%3Cscript%3E"},
    {"PLACEMENT_OPTIONS": "x" * 9000},
]


@pytest.mark.parametrize("changes", FORGED)
def test_forged_opening_is_403(here: World, changes: dict[str, Any]) -> None:
    before, counted = rows(), refusals("denied")
    answer = post(here, "left_menu", "LEFT_MENU", **changes)
    assert answer.status_code == 403
    assert "Битрикс24 не подтверждает" in answer.text
    assert rows() == before
    assert refusals("denied") == counted + 1


@pytest.mark.parametrize("changes", BROKEN)
def test_broken_opening_is_400(here: World, changes: dict[str, Any]) -> None:
    before = rows()
    answer = post(here, "left_menu", "LEFT_MENU", **changes)
    assert answer.status_code == 400
    assert "Страница не открылась" in answer.text
    assert rows() == before


def test_page_for_strangers_repeats_nothing(here: World) -> None:
    answer = post(here, "left_menu", "LEFT_MENU", LANG="en", member_id="<b>x</b>")
    assert "<b>x</b>" not in answer.text
    assert "This page could not be opened" in answer.text


def test_oversized_opening_is_413(here: World) -> None:
    answer = post(here, "left_menu", "LEFT_MENU", junk="x" * 70_000)
    assert answer.status_code == 413


def test_opening_that_is_no_form_is_400(here: World) -> None:
    answer = here.client.post("/placement/home", json={"AUTH_ID": "x"}, base_url=APP)
    assert answer.status_code == 400


def test_other_placement_is_refused(here: World) -> None:
    assert post(here, "deal_tab", "LEFT_MENU", PLACEMENT_OPTIONS=options(ID=1)).status_code == 400


def test_log_holds_no_secret(here: World, caplog: pytest.LogCaptureFixture) -> None:
    post(here, "left_menu", "LEFT_MENU", AUTH_ID="secret-token-of-somebody")
    assert "refused" in caplog.text
    assert "secret-token" not in caplog.text


def test_removed_application_does_not_open(here: World) -> None:
    with transaction():
        db.session.query(Portal).update({"status": "deleted"})
    assert post(here, "left_menu", "LEFT_MENU").status_code == 403


def test_oauth_server_away_is_said(here: World) -> None:
    fault = {"match": "app.info", "times": 9, "kind": "503"}
    here.control("oauth/faults", fault)
    answer = post(here, "left_menu", "LEFT_MENU")
    assert answer.status_code == 503
    assert "minute" not in answer.text
    assert "минуту" in answer.text


# -- Before the installation is finished -------------------------------------------------


def test_installer_is_for_administrators(fresh: World) -> None:
    screen = fresh.open("DEFAULT", ADMIN)
    assert screen.boot["placement"] == "install"
    assert screen.boot["portal"]["status"] == "new"
    assert fresh.open("DEFAULT", BORIS).status == 403


def test_others_are_asked_to_wait(fresh: World) -> None:
    fresh.open("DEFAULT", ADMIN)
    answer = post(fresh, "home")
    assert answer.status_code == 200
    assert "Приложение установлено не до конца" in answer.text
    assert "boot" not in answer.text


def test_administrator_goes_on_installing(fresh: World) -> None:
    fresh.open("DEFAULT", ADMIN)
    assert "assets/install.js" in post(fresh, "home", user_id=ADMIN).text


def test_unknown_portal_is_refused(fresh: World) -> None:
    answer = post(fresh, "home", user_id=ADMIN)
    assert answer.status_code == 403
    assert "не установлено" in answer.text


# -- Cards and lines --------------------------------------------------------------------


def deal(here: World) -> str:
    return str(here.control("crm/2", {"fields": {"title": "Shelf"}})["id"])


def test_tab_grants_its_card(here: World) -> None:
    number = deal(here)
    screen = here.open("CRM_DEAL_DETAIL_TAB", ADMIN, ID=number)
    assert screen.boot["entity"] == {"type": "deal", "id": number}
    assert "assets/deal.js" in screen.html


@pytest.mark.parametrize("identity", ["", "0", "x", "-1", "9" * 40, None, [1], True])
def test_new_card_must_be_saved_first(here: World, identity: Any) -> None:
    told = options(ID=identity)
    answer = post(here, "deal_tab", "CRM_DEAL_DETAIL_TAB", PLACEMENT_OPTIONS=told)
    assert answer.status_code == 200
    assert "Сначала сохраните карточку" in answer.text


def test_missing_card_is_403(here: World) -> None:
    answer = post(here, "deal_tab", "CRM_DEAL_DETAIL_TAB", PLACEMENT_OPTIONS=options(ID=987654))
    assert answer.status_code == 403
    assert "Эта карточка вам недоступна" in answer.text


def test_card_is_read_with_the_viewers_token(here: World) -> None:
    number = deal(here)
    here.open("CRM_DEAL_DETAIL_TAB", BORIS, ID=number)
    assert here.calls("crm.item.get")[-1]["user_id"] == BORIS


def test_connector_form_knows_its_line(here: World) -> None:
    told = options(**LINE)
    answer = post(here, "connector_settings", "SETTING_CONNECTOR", ADMIN, PLACEMENT_OPTIONS=told)
    assert answer.status_code == 200
    assert (
        '"connector": {"active": true, "connector": "callgear_chats", "line": "1"}' in answer.text
    )


def test_connector_form_is_for_administrators(here: World) -> None:
    told = options(**LINE)
    answer = post(here, "connector_settings", "SETTING_CONNECTOR", BORIS, PLACEMENT_OPTIONS=told)
    assert answer.status_code == 403


def test_connector_form_needs_a_line(here: World) -> None:
    told = options(**LINE | {"LINE": "0"})
    answer = post(here, "connector_settings", "SETTING_CONNECTOR", ADMIN, PLACEMENT_OPTIONS=told)
    assert answer.status_code == 400


def test_number_is_read_from_any_shape() -> None:
    def number(value: Any) -> int:
        return Opening(1, 1, False, "active", {"ID": value}).number("ID")

    assert [number(value) for value in ("17", 17, "０１", "1.5", None, True, {}, "-3")] == [
        17,
        17,
        *[0] * 6,
    ]


def test_session_belongs_to_the_opening(here: World, app: Flask) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    viewer = guard.read(screen.boot["token"], guard.clock.now())
    assert (viewer.user_id, viewer.is_admin, viewer.entity) == (BORIS, False, None)
    assert viewer.language == "ru"
