"""Accounts of messengers: connected by a form, kept well, never shown with their secrets."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from flask import Flask
from sqlalchemy import select

from b24app.actions import channels
from b24app.actions.channels import Admin
from b24app.channels import base
from b24app.db import db, reading, transaction
from b24app.errors import ChannelError, Invalid, NotFound
from b24app.models import Audit, Channel, Event, Job, LineLink, Portal
from b24app.rules import silence
from tests import build
from tests.channels import rows
from tests.channels.rows import TOKEN

BOT = "http://127.0.0.1:7210/bot"
NOW = build.NOW
OTHER = "100002:SANDBOX-TOKEN-TWO"


@pytest.fixture
def admin(app: Flask) -> Admin:
    return Admin(rows.portal().id, 1)


@pytest.fixture
def telegram(app: Flask) -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def answers(telegram: responses.RequestsMock, token: str = TOKEN, number: int = 100001) -> None:
    """A bot that knows itself and lets itself be called."""
    me = {"id": number, "is_bot": True, "first_name": "Shop", "username": f"bot_{number}"}
    telegram.post(f"{BOT}{token}/getMe", json={"ok": True, "result": me})
    for method in ("setWebhook", "deleteWebhook"):
        telegram.post(f"{BOT}{token}/{method}", json={"ok": True, "result": True})


def connect(admin: Admin, token: str = TOKEN, name: str = "") -> dict[str, Any]:
    return channels.connect(admin, "telegram", name, {"token": token}, NOW)


def row(look: dict[str, Any]) -> Channel:
    db.session.rollback()
    return db.session.get_one(Channel, int(look["id"]))


def test_life_of_a_channel(any_app: Flask) -> None:
    admin = Admin(rows.portal().id, 1)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as telegram:
        answers(telegram)
        number = int(connect(admin)["id"])
        hooked(telegram, db.session.get_one(Channel, number))
        db.session.rollback()
        assert channels.check(admin.portal_id, number, NOW)["state"] == "working"
        assert channels.reconnect(admin, number, {}, NOW)["state"] == "working"
        assert channels.disconnect(admin, number, NOW)["state"] == "disconnected"
        channels.delete(admin, number, NOW)
        assert connect(admin)["id"] == str(number)


def test_bot_is_connected(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    look = connect(admin)
    kept = row(look)
    hook = json.loads(telegram.calls[1].request.body or "")
    assert (look["name"], look["state"], look["link"]) == (
        "Shop",
        "working",
        "https://t.me/bot_100001",
    )
    assert hook["url"] == f"http://127.0.0.1:8000/hooks/{kept.hook_key}"
    assert hook["secret_token"] == kept.secret
    assert hook["allowed_updates"] == ["message", "edited_message", "my_chat_member"]


def test_secrets_are_never_shown(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    look = connect(admin)
    kept = row(look)
    told = json.dumps([look, *channels.listed(admin.portal_id), *_written()])
    assert look["secrets_set"] == ["token"]
    assert look["settings"] == {"username": "bot_100001"}
    for secret in (TOKEN, kept.secret, kept.hook_key):
        assert secret not in told


def _written() -> list[Any]:
    audits = [audit.details for audit in db.session.scalars(select(Audit))]
    return audits + [news.data for news in db.session.scalars(select(Event))]


def test_connecting_is_told_and_audited(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    look = connect(admin, name="Sales")
    news, audit = db.session.scalars(select(Event)).one(), db.session.scalars(select(Audit)).one()
    assert (news.kind, news.data["name"], news.data["deleted"]) == ("channel", "Sales", False)
    assert (audit.deed, audit.user_id) == ("channel_connected", 1)
    assert audit.details == {"channel_id": int(look["id"]), "kind": "telegram", "name": "Sales"}


@pytest.mark.parametrize("token", ["", "nonsense", "1:a/../getMe?x=", "100001:TOKEN\n"])
def test_impossible_token_asks_nobody(
    admin: Admin, telegram: responses.RequestsMock, token: str
) -> None:
    with pytest.raises(Invalid) as caught:
        connect(admin, token.replace("\n", " x"))
    assert list(caught.value.fields) == ["token"]
    assert len(telegram.calls) == 0


def test_unknown_token_is_said_at_the_field(admin: Admin, telegram: responses.RequestsMock) -> None:
    answer = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    telegram.post(f"{BOT}{TOKEN}/getMe", status=401, json=answer)
    with pytest.raises(Invalid) as caught:
        connect(admin)
    assert caught.value.fields["token"].startswith("Telegram does not know this token.")
    assert channels.listed(admin.portal_id) == []


def test_unreachable_messenger_is_said(admin: Admin, telegram: responses.RequestsMock) -> None:
    with pytest.raises(ChannelError) as caught:
        connect(admin)
    assert TOKEN not in str(caught.value)
    assert channels.listed(admin.portal_id) == []


def test_unknown_kind_is_invalid(admin: Admin) -> None:
    with pytest.raises(Invalid) as caught:
        channels.connect(admin, "pigeon", "", {}, NOW)
    assert list(caught.value.fields) == ["kind"]


def test_same_bot_again_is_the_same_channel(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    first, second = connect(admin, name="Sales"), connect(admin)
    assert (first["id"], first["name"]) == (second["id"], second["name"])
    assert len(channels.listed(admin.portal_id)) == 1


def test_deleted_bot_comes_back_with_its_chats(
    admin: Admin, telegram: responses.RequestsMock
) -> None:
    answers(telegram)
    first = connect(admin)
    channels.delete(admin, int(first["id"]), NOW)
    with reading():
        assert channels.listed(admin.portal_id) == []
    assert connect(admin)["id"] == first["id"]


def test_other_portal_has_its_own_channel(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    clara = Admin(rows.portal().id, 3)
    assert connect(admin)["id"] != connect(clara)["id"]


def test_two_bots_are_two_channels(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    answers(telegram, OTHER, 100002)
    connect(admin)
    connect(admin, OTHER)
    assert [look["external_id"] for look in channels.listed(admin.portal_id)] == [
        "100001",
        "100002",
    ]


def test_new_token_keeps_everything(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    renewed = "100001:SANDBOX-TOKEN-NEW"
    answers(telegram, renewed)
    look = connect(admin, name="Sales")
    before = row(look)
    key, secret = before.hook_key, before.secret
    before.needs_attention("The token is refused.")
    db.session.commit()
    again = channels.reconnect(admin, int(look["id"]), {"token": renewed}, NOW)
    after = row(look)
    assert (after.hook_key, after.secret, after.settings["token"]) == (key, secret, renewed)
    assert (again["state"], again["last_error"], again["name"]) == ("working", "", "Sales")


def test_empty_secret_means_unchanged(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    look = connect(admin)
    channels.reconnect(admin, int(look["id"]), {"token": ""}, NOW)
    assert row(look).settings["token"] == TOKEN


def test_token_of_another_bot_is_refused(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    answers(telegram, OTHER, 100002)
    look = connect(admin)
    with pytest.raises(Invalid, match="another bot"):
        channels.reconnect(admin, int(look["id"]), {"token": OTHER}, NOW)
    assert not any(f"{OTHER}/setWebhook" in str(call.request.url) for call in telegram.calls)
    assert row(look).settings["token"] == TOKEN


def test_disconnected_channel_keeps_its_settings(
    admin: Admin, telegram: responses.RequestsMock
) -> None:
    answers(telegram)
    look = channels.disconnect(admin, int(connect(admin)["id"]), NOW)
    assert look["state"] == "disconnected"
    assert str(telegram.calls[-1].request.url).endswith("/deleteWebhook")
    assert row(look).settings["token"] == TOKEN


def test_deaf_messenger_does_not_hold_us(admin: Admin, telegram: responses.RequestsMock) -> None:
    channel = rows.channel(portal_of(admin))
    assert channels.disconnect(admin, channel.id, NOW)["state"] == "disconnected"
    audit = db.session.scalars(select(Audit)).one()
    assert audit.details["trouble"] == "Telegram did not answer properly."


def portal_of(admin: Admin) -> Portal:
    return db.session.get_one(Portal, admin.portal_id)


def test_delete_forgets_secrets_and_lines(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    channel = rows.channel(portal_of(admin))
    build.line_link(channel)
    db.session.commit()
    channels.delete(admin, channel.id, NOW)
    db.session.rollback()
    kept = db.session.get_one(Channel, channel.id)
    assert (kept.deleted_at, kept.settings, kept.connected) == (NOW, {}, False)
    assert kept.secret != channel.secret
    assert db.session.scalars(select(LineLink)).all() == []


def test_strangers_channel_is_not_found(admin: Admin) -> None:
    foreign = rows.channel().id
    for deed in (
        lambda: channels.found(admin.portal_id, foreign),
        lambda: channels.reconnect(admin, foreign, {}, NOW),
        lambda: channels.rename(admin, foreign, "Mine", NOW),
        lambda: channels.disconnect(admin, foreign, NOW),
        lambda: channels.delete(admin, foreign, NOW),
        lambda: channels.check(admin.portal_id, foreign, NOW),
    ):
        with pytest.raises(NotFound):
            deed()
        db.session.rollback()


def test_rename_needs_a_name(admin: Admin) -> None:
    channel = rows.channel(portal_of(admin))
    with transaction():
        assert channels.rename(admin, channel.id, "  New \n name ", NOW)["name"] == "New name"
    with pytest.raises(Invalid):
        channels.rename(admin, channel.id, "  ", NOW)


def hooked(telegram: responses.RequestsMock, channel: Channel, **more: Any) -> None:
    url = f"http://127.0.0.1:8000/hooks/{channel.hook_key}"
    info = {"url": url, "has_custom_certificate": False, "pending_update_count": 0, **more}
    telegram.post(f"{BOT}{TOKEN}/getWebhookInfo", json={"ok": True, "result": info})


def test_check_finds_all_well(admin: Admin, telegram: responses.RequestsMock) -> None:
    channel = rows.channel(portal_of(admin), state="attention", last_error="Old.")
    hooked(telegram, channel)
    look = channels.check(admin.portal_id, channel.id, NOW)
    assert (look["state"], look["last_error"]) == ("working", "")
    assert row(look).checked_at == NOW
    assert db.session.scalars(select(Event)).one().kind == "channel"


def test_check_says_what_is_wrong(admin: Admin, telegram: responses.RequestsMock) -> None:
    channel = rows.channel(portal_of(admin))
    hooked(telegram, channel, url="https://elsewhere.example/")
    look = channels.check(admin.portal_id, channel.id, NOW)
    assert look["state"] == "attention"
    assert "another address" in look["last_error"]


def test_check_of_the_same_state_is_no_news(admin: Admin, telegram: responses.RequestsMock) -> None:
    channel = rows.channel(portal_of(admin))
    hooked(telegram, channel)
    channels.check(admin.portal_id, channel.id, NOW)
    assert db.session.scalars(select(Event)).all() == []


def test_trouble_of_a_line_outlives_the_check(
    admin: Admin, telegram: responses.RequestsMock
) -> None:
    channel = rows.channel(portal_of(admin), state="attention", last_error="The line is gone.")
    build.line_link(channel, error="The line is gone.")
    db.session.commit()
    hooked(telegram, channel)
    assert channels.check(admin.portal_id, channel.id, NOW)["state"] == "attention"


def test_disconnected_channel_is_not_checked(
    admin: Admin, telegram: responses.RequestsMock
) -> None:
    channel = rows.channel(portal_of(admin), state="disconnected")
    assert channels.check(admin.portal_id, channel.id, NOW)["state"] == "disconnected"
    assert len(telegram.calls) == 0


def checks() -> list[Job]:
    db.session.rollback()
    return list(db.session.scalars(select(Job).where(Job.kind == "check_channel").order_by(Job.id)))


def test_channel_is_looked_after(admin: Admin, telegram: responses.RequestsMock) -> None:
    answers(telegram)
    look = connect(admin)
    connect(admin)
    [promised] = checks()
    assert promised.due_at == NOW + timedelta(minutes=1)
    promised.state = "running"
    db.session.commit()
    hooked(telegram, row(look))
    channels.keep_checking(promised)
    assert [job.state for job in checks()] == ["running", "queued"]
    assert row(look).checked_at is not None


def test_disconnected_channel_is_looked_after_no_more(
    admin: Admin, telegram: responses.RequestsMock
) -> None:
    channel = rows.channel(portal_of(admin), state="disconnected")
    channels.keep_checking(Job(payload={"channel_id": channel.id}))
    assert checks() == []


def test_widget_gets_its_line_of_script(admin: Admin) -> None:
    look = channels.connect(
        admin, "webchat", "Site", {"title": "Hello", "sites": "shop.example"}, NOW
    )
    key = row(look).hook_key
    assert look["widget"] == {
        "key": key,
        "snippet": f'<script async src="http://127.0.0.1:8000/widget/{key}.js"></script>',
        "script_url": f"http://127.0.0.1:8000/widget/{key}.js",
    }
    assert look["settings"]["sites"] == ["shop.example"]
    assert look["secrets_set"] == []


def test_two_widgets_are_two_channels(admin: Admin) -> None:
    for _ in range(2):
        channels.connect(admin, "webchat", "", {}, NOW)
    assert len(channels.listed(admin.portal_id)) == 2


def test_widget_changes_its_look_and_keeps_its_visitors(admin: Admin) -> None:
    look = channels.connect(admin, "webchat", "", {"title": "Hello"}, NOW)
    before = row(look)
    key, secret = before.hook_key, before.secret
    changed = channels.reconnect(admin, int(look["id"]), {"color": "#ff0000"}, NOW)
    after = row(look)
    assert (after.hook_key, after.secret) == (key, secret)
    assert (changed["settings"]["title"], changed["settings"]["color"]) == ("Hello", "#ff0000")


def test_line_is_shown(admin: Admin) -> None:
    channel = rows.channel(portal_of(admin))
    build.line_link(channel, line_id=5)
    db.session.commit()
    [look] = channels.listed(admin.portal_id)
    assert look["line"] == {"id": "5", "connector": "callgear_chats"}
    assert look == channels.shown(db.session.get_one(Channel, channel.id))


def test_kinds_describe_their_forms(app: Flask) -> None:
    kinds = {kind["kind"]: kind for kind in channels.kinds()}
    [token] = kinds["telegram"]["fields"]
    assert (token["name"], token["type"], token["required"]) == ("token", "secret", True)
    assert {"title", "sites", "color"} <= {one["name"] for one in kinds["webchat"]["fields"]}


def test_messenger_is_not_asked_inside_a_transaction(
    admin: Admin, telegram: responses.RequestsMock
) -> None:
    db.session.execute(select(1))
    with pytest.raises(RuntimeError):
        connect(admin)


def test_kinds_tell_steps_and_limits(app: Flask) -> None:
    kinds = {kind["kind"]: kind for kind in channels.kinds("ru")}
    assert "@BotFather" in kinds["telegram"]["steps"][0]
    assert kinds["telegram"]["limits"]["text"] == 4096
    assert kinds["webchat"]["limits"]["receipts"]


def test_choice_is_one_of_its_options() -> None:
    field = base.Field("side", "Side", "choice", options=(("left", "Left"), ("right", "Right")))
    assert base.cleaned((field,), {"side": "left"}) == {"side": "left"}
    with pytest.raises(Invalid):
        base.cleaned((field,), {"side": "up"})


def test_unusual_silence_is_an_alarm_until_somebody_writes(
    admin: Admin, telegram: responses.RequestsMock
) -> None:
    hour, week = timedelta(hours=1), timedelta(days=7)
    known: dict[str, list[int]] = {}
    for ago in (3, 2, 1):
        known = silence.heard(known, NOW - ago * week)
    channel = rows.channel(portal_of(admin), last_in_at=NOW - 12 * hour, rhythm=known)
    hooked(telegram, channel)
    with transaction():
        look = channels.watch(admin, channel.id, 4, NOW + hour)
    assert look["silence"] == {"hours": 4, "since": "2026-11-20T22:00:00.000Z"}
    with transaction() as session:
        session.get_one(Channel, channel.id).last_in_at = NOW + hour
    look = channels.check(admin.portal_id, channel.id, NOW + hour)
    assert look["silence"]["since"] is None
    assert [event.kind for event in db.session.scalars(select(Event))] == ["channel"] * 2


def test_newest_talks_may_get_a_test_message(admin: Admin) -> None:
    channel = build.channel(portal_of(admin))
    build.conversation(channel)
    told = channels.chats(admin.portal_id, channel.id)
    assert [one["client"]["name"] for one in told] == ["Anna"]
    with pytest.raises(NotFound):
        channels.chats(admin.portal_id, rows.channel().id)
