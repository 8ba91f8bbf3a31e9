"""Who asks: tokens of frames, their life and their death."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from b24app import clock
from b24app.db import db, transaction
from b24app.errors import Stranger
from b24app.models import Operator, Portal
from b24app.web import guard
from b24app.web.guard import Entity, LineRef, Viewer

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@guard.employee
def for_all() -> Any:
    asking = guard.viewer()
    return jsonify(user=asking.user_id, entity=asking.entity and asking.entity.id)


@guard.admin
def for_admins() -> Any:
    return "ok"


@guard.installer
def for_installers() -> Any:
    return "ok"


@pytest.fixture
def portal(app: Flask) -> Portal:
    for path, view in (("all", for_all), ("admins", for_admins), ("installers", for_installers)):
        app.add_url_rule(f"/api/test/{path}", view_func=view, methods=["GET", "POST"])
    row = Portal(
        member_id="boris",
        domain="boris.example",
        client_endpoint="https://boris.example/rest/",
        oauth_url="http://localhost:7201",
        status="active",
        created_at=NOW,
    )
    with transaction() as session:
        session.add(row)
        session.flush()
        session.add(Operator(portal_id=row.id, user_id=2, name="Boris"))
    return row


@pytest.fixture
def boris(portal: Portal) -> Viewer:
    return viewer(portal.id, epoch=guard.epoch(portal.id))


@pytest.fixture
def http(app: Flask, portal: Portal) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


def viewer(portal_id: int, **changes: Any) -> Viewer:
    facts: dict[str, Any] = {
        "portal_id": portal_id,
        "user_id": 2,
        "is_admin": False,
        "placement": "deal_tab",
        "auth_at": clock.now().replace(microsecond=0),
        "entity": Entity("deal", 17),
    }
    return Viewer(**facts | changes)


def administrator(portal: Portal) -> Viewer:
    return viewer(portal.id, is_admin=True, epoch=guard.epoch(portal.id))


def asked(
    http: FlaskClient, token: str, path: str = "all", method: str = "GET", **headers: str
) -> TestResponse:
    headers["Authorization"] = f"Bearer {token}"
    return http.open(f"/api/test/{path}", method=method, headers=headers)


def code(answer: TestResponse) -> str:
    body: dict[str, Any] = answer.get_json()
    return str(body["error"]["code"])


def test_token_says_who_looks(boris: Viewer) -> None:
    full = viewer(boris.portal_id, line=LineRef("callgear_chats", 5), epoch=7, language="ru")
    assert guard.read(guard.mint(full, clock.now()), clock.now()) == full


def test_token_opens_a_view(http: FlaskClient, boris: Viewer) -> None:
    answer = asked(http, guard.mint(boris, clock.now()))
    assert answer.get_json() == {"user": 2, "entity": 17}


def test_token_dies_after_a_quarter(boris: Viewer) -> None:
    token = guard.mint(boris, NOW)
    guard.read(token, NOW + timedelta(minutes=14, seconds=59))
    with pytest.raises(Stranger) as refused:
        guard.read(token, NOW + timedelta(minutes=15))
    assert (refused.value.status, refused.value.code) == (401, "session_expired")


def test_stale_token_is_read_for_renewal(boris: Viewer) -> None:
    token = guard.mint(boris, NOW)
    assert guard.read(token, NOW + timedelta(days=1), may_be_stale=True).user_id == 2


def test_missing_token_is_401(http: FlaskClient) -> None:
    answer = http.get("/api/test/all")
    assert (answer.status_code, code(answer)) == (401, "session_expired")


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "None"}, {"alg": "HS512"}, {}, []])
def test_other_algorithms_are_refused(boris: Viewer, header: Any) -> None:
    _, claims, signature = guard.mint(boris, NOW).split(".")
    for forged in (f"{part(header)}.{claims}.", f"{part(header)}.{claims}.{signature}"):
        with pytest.raises(Stranger):
            guard.read(forged, NOW)


def test_changed_claim_is_refused(boris: Viewer) -> None:
    head, claims, signature = guard.mint(boris, NOW).split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    with pytest.raises(Stranger):
        guard.read(f"{head}.{part(told | {'admin': True})}.{signature}", NOW)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.b.c", "a" * 5000, "a.b.c.d.e"])
def test_nonsense_is_refused(boris: Viewer, token: str) -> None:
    with pytest.raises(Stranger):
        guard.read(token, NOW)


def test_ticket_is_no_token(boris: Viewer) -> None:
    with pytest.raises(Stranger):
        guard.read(guard.mint_ticket(boris, NOW), NOW)


def test_employee_is_no_admin(http: FlaskClient, boris: Viewer) -> None:
    answer = asked(http, guard.mint(boris, clock.now()), "admins")
    assert (answer.status_code, code(answer)) == (403, "not_admin")


def test_admin_passes(http: FlaskClient, portal: Portal) -> None:
    token = guard.mint(administrator(portal), clock.now())
    assert asked(http, token, "admins").status_code == 200


def test_uninstalled_portal_ends_sessions(http: FlaskClient, boris: Viewer, portal: Portal) -> None:
    token = guard.mint(boris, clock.now())
    with transaction():
        portal.status, portal.uninstalled_at = "deleted", clock.now()
    assert asked(http, token).status_code == 401


def test_reinstalled_portal_keeps_old_sessions_out(
    http: FlaskClient, boris: Viewer, portal: Portal
) -> None:
    token = guard.mint(boris, clock.now())
    with transaction():
        portal.uninstalled_at = clock.now()
    assert asked(http, token).status_code == 401
    fresh = viewer(portal.id, epoch=guard.epoch(portal.id))
    assert asked(http, guard.mint(fresh, clock.now())).status_code == 200


@pytest.mark.parametrize("status", ["new", "blocked"])
def test_portal_that_does_not_work_is_403(
    http: FlaskClient, boris: Viewer, portal: Portal, status: str
) -> None:
    with transaction():
        portal.status = status
    answer = asked(http, guard.mint(boris, clock.now()))
    assert (answer.status_code, code(answer)) == (403, f"portal_{status}")


def test_installer_passes_before_the_end(http: FlaskClient, portal: Portal) -> None:
    with transaction():
        portal.status = "new"
    token = guard.mint(administrator(portal), clock.now())
    assert asked(http, token, "installers").status_code == 200


def test_dismissed_employee_is_out(http: FlaskClient, boris: Viewer) -> None:
    with transaction():
        db.session.query(Operator).update({"active": False})
    assert asked(http, guard.mint(boris, clock.now())).status_code == 401


def test_unknown_portal_is_out(http: FlaskClient, boris: Viewer) -> None:
    token = guard.mint(viewer(boris.portal_id + 1), clock.now())
    assert asked(http, token).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8001"])
def test_foreign_origin_may_not_change(http: FlaskClient, boris: Viewer, origin: str) -> None:
    token = guard.mint(boris, clock.now())
    answer = asked(http, token, method="POST", Origin=origin)
    assert (answer.status_code, code(answer)) == (403, "foreign_origin")
    assert asked(http, token, Origin=origin).status_code == 200


def test_own_origin_may_change(http: FlaskClient, boris: Viewer) -> None:
    token = guard.mint(boris, clock.now())
    answer = asked(http, token, method="POST", Origin="http://127.0.0.1:8000")
    assert answer.status_code == 200


def test_ticket_counts_once(boris: Viewer) -> None:
    ticket = guard.mint_ticket(boris, NOW)
    assert guard.read_ticket(ticket, NOW) == boris
    with pytest.raises(Stranger):
        guard.read_ticket(ticket, NOW)


def test_ticket_lives_half_a_minute(boris: Viewer) -> None:
    with pytest.raises(Stranger):
        guard.read_ticket(guard.mint_ticket(boris, NOW), NOW + timedelta(seconds=30))


def test_forged_ticket_is_refused(boris: Viewer) -> None:
    for forged in ("", "x", guard.mint(boris, NOW), "x" + guard.mint_ticket(boris, NOW)):
        with pytest.raises(Stranger):
            guard.read_ticket(forged, NOW)
