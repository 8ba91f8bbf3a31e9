"""The site widget's doors: whom they serve, what they show, what they refuse."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from b24app import clock, db
from b24app.actions import shown, widget
from b24app.models import (
    Attachment,
    Audit,
    Channel,
    Contact,
    Conversation,
    Identity,
    Message,
    OfflineRequest,
)
from b24app.rules.hours import DAYS
from tests import build

SHOP = "https://shop.example"


def channel(key: str = "shop-key", **settings: Any) -> int:
    with db.transaction():
        home = build.portal(last_event=5)
        return build.channel(home, kind="webchat", hook_key=key, settings=settings).id


def talk(channel_id: int, visitor: str) -> Conversation:
    row = db.db.session.get_one(Channel, channel_id)
    contact = Contact(portal_id=row.portal_id, created_at=clock.now())
    db.db.session.add(contact)
    db.db.session.flush()
    identity = Identity(
        portal_id=row.portal_id,
        channel_id=row.id,
        contact_id=contact.id,
        external_id=visitor,
        created_at=clock.now(),
    )
    made = Conversation(
        portal_id=row.portal_id,
        channel=row,
        contact=contact,
        identity=identity,
        opened_at=clock.now(),
        last_at=clock.now(),
    )
    db.db.session.add(made)
    db.db.session.flush()
    return made


def say(to: Conversation, text: str, **changes: Any) -> Message:
    row = Message(
        **{
            "portal_id": to.portal_id,
            "channel_id": to.channel_id,
            "conversation_id": to.id,
            "direction": "out",
            "origin": "workplace",
            "author_id": 7,
            "author_name": "Boris",
            "text": text,
            "state": "sent",
            "said_at": clock.now(),
            "created_at": clock.now(),
            **changes,
        }
    )
    db.db.session.add(row)
    db.db.session.flush()
    return row


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def built(app: Flask, tmp_path: Path) -> Path:
    """A script in place of the one that a build makes."""
    script = tmp_path / "dist" / "widget.js"
    script.parent.mkdir()
    script.write_text("start()")
    app.static_folder = str(tmp_path)
    return script


def opened(client: FlaskClient, visitor: str | None = None, key: str = "shop-key") -> Any:
    answer = client.post(f"/widget/{key}/session", json={"visitor": visitor, "lang": "ru"})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_newcomer_gets_a_name_and_nothing_else(client: FlaskClient) -> None:
    channel(title="Ask us", greeting="Hello!")
    told = opened(client)
    assert told["messages"] == []
    assert (told["after"], told["unread"]) == (5, 0)
    assert told["config"]["title"] == "Ask us"
    assert opened(client, told["visitor"])["visitor_id"] == told["visitor_id"]


def test_forged_visitor_becomes_a_newcomer(client: FlaskClient) -> None:
    channel()
    assert opened(client, "made-up")["visitor"] != "made-up"


def test_token_of_another_channel_is_not_known(client: FlaskClient) -> None:
    channel()
    channel("other-key")
    theirs = opened(client, key="other-key")
    assert opened(client, theirs["visitor"])["visitor_id"] != theirs["visitor_id"]


def test_history_is_the_visitors_own(client: FlaskClient) -> None:
    number = channel()
    anna, clara = opened(client), opened(client)
    with db.transaction():
        own = talk(number, anna["visitor_id"])
        own.status = "closed"
        say(own, "hello", direction="in", origin="channel", author_id=None, state="received")
        say(own, "good day")
        say(own, "closed", direction="system", origin="system")
        say(own, "taken back", deleted_at=clock.now())
        say(talk(number, clara["visitor_id"]), "a secret")
    told = opened(client, anna["visitor"])
    assert [one["text"] for one in told["messages"]] == ["hello", "good day"]
    assert [one["state"] for one in told["messages"]] == ["read", "sent"]
    assert told["unread"] == 1


@pytest.mark.parametrize(("unread", "state"), [(1, "delivered"), (0, "read")])
def test_words_are_read_when_an_employee_saw_them(
    client: FlaskClient, unread: int, state: str
) -> None:
    number, anna = channel(), opened(client)
    with db.transaction():
        own = talk(number, anna["visitor_id"])
        own.unread = unread
        say(own, "hello", direction="in", origin="channel", author_id=None, state="received")
    assert [one["state"] for one in opened(client, anna["visitor"])["messages"]] == [state]


def test_history_is_the_newest_fifty(client: FlaskClient) -> None:
    number, anna = channel(), opened(client)
    with db.transaction():
        own = talk(number, anna["visitor_id"])
        for count in range(widget.HISTORY + 3):
            say(own, str(count))
    texts = [one["text"] for one in opened(client, anna["visitor"])["messages"]]
    assert texts == [str(count) for count in range(3, widget.HISTORY + 3)]


def test_visitor_sees_named_fields_only(app: Flask) -> None:
    number = channel()
    with db.transaction():
        told = shown.message(say(talk(number, "f" * 32), "hi"), clock.now())
    assert set(widget.message(told)) == {
        "id", "uuid", "direction", "author", "text", "attachments", "at", "state", "deleted",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("operator_typing", {"operator": "Boris"}, ("typing", {"author": "Boris"})),
        ("conversation", {"status": "closed", "unread": 0, "crm": 1}, ("closed", {})),
        ("conversation", {"status": "active", "unread": 0}, ("read", {})),
        ("conversation", {"status": "new", "unread": 2}, None),
        ("message", {"direction": "system"}, None),
        ("channel", {"id": "1"}, None),
    ],
)
def test_news_are_translated(kind: str, data: dict[str, Any], told: Any) -> None:
    assert widget.news(kind, data) == told


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (SHOP, 200),
        ("https://www.shop.example:8443", 200),
        ("https://evilshop.example", 403),
        ("https://shop.example.evil.example", 403),
        ("null", 403),
        (None, 200),
    ],
)
def test_only_the_channels_sites_may_ask(
    client: FlaskClient, origin: str | None, status: int
) -> None:
    channel(sites=["shop.example"])
    headers = {"Origin": origin} if origin else {}
    answer = client.post("/widget/shop-key/session", json={}, headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") == origin


@pytest.mark.parametrize("path", ["/widget/shop-key/session", "/hooks/shop-key"])
def test_browsers_may_ask_first(client: FlaskClient, path: str) -> None:
    answer = client.options(path, headers={"Origin": SHOP})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "X-Visitor" in answer.headers["Access-Control-Allow-Headers"]


def test_messages_go_in_from_a_site(client: FlaskClient) -> None:
    channel()
    anna = opened(client)
    body = {"visitor": anna["visitor"], "type": "message", "uuid": "a" * 32, "text": "hi"}
    answer = client.post("/hooks/shop-key", json=body, headers={"Origin": SHOP})
    assert answer.get_json() == {"ok": True}
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.parametrize("body", ["", "[]", '{"visitor": 5}', "\xff"])
def test_nonsense_is_refused(client: FlaskClient, body: str) -> None:
    channel()
    answer = client.post("/widget/shop-key/session", data=body.encode("latin-1"))
    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"]


def test_long_bodies_are_refused(client: FlaskClient) -> None:
    channel()
    assert client.post("/widget/shop-key/session", data=b" " * 20_000).status_code == 413


def test_switched_off_channel_serves_nobody(client: FlaskClient) -> None:
    number = channel()
    with db.transaction() as session:
        session.get_one(Channel, number).state = "disconnected"
    assert client.post("/widget/shop-key/session", json={}).status_code == 404
    assert client.post("/widget/unknown/session", json={}).status_code == 404


def test_consent_is_kept(client: FlaskClient) -> None:
    channel(consent_text="I agree", consent_url="https://shop.example/policy")
    anna = opened(client)
    answer = client.post(
        "/widget/shop-key/consent",
        json={"page_url": f"{SHOP}/cart"},
        headers={"X-Visitor": anna["visitor"]},
    )
    assert answer.status_code == 204
    kept = db.db.session.query(Audit).one()
    assert kept.deed == "widget_consent"
    assert kept.details["visitor"] == anna["visitor_id"]
    assert kept.details["text"] == "I agree"


FAR_DAY = DAYS[(clock.now().weekday() + 3) % 7]
NIGHT = {"hours": [f"{FAR_DAY} 00:00-00:01"], "zone": "UTC"}


def left(client: FlaskClient, visitor: str, **more: Any) -> Any:
    body = {"uuid": "a" * 32, "phone": "8 900 000-00-01", "text": "Call me", **more}
    headers = {"X-Visitor": visitor}
    return client.post("/widget/shop-key/requests", json=body, headers=headers)


def test_nobody_is_there_at_night(client: FlaskClient) -> None:
    number = channel(**NIGHT, away_text="Back on Monday")
    anna = opened(client)
    assert anna["config"]["away"] == "Back on Monday"
    with db.transaction():
        talk(number, anna["visitor_id"])
    assert opened(client, anna["visitor"])["config"]["away"] is None  # a talk goes on


def test_words_left_at_night_are_a_request(any_app: Flask) -> None:
    channel(**NIGHT)
    client = any_app.test_client()
    anna = opened(client)
    page = {"url": f"{SHOP}/moon", "title": "Moon", "utm": {"utm_source": "ad"}}
    answers = [left(client, anna["visitor"], page=page) for _ in range(2)]
    db.db.session.rollback()
    (row,) = build.rows(OfflineRequest)
    assert [answer.get_json() for answer in answers] == [{"id": str(row.id)}] * 2
    assert (row.kind, row.phone, row.text) == ("widget", "+79000000001", "Call me")
    assert row.visit["page_url"] == f"{SHOP}/moon"
    assert row.visit["utm"] == {"utm_source": "ad"}


def test_nobody_can_be_answered_without_a_contact(client: FlaskClient) -> None:
    channel(**NIGHT)
    anna = opened(client)
    assert left(client, anna["visitor"], phone="").status_code == 400
    assert left(client, anna["visitor"], uuid="!").status_code == 400
    assert left(client, "made-up").status_code == 401
    assert build.rows(OfflineRequest) == []


@pytest.mark.parametrize(
    ("lang", "wanted", "reads", "word"),
    [
        ("", "", "ru-RU,ru", "Отправить"),
        ("", "", "de", "Send"),
        ("en", "", "ru", "Send"),
        ("en", "?lang=ru", "de", "Отправить"),
    ],
)
def test_widget_speaks_as_it_is_told(
    client: FlaskClient, built: Path, lang: str, wanted: str, reads: str, word: str
) -> None:
    channel(lang=lang)
    headers = {"Accept-Language": reads}
    answer = client.get(f"/widget/shop-key.js{wanted}", headers=headers)
    assert f'"send": "{word}"' in answer.text
    assert "Accept-Language" in answer.vary


def upload(client: FlaskClient, visitor: str, body: bytes = b"%PDF-1.4 text") -> Any:
    return client.post(
        "/widget/shop-key/files",
        data={"file": (io.BytesIO(body), "../bill.pdf")},
        headers={"X-Visitor": visitor},
    )


def test_file_is_kept_for_its_visitor(client: FlaskClient) -> None:
    number, anna = channel(), opened(client)
    told = upload(client, anna["visitor"]).get_json()
    assert (told["name"], told["size"]) == ("bill.pdf", 13)
    kept = db.db.session.get_one(Attachment, int(told["id"]))
    assert (kept.channel_id, kept.owner) == (number, f"visitor:{anna['visitor_id']}")


def test_strangers_upload_nothing(client: FlaskClient) -> None:
    channel()
    assert upload(client, "made-up").status_code == 401
    assert upload(client, opened(client)["visitor"], b"").status_code in (201, 400)
    assert client.post(
        "/widget/shop-key/files", headers={"X-Visitor": opened(client)["visitor"]}
    ).get_json()["error"]["fields"]


def test_visitors_are_held_back(client: FlaskClient) -> None:
    channel()
    anna = opened(client)
    codes = [upload(client, anna["visitor"]).status_code for _ in range(32)]
    assert codes[:30] == [201] * 30
    assert codes[30:] == [429] * 2


def test_script_carries_key_address_and_look(client: FlaskClient, built: Path) -> None:
    channel(title="</script>", color="#123456")
    answer = client.get("/widget/shop-key.js")
    first, code = answer.text.split(";\n")
    assert code == "start()"
    known = json.loads(first.removeprefix("window.__callgear="))
    assert (known["key"], known["api"]) == ("shop-key", "http://127.0.0.1:8000")
    assert known["config"]["color"] == "#123456"
    assert answer.cache_control.max_age == 300
    again = client.get("/widget/shop-key.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_missing_build_is_said(client: FlaskClient, app: Flask, tmp_path: Path) -> None:
    channel()
    app.static_folder = str(tmp_path)
    answer = client.get("/widget/shop-key.js")
    assert answer.status_code == 503
    assert "npm run build" in answer.text


def test_script_of_a_dead_channel_does_nothing(client: FlaskClient) -> None:
    answer = client.get("/widget/unknown.js")
    assert answer.status_code == 200
    assert answer.text.startswith("/*")
