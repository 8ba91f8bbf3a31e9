"""Events of Bitrix24: kept once, forged ones turned away."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from b24app.db import db
from b24app.models import Arrival, Job, Portal, Token
from b24app.models.job import URGENT
from b24app.web.refusals import REFUSED
from tests.world import ADMIN, World, world

REPLY = {
    "event": "ONIMCONNECTORMESSAGEADD",
    "event_handler_id": "555",
    "ts": "1773759161",
    "data[CONNECTOR]": "callgear_chats",
    "data[LINE]": "1",
    "data[MESSAGES][0][im][chat_id]": "7",
    "data[MESSAGES][0][im][message_id]": "9",
    "data[MESSAGES][0][message][text]": "Да, есть",
    "data[MESSAGES][0][chat][id]": "c1:42",
    "auth[access_token]": "token-of-an-operator",
    "auth[user_id]": "2",
}


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.install()
        yield made


@pytest.fixture
def quick(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


def signed(here: World, **changes: str) -> dict[str, str]:
    auth = {
        "auth[member_id]": here.portal.settings.member_id,
        "auth[application_token]": here.portal.installation.application_token,
    }
    return {**REPLY, **auth, **changes}


def post(here: World, form: Any, **more: Any) -> TestResponse:
    return here.client.post("/bitrix/events", data=form, **more)


def kept() -> list[Arrival]:
    rows = list(db.session.scalars(select(Arrival).where(Arrival.meta["event"].as_string() != "")))
    replies = [row for row in rows if row.meta["event"] == REPLY["event"]]
    db.session.rollback()
    return replies


def promised() -> list[Job]:
    found = select(Job).where(Job.kind == "bitrix_event", Job.state == "queued")
    return list(db.session.scalars(found))


def turned_away(reason: str = "denied") -> float:
    return float(REFUSED.labels("events", reason)._value.get())


def test_event_is_kept_with_its_promise(here: World) -> None:
    assert post(here, signed(here)).status_code == 200
    (arrival,) = kept()
    (job,) = promised()
    assert json.loads(arrival.body)["data"]["MESSAGES"][0]["message"]["text"] == "Да, есть"
    assert arrival.state == "new"
    assert job.payload == {"arrival_id": arrival.id}
    assert job.lane == f"portal:{arrival.portal_id}:events:lines"
    assert job.priority == URGENT


def test_replay_brings_nothing_new(here: World) -> None:
    for _ in range(3):
        assert post(here, signed(here)).status_code == 200
    assert len(kept()) == 1
    assert len(promised()) == 1


def test_tokens_are_not_kept(quick: World) -> None:
    post(quick, signed(quick))
    (arrival,) = kept()
    assert "token-of-an-operator" not in arrival.body
    assert quick.portal.installation.application_token not in arrival.body


def test_kept_event_is_understood_later(quick: World) -> None:
    post(quick, signed(quick))
    quick.run()
    assert [arrival.state for arrival in kept()] == ["done"]


def test_event_without_sense_is_marked(quick: World) -> None:
    form = {key: value for key, value in signed(quick).items() if key != "data[LINE]"}
    post(quick, form)
    quick.run()
    (arrival,) = kept()
    assert (arrival.state, bool(arrival.error)) == ("failed", True)
    assert promised() == []


def test_stranger_and_wrong_token_look_alike(quick: World) -> None:
    counted = turned_away()
    wrong = post(quick, signed(quick, **{"auth[application_token]": "0" * 32}))
    stranger = post(quick, signed(quick, **{"auth[member_id]": "somebody"}))
    missing = post(quick, signed(quick, **{"auth[application_token]": ""}))
    assert wrong.status_code == stranger.status_code == missing.status_code == 403
    assert wrong.data == stranger.data == missing.data
    assert kept() == []
    assert turned_away() == counted + 3


def test_forged_installation_is_refused(quick: World) -> None:
    form = {
        "event": "ONAPPINSTALL",
        "ts": "1773759161",
        "data[INSTALLED]": "Y",
        "auth[member_id]": "evil",
        "auth[access_token]": "made-up",
        "auth[application_token]": "evil",
        "auth[server_endpoint]": "http://evil.example/rest/",
    }
    assert post(quick, form).status_code == 403
    assert db.session.query(Portal).count() == 1


BROKEN: list[Any] = [
    "",
    "event=ONAPPTEST",
    "auth=x&event=ONAPPTEST",
    "event[a]=1&event=2&auth[member_id]=x",
    "a" + "[b]" * 50 + "=1",
    "&".join(f"data[{number}]=1" for number in range(3000)),
    "event=%FF%FE&auth[member_id]=x",
    b"\xff\xfe\x00",
    "event=ONAPPTEST&auth[member_id]=" + "x" * 500,
]


@pytest.mark.parametrize("body", BROKEN)
def test_broken_event_is_400(app: Flask, body: Any) -> None:
    form = "application/x-www-form-urlencoded"
    answer = app.test_client().post("/bitrix/events", data=body, content_type=form)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"]
    assert kept() == []


def test_json_is_no_event(app: Flask) -> None:
    assert app.test_client().post("/bitrix/events", json=REPLY).status_code == 400


def test_oversized_event_is_413(app: Flask) -> None:
    answer = app.test_client().post("/bitrix/events", data=REPLY | {"data[x]": "x" * 2_000_000})
    assert answer.status_code == 413
    assert kept() == []


def test_address_takes_nothing_else(app: Flask) -> None:
    assert app.test_client().get("/bitrix/events").status_code == 405


# -- The life of an installation ----------------------------------------------------------


def status() -> str:
    db.session.rollback()
    return db.session.scalars(select(Portal.status)).one()


def test_removal_counts_at_once(here: World) -> None:
    screen = here.open("LEFT_MENU", 2)
    here.portal.uninstall(ADMIN)
    here.portal.deliver_events()
    assert status() == "blocked"
    assert screen.ask("GET", "/me").status_code in (401, 403)


def test_confirmed_removal_forgets_the_portal(here: World) -> None:
    here.portal.uninstall(ADMIN)
    here.run()
    assert status() == "deleted"
    assert db.session.query(Token).count() == 0


def test_forged_removal_is_repaired(quick: World) -> None:
    form = {"event": "ONAPPUNINSTALL", "ts": "1", "data[CLEAN]": "1"}
    auth = {key: value for key, value in signed(quick).items() if key.startswith("auth[")}
    assert post(quick, {**form, **auth}).status_code == 200
    assert status() == "blocked"
    quick.run()
    assert status() == "active"


def test_update_binds_again(quick: World) -> None:
    quick.portal.update(ADMIN)
    assert not quick.portal.handlers
    quick.run()
    events = {handler.event for handler in quick.portal.handlers}
    assert {"ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL", "ONIMCONNECTORMESSAGEADD"} <= events
    assert db.session.scalars(select(Portal.app_version)).one() == "2"


def test_ended_subscription_stops_and_payment_starts(quick: World) -> None:
    auth = {key: value for key, value in signed(quick).items() if key.startswith("auth[")}
    paid = {"event": "ONAPPPAYMENT", "data[STATUS]": "P", **auth}
    post(quick, {**paid, "ts": "1", "data[PAYMENT_EXPIRED]": "Y"})
    quick.worker.run_due(1)
    assert status() == "blocked"
    post(quick, {**paid, "ts": "2", "data[PAYMENT_EXPIRED]": "N"})
    quick.worker.run_due(1)
    assert status() == "active"
