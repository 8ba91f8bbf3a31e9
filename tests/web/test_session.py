"""How a frame stays in: renewing the session, tickets for live news."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from b24app import clock
from b24app.db import db
from b24app.models import Portal
from b24app.web import guard
from tests.world import ADMIN, BORIS, Screen, World, world


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


def renew(screen: Screen, token: str = "", **body: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {token or screen.boot['token']}"}
    return screen.client.post("/api/v1/session/renew", json=body, headers=headers)


def code(answer: TestResponse) -> str:
    return str(answer.json["error"]["code"]) if answer.json else ""


def auth_id(here: World, user_id: int = BORIS) -> str:
    """What refreshAuth gives a page."""
    return here.portal.frame_form("LEFT_MENU", {}, user_id)[1]["AUTH_ID"]


def test_session_is_renewed(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    answer = renew(screen)
    assert answer.status_code == 200
    assert answer.json["expires_in"] == 900
    before = guard.read(screen.boot["token"], clock.now())
    assert guard.read(answer.json["token"], clock.now()) == before


def test_stale_token_needs_bitrix24(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert code(renew(screen)) == "session_over"


def test_bitrix24_lets_a_stale_session_in(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    fresh = auth_id(here)
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        answer = renew(screen, auth_id=fresh)
        assert answer.status_code == 200
        assert guard.read(answer.json["token"], clock.now()).user_id == BORIS


def test_session_ends_after_half_a_day(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    begun = clock.now()
    token = screen.boot["token"]
    for minutes in range(10, 12 * 60 + 10, 10):
        with time_machine.travel(begun + timedelta(minutes=minutes), tick=False):
            answer = renew(screen, token)
            if answer.status_code != 200:
                break
            token = answer.json["token"]
    assert minutes == 12 * 60
    assert (answer.status_code, code(answer)) == (401, "session_over")


def test_other_employee_cannot_take_over(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    assert renew(screen, auth_id=auth_id(here, ADMIN)).status_code == 403


def test_made_up_auth_is_refused(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    assert renew(screen, auth_id="0" * 40).status_code == 403


def test_forged_token_is_not_renewed(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    assert (
        renew(screen, screen.boot["token"][:-3] + "abc", auth_id=auth_id(here)).status_code == 401
    )


def test_dismissed_employee_is_not_renewed(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    here.control("users", {"ID": BORIS, "ACTIVE": False})
    here.open("DEFAULT", ADMIN).post("/install/people")
    assert renew(screen).status_code == 401


def test_removed_portal_is_not_renewed(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    token = auth_id(here)
    here.portal.uninstall(ADMIN)
    here.run()
    assert renew(screen).status_code == 401
    assert renew(screen, auth_id=token).status_code == 403


def test_session_is_not_renewed_for_other_sites(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    headers = {
        "Authorization": f"Bearer {screen.boot['token']}",
        "Origin": "https://evil.example",
    }
    answer = screen.client.post("/api/v1/session/renew", json={}, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "foreign_origin")


def test_unknown_fields_are_refused(here: World) -> None:
    assert renew(here.open("LEFT_MENU", BORIS), user_id="1").status_code == 400


def test_ticket_opens_the_news_once(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    ticket = screen.post("/live/ticket")["ticket"]
    assert guard.read_ticket(ticket, clock.now()).user_id == BORIS
    with pytest.raises(guard.Stranger):
        guard.read_ticket(ticket, clock.now())


def test_ticket_is_for_those_inside(here: World) -> None:
    screen = here.open("LEFT_MENU", BORIS)
    db.session.query(Portal).update({"status": "blocked"})
    db.session.commit()
    assert screen.ask("POST", "/live/ticket").status_code == 403
