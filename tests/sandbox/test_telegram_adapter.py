"""The product's own adapter and the Telegram simulator understand one another."""

import io
import json
from typing import Any

import pytest
import requests

from b24app.channels.telegram import Telegram
from b24app.clock import now
from b24app.errors import ChannelError, Invalid
from b24app.values import Account, HookCall, Incoming, OutFile, Outgoing
from sandbox.messengers.telegram import TelegramApp, create_telegram
from sandbox.messengers.telegram.media import sample
from sandbox.wsgi_adapter import WsgiAdapter

BOT = "@callgear_demo_bot"
TOKEN = "100001:SANDBOX-TOKEN-ONE"
ANNA = 5_000_001
HOOK = "http://127.0.0.1:8000/hooks/key"


@pytest.fixture
def telegram() -> TelegramApp:
    return create_telegram()


def adapter_of(telegram: TelegramApp, token: str = TOKEN) -> Telegram:
    session = requests.Session()
    adapter = Telegram(Account(1, {"token": token}, HOOK, "secret"), session)
    session.mount(adapter.server, WsgiAdapter(telegram))
    return adapter


@pytest.fixture
def adapter(telegram: TelegramApp) -> Telegram:
    """Connected, and Anna has started the chat."""
    adapter = adapter_of(telegram)
    adapter.connect()
    say(telegram, text="/start")
    return adapter


def say(telegram: TelegramApp, **words: Any) -> list[dict[str, Any]]:
    body = {"bot": BOT, "user": {"id": ANNA}, **words}
    updates: list[dict[str, Any]] = (
        telegram.test_client().post("/_sandbox/say", json=body).json["updates"]
    )
    return updates


def heard(adapter: Telegram, update: dict[str, Any]) -> Any:
    body = json.dumps(update).encode()
    headers = {"x-telegram-bot-api-secret-token": "secret"}
    call = HookCall(method="POST", headers=headers, query={}, body=body, received_at=now())
    adapter.verify(call)
    return adapter.parse(call)[0]


def send(adapter: Telegram, **words: Any) -> list[str]:
    outgoing = Outgoing(**{"chat_id": str(ANNA), "uuid": "u", "text": "", **words})
    sent = [adapter.send_part(part) for part in adapter.parts(outgoing)]
    return [number for one in sent for number in one.message_ids]


def file_of(kind: str, name: str, mime: str) -> OutFile:
    _, content = sample(name)
    return OutFile(kind, name, mime, len(content), lambda: io.BytesIO(content))


def on_phone(telegram: TelegramApp) -> list[dict[str, Any]]:
    """What the bot sent, as Anna sees it."""
    chat = telegram.test_client().get(f"/_sandbox/chats/{BOT}/{ANNA}").json
    return [message for message in chat["messages"] if message["from_bot"]]


def test_adapter_connects_and_is_well(telegram: TelegramApp) -> None:
    adapter = adapter_of(telegram)
    assert adapter.connect().external_id == "100001"
    adapter.check()


def test_wrong_token_is_named(telegram: TelegramApp) -> None:
    with pytest.raises(Invalid) as refused:
        adapter_of(telegram, "100001:WRONG").connect()
    assert "token" in refused.value.fields


@pytest.mark.parametrize(
    "words",
    [
        {"text": "Hi"},
        {"photo": True, "text": "Look"},
        {"document": True},
        {"voice": True},
        {"sticker": True},
        {"location": True},
        {"contact": True},
    ],
)
def test_adapter_reads_every_kind(
    adapter: Telegram, telegram: TelegramApp, words: dict[str, Any]
) -> None:
    news = heard(adapter, say(telegram, **words)[0])
    assert isinstance(news, Incoming)
    for file in news.files:
        with adapter.fetch(file).stream as stream:
            assert stream.read()


def test_everything_sent_is_on_the_phone(adapter: Telegram, telegram: TelegramApp) -> None:
    send(adapter, text="Hello", quote_id="1")
    pictures = (file_of("image", "photo", "image/jpeg"),) * 2
    send(adapter, text="Both", files=pictures)
    send(adapter, files=(file_of("voice", "voice", "audio/ogg"),))
    kinds = ["text", "photo", "photo", "voice"]
    assert all(kind in one for kind, one in zip(kinds, on_phone(telegram), strict=True))
    assert on_phone(telegram)[0]["reply_to_message"]["text"] == "/start"


def test_sent_text_is_changed_and_taken_back(adapter: Telegram, telegram: TelegramApp) -> None:
    number = send(adapter, text="Helo")[0]
    adapter.edit(str(ANNA), number, "Hello")
    assert on_phone(telegram)[0]["text"] == "Hello"
    adapter.delete(str(ANNA), number)
    assert on_phone(telegram) == []


def test_lost_answer_is_found_again(adapter: Telegram, telegram: TelegramApp) -> None:
    part = adapter.parts(Outgoing(chat_id=str(ANNA), uuid="u", text="Sent"))[0]
    telegram.sandbox.faults.add({"match": "sendMessage", "kind": "500_after"})
    with pytest.raises(ChannelError) as lost:
        adapter.send_part(part)
    found = adapter.find_part(part, "1", [])
    assert lost.value.unknown
    assert found is not None
    assert found.message_ids == (str(on_phone(telegram)[0]["message_id"]),)


def test_blocked_bot_learns_that_client_is_gone(adapter: Telegram, telegram: TelegramApp) -> None:
    telegram.test_client().post("/_sandbox/block", json={"bot": BOT, "user_id": ANNA})
    with pytest.raises(ChannelError) as gone:
        send(adapter, text="Hello")
    assert gone.value.code == "recipient_gone"
