"""/api/v1/requests: what screens see of offline requests and do with them."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from b24app import clock
from b24app.actions import requests
from b24app.db import db, transaction
from b24app.models import OfflineRequest, Portal
from b24app.rules.forms import Given
from b24app.web import guard
from b24app.web.guard import Viewer
from tests import build
from tests.build import BORIS, NOW

PHONE = "+79000000001"


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    yield app.test_client()
    db.session.rollback()


def bearer(portal_id: int, user_id: int = BORIS) -> dict[str, str]:
    viewer = Viewer(
        portal_id=portal_id,
        user_id=user_id,
        is_admin=False,
        placement="left_menu",
        auth_at=clock.now(),
        epoch=guard.epoch(portal_id),
    )
    return {"Authorization": f"Bearer {guard.mint(viewer, clock.now())}"}


def kept(text: str = "Call me") -> tuple[str, dict[str, str]]:
    """A request of a portal of its own: its address, and who may ask for it."""
    with transaction():
        channel = build.channel(kind="webchat", settings={})
        build.operator(db.session.get_one(Portal, channel.portal_id))
        row = requests.keep(channel, Given(name="Anna", phone=PHONE, text=text), NOW)
        number, portal_id = row.id, row.portal_id
    return f"/api/v1/requests/{number}", bearer(portal_id)


def ask(client: FlaskClient, path: str, headers: dict[str, str], verb: str = "GET") -> Any:
    answer = client.open(path, method=verb, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_request_is_shown_whole(client: FlaskClient) -> None:
    path, headers = kept()
    with transaction() as session:
        session.query(OfflineRequest).one().deal_id = 5
    told = ask(client, path, headers)
    number = path.rpartition("/")[2]
    assert told["contact"] == {
        "id": told["contact"]["id"],
        "name": "Anna",
        "phone": PHONE,
        "email": "",
    }
    assert told["crm"]["deal"]["url"].endswith("/crm/deal/details/5/")
    assert {name: told[name] for name in ("id", "status", "text", "responsible", "created_at")} == {
        "id": number,
        "status": "new",
        "text": "Call me",
        "responsible": None,
        "created_at": "2026-11-21T10:00:00.000Z",
    }
    assert (told["channel"]["kind"], told["form"], told["visit"]) == ("webchat", {}, {})
    assert told["may"] == {"take": True, "finish": True, "reopen": False}
    assert ask(client, "/api/v1/requests?status=new", headers)["items"] == [told]


def test_request_is_taken_finished_and_reopened(client: FlaskClient) -> None:
    path, headers = kept()
    taken = ask(client, f"{path}/take", headers, "POST")
    assert (taken["status"], taken["responsible"]["name"]) == ("active", f"Boris {BORIS}")
    assert ask(client, f"{path}/finish", headers, "POST")["status"] == "done"
    counted = ask(client, "/api/v1/requests/counters", headers)
    assert counted == {"new": 0, "active": 0, "done": 1}
    assert ask(client, f"{path}/reopen", headers, "POST")["status"] == "active"


def test_who_is_too_late_is_told_so(client: FlaskClient) -> None:
    path, headers = kept()
    ask(client, f"{path}/finish", headers, "POST")
    answer = client.post(f"{path}/take", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "not_new")


def test_other_portals_requests_are_not_there(client: FlaskClient) -> None:
    theirs, _ = kept("A secret")
    _, mine = kept("My own")
    assert client.get(theirs, headers=mine).status_code == 404
    for deed in ("take", "finish", "reopen"):
        assert client.post(f"{theirs}/{deed}", headers=mine).status_code == 404
    listed = ask(client, "/api/v1/requests", mine)["items"]
    assert [one["text"] for one in listed] == ["My own"]


@pytest.mark.parametrize("query", ["status=lost", "limit=1000", "cursor=x", "colour=red"])
def test_questions_that_make_no_sense_are_refused(client: FlaskClient, query: str) -> None:
    _, headers = kept()
    answer = client.get(f"/api/v1/requests?{query}", headers=headers)
    assert answer.status_code == 400
    assert answer.json["error"]["fields"]


def test_strangers_see_nothing(client: FlaskClient) -> None:
    path, _ = kept()
    for address in ("/api/v1/requests", path):
        assert client.get(address).status_code == 401
