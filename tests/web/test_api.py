"""The API as a whole: described, closed to strangers, exact in what it takes."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from b24app import clock
from b24app.db import db
from b24app.models import Conversation, Message, Portal
from b24app.web import guard
from b24app.web.guard import Viewer
from tests import build
from tests.build import BORIS


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    yield app.test_client()
    db.session.rollback()


def bearer(portal_id: int, admin: bool = False, user_id: int = BORIS) -> dict[str, str]:
    viewer = Viewer(
        portal_id=portal_id,
        user_id=user_id,
        is_admin=admin,
        placement="left_menu",
        auth_at=clock.now(),
        epoch=guard.epoch(portal_id),
    )
    return {"Authorization": f"Bearer {guard.mint(viewer, clock.now())}"}


def talk() -> tuple[int, dict[str, str]]:
    row = build.conversation()
    build.operator(home(row))
    db.session.commit()
    return row.id, bearer(row.portal_id)


def home(row: Conversation | Message) -> Portal:
    return db.session.get_one(Portal, row.portal_id)


def test_description_names_the_fixed_addresses(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    assert {"/api/v1/channels", "/api/v1/conversations"} <= set(paths)
    assert "post" in paths["/api/v1/conversations/{number}/messages"]


def test_stranger_is_refused_before_anything_is_read(client: FlaskClient) -> None:
    answer = client.post("/api/v1/conversations/1/messages", data="nonsense")
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "session_expired"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"client_uuid": "two words"},
        {"client_uuid": "uuid-0001", "text": 5},
        {"client_uuid": "uuid-0001", "text": "x", "colour": "red"},
        {"client_uuid": "uuid-0001", "text": "x", "attachments": ["one"]},
    ],
)
def test_body_must_fit(client: FlaskClient, body: dict[str, Any]) -> None:
    number, headers = talk()
    answer = client.post(f"/api/v1/conversations/{number}/messages", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json["error"]["fields"]


def test_sent_message_is_answered_with_201_then_200(client: FlaskClient) -> None:
    number, headers = talk()
    body = {"client_uuid": "uuid-0001", "text": "Hello"}
    path = f"/api/v1/conversations/{number}/messages"
    answers = [client.post(path, json=body, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json["id"] == answers[1].json["id"]


def test_second_operator_gets_a_conflict(client: FlaskClient) -> None:
    number, headers = talk()
    client.post(f"/api/v1/conversations/{number}/accept", headers=headers)
    portal = home(build.rows(Message)[0])
    build.operator(portal, 9)
    db.session.commit()
    other = bearer(portal.id, user_id=9)
    answer = client.post(f"/api/v1/conversations/{number}/accept", headers=other)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "not_new")


def test_only_administrators_connect_channels(client: FlaskClient) -> None:
    _, headers = talk()
    answer = client.post("/api/v1/channels", json={"kind": "telegram"}, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_admin")


def test_list_costs_few_statements(client: FlaskClient) -> None:
    channel = build.channel()
    for number in range(10):
        build.heard(channel, chat_id=f"chat{number}")
    db.session.commit()
    headers = bearer(channel.portal_id)
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    assert len(client.get("/api/v1/conversations", headers=headers).json["items"]) == 10
    assert len([one for one in counted if one.startswith("SELECT")]) <= 7


def test_counters_and_me_answer(client: FlaskClient) -> None:
    _, headers = talk()
    assert client.get("/api/v1/conversations/counters", headers=headers).json["new"] == 1
    assert client.get("/api/v1/me", headers=headers).json["user"]["id"] == str(BORIS)


def test_draft_is_kept_on_the_server(client: FlaskClient) -> None:
    number, headers = talk()
    path = f"/api/v1/conversations/{number}"
    client.put(f"{path}/draft", json={"text": "half a"}, headers=headers)
    assert client.get(path, headers=headers).json["draft"] == "half a"


def test_draft_reaches_the_writers_other_windows(client: FlaskClient) -> None:
    number, headers = talk()
    path = f"/api/v1/conversations/{number}/draft"
    for _ in range(2):  # the same again is no news
        client.put(path, json={"text": "half a", "window": "left"}, headers=headers)
    listed = client.get("/api/v1/events?after=0", headers=headers).json["items"]
    (news,) = [one["data"] for one in listed if one["kind"] == "draft"]
    assert news == {
        "conversation_id": str(number),
        "text": "half a",
        "user_id": str(BORIS),
        "window": "left",
    }


def test_preferences_are_kept(client: FlaskClient) -> None:
    _, headers = talk()
    client.put("/api/v1/preferences", json={"theme": "dark"}, headers=headers)
    assert client.get("/api/v1/me", headers=headers).json["preferences"] == {"theme": "dark"}


def test_preferences_reach_the_persons_other_screens(client: FlaskClient) -> None:
    _, headers = talk()
    client.put("/api/v1/preferences", json={"sound": False}, headers=headers)
    news = client.get("/api/v1/events?after=0", headers=headers).json["items"][-1]
    assert news["kind"] == "preferences"
    assert news["data"] == {"user_id": str(BORIS), "preferences": {"sound": False}}


def test_look_of_a_widget_is_rehearsed(client: FlaskClient) -> None:
    row = build.conversation()
    build.operator(home(row))
    db.session.commit()
    settings = {"title": "Ask us", "color": "red", "hours": ["never"], "lang": "ru"}
    path, admin = "/api/v1/channels/look", bearer(row.portal_id, admin=True)
    told = client.post(path, json={"settings": settings}, headers=admin).json
    assert told["look"]["title"] == "Ask us"
    assert set(told["wrong"]) == {"color", "hours"}
    assert told["texts"]["send"] == "Отправить"
    other = client.post(path, json={}, headers=bearer(row.portal_id))
    assert other.status_code == 403
