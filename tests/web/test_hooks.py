"""The address that messengers call: what is kept, what is refused, and at what price."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text
from werkzeug.test import TestResponse

from b24app.channels import webchat
from b24app.db import db
from b24app.models import Arrival, Channel, Job
from b24app.web.hooks import BODY_LIMIT
from b24app.web.refusals import REFUSED
from tests import build
from tests.channels import recordings, rows

VISITOR = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client(any_app: Flask) -> FlaskClient:
    return any_app.test_client()


@pytest.fixture
def telegram(any_app: Flask) -> Channel:
    return rows.channel()


@pytest.fixture
def widget(any_app: Flask) -> Channel:
    return rows.channel(None, "webchat", settings={"sites": ["shop.example"]})


def bring(client: FlaskClient, channel: Channel, name: str = "text") -> TestResponse:
    """A recorded call, at this channel's address."""
    call = recordings.call(channel.kind, name)
    return client.post(f"/hooks/{channel.hook_key}", data=call.body, headers=dict(call.headers))


def kept() -> tuple[int, int]:
    db.session.rollback()
    return len(db.session.scalars(select(Arrival)).all()), len(
        db.session.scalars(select(Job)).all()
    )


def test_call_is_kept_with_a_promise(client: FlaskClient, telegram: Channel) -> None:
    answer = bring(client, telegram)
    arrival, job = db.session.scalars(select(Arrival)).one(), db.session.scalars(select(Job)).one()
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    assert (arrival.source, arrival.provider_id) == (f"channel:{telegram.id}", "870001")
    assert (job.kind, job.key) == ("receive", f"arrival:{arrival.id}")
    assert job.lane == f"channel:{telegram.id}:chat:5001"
    assert job.payload == {"arrival_id": arrival.id}


def test_secret_is_not_kept(client: FlaskClient, telegram: Channel) -> None:
    bring(client, telegram)
    arrival = db.session.scalars(select(Arrival)).one()
    assert "sample-secret" not in f"{arrival.meta} {arrival.body}"


def test_same_call_twice_is_one(client: FlaskClient, telegram: Channel) -> None:
    assert [bring(client, telegram).status_code for _ in range(3)] == [200, 200, 200]
    assert kept() == (1, 1)


def test_same_number_in_two_channels_is_two(client: FlaskClient, telegram: Channel) -> None:
    stranger = rows.channel()
    bring(client, telegram)
    bring(client, stranger)
    assert kept() == (2, 2)


def test_price_is_three_statements(client: FlaskClient, telegram: Channel) -> None:
    bring(client, telegram, "photo")
    with counting() as statements:
        bring(client, telegram)
    assert [statement.split()[0] for statement in statements] == ["SELECT", "INSERT", "INSERT"]


@contextmanager
def counting() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def refused(reason: str) -> float:
    count: float = REFUSED.labels("hooks", reason)._value.get()
    return count


def test_unknown_address_is_not_found(client: FlaskClient, telegram: Channel) -> None:
    before = refused("not_found")
    assert client.post("/hooks/nobody", data=b"{}").status_code == 404
    assert kept() == (0, 0)
    assert refused("not_found") == before + 1


@pytest.mark.parametrize("more", [{"state": "disconnected"}, {"deleted_at": build.NOW}])
def test_disconnected_channel_is_not_found(client: FlaskClient, any_app: Flask, more: Any) -> None:
    channel = rows.channel(**more)
    assert bring(client, channel).status_code == 404


def test_uninstalled_portal_is_not_found(client: FlaskClient, any_app: Flask) -> None:
    channel = rows.channel(rows.portal(status="deleted"))
    assert bring(client, channel).status_code == 404
    assert kept() == (0, 0)


def test_blocked_portal_still_loses_nothing(client: FlaskClient, any_app: Flask) -> None:
    channel = rows.channel(rows.portal(status="blocked"))
    assert bring(client, channel).status_code == 200
    assert kept() == (1, 1)


@pytest.mark.parametrize("secret", [None, "", "wrong", "sample-secret ", "é"])
def test_wrong_secret_is_denied(
    client: FlaskClient, telegram: Channel, secret: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    call = recordings.call("telegram", "text")
    answer = client.post(f"/hooks/{telegram.hook_key}", data=call.body, headers=headers)
    assert answer.status_code == 403
    assert kept() == (0, 0)
    assert telegram.hook_key not in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\x00", b'{"update_id": "x"}'])
def test_malformed_call_is_invalid(client: FlaskClient, telegram: Channel, body: bytes) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": "sample-secret"}
    answer = client.post(f"/hooks/{telegram.hook_key}", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["code"] == "invalid"
    assert kept() == (0, 0)


def test_too_large_call_is_refused(client: FlaskClient, telegram: Channel) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": "sample-secret"}
    body = b"x" * (BODY_LIMIT + 1)
    answer = client.post(f"/hooks/{telegram.hook_key}", data=body, headers=headers)
    assert answer.status_code == 413
    assert answer.json is not None
    assert answer.json["error"]["code"] == "too_large"


def test_get_without_secret_is_denied(client: FlaskClient, telegram: Channel) -> None:
    assert client.get(f"/hooks/{telegram.hook_key}").status_code == 403


def test_lost_database_is_busy(app: Flask) -> None:
    channel = rows.channel()
    db.session.execute(text("ALTER TABLE arrival RENAME TO away"))
    db.session.commit()
    assert bring(app.test_client(), channel).status_code == 503


def say(client: FlaskClient, channel: Channel, **more: Any) -> TestResponse:
    """A visitor's call from a browser."""
    origin = more.pop("origin", "https://shop.example")
    body = {
        "visitor": webchat.mint_visitor(VISITOR, "sample-secret"),
        "type": "message",
        "uuid": "b1f2c3d4-0001-4000-8000-000000000001",
        "text": "Hello",
        **more,
    }
    return client.post(f"/hooks/{channel.hook_key}", json=body, headers={"Origin": origin})


def test_visitor_is_heard(client: FlaskClient, widget: Channel) -> None:
    answer = say(client, widget)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert kept() == (1, 1)


def test_visitor_repeats_harmlessly(client: FlaskClient, widget: Channel) -> None:
    assert [say(client, widget).status_code for _ in range(2)] == [200, 200]
    assert kept() == (1, 1)


def test_two_visitors_may_use_one_uuid(client: FlaskClient, widget: Channel) -> None:
    say(client, widget)
    say(client, widget, visitor=webchat.new_visitor("sample-secret"))
    assert kept() == (2, 2)


def test_foreign_site_is_denied(client: FlaskClient, widget: Channel) -> None:
    assert say(client, widget, origin="https://evil.example").status_code == 403
    assert kept() == (0, 0)


def test_forged_visitor_is_a_stranger(client: FlaskClient, widget: Channel) -> None:
    forged = webchat.mint_visitor(VISITOR, "another-secret")
    assert say(client, widget, visitor=forged).status_code == 401
    assert kept() == (0, 0)


def test_visitor_without_uuid_is_invalid(client: FlaskClient, widget: Channel) -> None:
    assert say(client, widget, uuid="").status_code == 400


def test_browser_may_ask_first(client: FlaskClient, widget: Channel) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = client.options(f"/hooks/{widget.hook_key}", headers=headers)
    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=80), secret=st.sampled_from(["", "sample-secret"]))
def test_garbage_never_breaks_the_door(app: Flask, body: bytes, secret: str) -> None:
    channel = db.session.scalar(select(Channel)) or rows.channel()
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    answer = app.test_client().post(f"/hooks/{channel.hook_key}", data=body, headers=headers)
    assert answer.status_code in (400, 403)
    assert json.loads(answer.data)["error"]["message"]
