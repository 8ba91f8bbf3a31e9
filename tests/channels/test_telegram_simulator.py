"""Our adapter and our door against the simulated Telegram, in one process."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from b24app import http
from b24app.actions import channels
from b24app.actions.channels import Admin
from b24app.channels import base
from b24app.channels.base import Adapter
from b24app.channels.telegram import Telegram
from b24app.db import db, reading
from b24app.errors import ChannelError, Invalid
from b24app.models import Arrival, Channel
from b24app.values import (
    Account,
    Blocked,
    Edited,
    FileKind,
    HookCall,
    Incoming,
    OutFile,
    Outgoing,
    Parsed,
    Profile,
)
from sandbox.messengers.telegram import TelegramApp, create_telegram
from sandbox.messengers.telegram.media import SAMPLES
from sandbox.outside import Outside
from sandbox.wsgi_adapter import WsgiAdapter
from tests import build
from tests.channels import rows

TOKEN = "100001:SANDBOX-TOKEN-ONE"
BOT = "@callgear_demo_bot"
ANNA = 5_000_001
API = "http://127.0.0.1:7210"
PHOTO = (SAMPLES / "photo.jpg").read_bytes()


@pytest.fixture
def telegram(app: Flask) -> Iterator[TelegramApp]:
    simulator = create_telegram(Outside(wsgi={"http://127.0.0.1:8000": app}))
    http.mount(API, WsgiAdapter(simulator))
    yield simulator
    http.unmount(API)


@pytest.fixture
def admin(app: Flask) -> Admin:
    return Admin(rows.portal().id, 1)


@pytest.fixture
def adapter(telegram: TelegramApp, admin: Admin) -> Adapter:
    """A connected bot that Anna has written to."""
    look = channels.connect(admin, "telegram", "", {"token": TOKEN}, build.NOW)
    row = db.session.get_one(Channel, int(look["id"]))
    account = Account(
        row.id, row.settings, f"http://127.0.0.1:8000/hooks/{row.hook_key}", row.secret
    )
    db.session.rollback()
    say(telegram, text="/start")
    return Telegram(account, http.session())


def control(telegram: TelegramApp, deed: str, **words: Any) -> Any:
    answer = telegram.test_client().post(f"/_sandbox/{deed}", json={"bot": BOT, **words})
    assert answer.status_code == 200, answer.json
    return answer.json


def say(telegram: TelegramApp, **words: Any) -> list[dict[str, Any]]:
    """Anna writes, and the simulator brings it to our door."""
    told = control(telegram, "say", user_id=ANNA, **words)
    tries = control(telegram, "deliver")["items"]
    assert [one["status"] for one in tries] == [200] * len(tries)
    updates: list[dict[str, Any]] = told["updates"]
    return updates


def kept(adapter: Adapter) -> list[Parsed]:
    """Everything that came in by our door, understood."""
    with reading() as session:
        bodies = session.scalars(select(Arrival.body).order_by(Arrival.id)).all()
    return [
        news for body in bodies for news in adapter.parse(HookCall("POST", {}, {}, body.encode()))
    ]


def last(adapter: Adapter) -> Incoming:
    found = [news for news in kept(adapter) if isinstance(news, Incoming)][-1]
    assert isinstance(found, Incoming)
    return found


def phone(telegram: TelegramApp) -> list[dict[str, Any]]:
    """What Anna sees from the bot."""
    shown = telegram.test_client().get(f"/_sandbox/chats/{BOT}/{ANNA}").json
    assert shown is not None
    return [message for message in shown["messages"] if message["from_bot"]]


def file(kind: FileKind = "image", mime: str = "image/jpeg", body: bytes = PHOTO) -> OutFile:
    return OutFile(kind, "photo.jpg", mime, len(body), lambda: io.BytesIO(body))


def to_anna(text: str = "", **more: Any) -> Outgoing:
    return Outgoing(str(ANNA), "u1", text, **more)


def test_words_come_in(telegram: TelegramApp, adapter: Adapter) -> None:
    [update] = say(telegram, text="Hello")
    news = last(adapter)
    assert (news.text, news.chat_id) == ("Hello", str(ANNA))
    assert news.message_id == str(update["message"]["message_id"])


def test_update_brought_twice_is_kept_once(telegram: TelegramApp, adapter: Adapter) -> None:
    control(telegram, "faults", match="update", kind="500_after")
    say(telegram, text="Hello")
    before = len(kept(adapter))
    control(telegram, "deliver")
    assert len(kept(adapter)) == before


@pytest.mark.parametrize(
    ("said", "kind"),
    [("photo", "image"), ("document", "document"), ("voice", "voice"), ("sticker", "sticker")],
)
def test_files_come_in_and_are_fetched(
    telegram: TelegramApp, adapter: Adapter, said: str, kind: str
) -> None:
    say(telegram, **{said: True})
    [held] = last(adapter).files
    with adapter.fetch(held).stream as stream:
        body = stream.read()
    assert held.kind == kind
    assert len(body) == held.size


def test_place_and_phone_come_in(telegram: TelegramApp, adapter: Adapter) -> None:
    say(telegram, location={"latitude": 55.75, "longitude": 37.62})
    assert last(adapter).text.endswith("55.75,37.62")
    say(telegram, contact={"phone_number": "+79001234567", "first_name": "Anna", "user_id": ANNA})
    [profile] = [news for news in kept(adapter) if isinstance(news, Profile)]
    assert profile.person.phone == "+79001234567"


def test_album_comes_in_as_one(telegram: TelegramApp, adapter: Adapter) -> None:
    say(telegram, album=[{"photo": True}, {"photo": True}], text="Two")
    albums = [news for news in kept(adapter) if isinstance(news, Incoming) and news.files]
    assert len({news.album_id for news in albums}) == 1
    assert len(albums) == 2


def test_edit_comes_in(telegram: TelegramApp, adapter: Adapter) -> None:
    [update] = say(telegram, text="Helo")
    number = update["message"]["message_id"]
    control(telegram, "edit", user_id=ANNA, message_id=number, text="Hello")
    control(telegram, "deliver")
    [edited] = [news for news in kept(adapter) if isinstance(news, Edited)]
    assert (edited.message_id, edited.text) == (str(number), "Hello")


def test_block_comes_in_and_ends_sending(telegram: TelegramApp, adapter: Adapter) -> None:
    control(telegram, "block", user_id=ANNA)
    control(telegram, "deliver")
    assert Blocked(str(ANNA), True) in kept(adapter)
    with pytest.raises(ChannelError) as caught:
        adapter.send(to_anna("Hello"))
    assert (caught.value.code, caught.value.permanent) == (base.RECIPIENT_GONE, True)


def test_words_go_out_with_a_quote(telegram: TelegramApp, adapter: Adapter) -> None:
    [update] = say(telegram, text="How much?")
    quoted = str(update["message"]["message_id"])
    sent = adapter.send(to_anna("Ten", quote_id=quoted))
    [seen] = phone(telegram)
    assert (str(seen["message_id"]),) == sent.message_ids
    assert str(seen["reply_to_message"]["message_id"]) == quoted


def test_quote_of_nothing_goes_out_plainly(telegram: TelegramApp, adapter: Adapter) -> None:
    adapter.send(to_anna("Ten", quote_id="999999"))
    [seen] = phone(telegram)
    assert "reply_to_message" not in seen


def test_long_words_go_out_whole(telegram: TelegramApp, adapter: Adapter) -> None:
    sent = adapter.send(to_anna("word " * 2000))
    assert len(sent.message_ids) == 3
    assert " ".join(seen["text"] for seen in phone(telegram)) == ("word " * 2000).strip()


def test_files_go_out_in_all_their_kinds(telegram: TelegramApp, adapter: Adapter) -> None:
    ogg = next(SAMPLES.glob("voice.*")).read_bytes()
    files = (
        file(),
        file(),
        file("voice", "audio/ogg", ogg),
        file("document", "application/pdf", b"%PDF-1.4"),
    )
    sent = adapter.send(to_anna("Look", files=files))
    kinds = [
        next(key for key in ("photo", "voice", "document") if key in seen)
        for seen in phone(telegram)
    ]
    assert kinds == ["photo", "photo", "voice", "document"]
    assert len(sent.message_ids) == 4
    assert phone(telegram)[0]["caption"] == "Look"


def test_what_went_out_is_changed_and_taken_back(telegram: TelegramApp, adapter: Adapter) -> None:
    [text] = adapter.send(to_anna("Ten")).message_ids
    [picture] = adapter.send(to_anna("Look", files=(file(),))).message_ids
    adapter.edit(str(ANNA), text, "Eleven")
    adapter.edit(str(ANNA), text, "Eleven")
    adapter.edit(str(ANNA), picture, "See")
    assert [seen.get("text") or seen["caption"] for seen in phone(telegram)] == ["Eleven", "See"]
    adapter.delete(str(ANNA), text)
    adapter.delete(str(ANNA), text)
    assert len(phone(telegram)) == 1


def test_typing_is_seen(telegram: TelegramApp, adapter: Adapter) -> None:
    adapter.typing(str(ANNA))
    shown = telegram.test_client().get(f"/_sandbox/chats/{BOT}/{ANNA}").json
    assert shown is not None
    assert shown["action"] == "typing"


@pytest.mark.parametrize("kind", ["timeout_after", "500_after"])
def test_lost_answer_is_looked_up(telegram: TelegramApp, adapter: Adapter, kind: str) -> None:
    newest = last(adapter).message_id
    [part] = adapter.parts(to_anna("Ten"))
    control(telegram, "faults", match="sendMessage", kind=kind)
    with pytest.raises(ChannelError) as caught:
        adapter.send_part(part)
    assert caught.value.unknown
    found = adapter.find_part(part, newest, {newest})
    assert found is not None
    assert found.message_ids == (str(phone(telegram)[0]["message_id"]),)
    assert phone(telegram)[0]["text"] == "Ten"


@pytest.mark.parametrize("kind", ["503", "reset"])
def test_what_never_went_is_not_found(telegram: TelegramApp, adapter: Adapter, kind: str) -> None:
    [part] = adapter.parts(to_anna("Ten"))
    control(telegram, "faults", match="sendMessage", kind=kind)
    with pytest.raises(ChannelError):
        adapter.send_part(part)
    assert adapter.find_part(part, last(adapter).message_id, set()) is None
    assert adapter.send_part(part).message_ids
    assert len(phone(telegram)) == 1


def test_wait_is_obeyed(telegram: TelegramApp, adapter: Adapter) -> None:
    control(telegram, "faults", match="sendMessage", kind="429", retry_after=7)
    with pytest.raises(ChannelError) as caught:
        adapter.send(to_anna("Ten"))
    assert (caught.value.retry_after, caught.value.unknown) == (7, False)
    assert phone(telegram) == []


def test_revoked_token_needs_attention(
    telegram: TelegramApp, adapter: Adapter, admin: Admin
) -> None:
    control(telegram, "revoke")
    with pytest.raises(ChannelError) as caught:
        adapter.send(to_anna("Ten"))
    assert caught.value.code in base.NEEDS_ATTENTION
    look = channels.check(admin.portal_id, adapter.account.channel_id, build.NOW)
    assert (look["state"], "Reconnect" in look["last_error"]) == ("attention", True)


def test_unknown_token_is_said_at_the_field(telegram: TelegramApp, admin: Admin) -> None:
    with pytest.raises(Invalid) as caught:
        channels.connect(admin, "telegram", "", {"token": "100009:NOBODY"}, build.NOW)
    assert list(caught.value.fields) == ["token"]


def test_health_is_asked_and_lost(telegram: TelegramApp, adapter: Adapter, admin: Admin) -> None:
    number = adapter.account.channel_id
    assert channels.check(admin.portal_id, number, build.NOW)["state"] == "working"
    channels.disconnect(admin, number, build.NOW)
    with pytest.raises(ChannelError, match="another address"):
        adapter.check()
