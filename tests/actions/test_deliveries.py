"""Deliveries: what a messenger refuses becomes a state that somebody sees."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.world import BORIS, BOT, World, world


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        made.connect_telegram()
        made.say()
        yield made


def simulate(here: World, path: str, **body: Any) -> None:
    answer = here.telegram.test_client().post(f"/_sandbox/{path}", json={"bot": BOT, **body})
    assert answer.status_code == 200, answer.text


def answered(here: World, text: str = "Hello") -> dict[str, Any]:
    """Boris answers; his message as it then is."""
    screen = here.open("LEFT_MENU", BORIS)
    (chat,) = screen.get("/conversations")["items"]
    body = {"client_uuid": "uuid-0001", "text": text}
    screen.post(f"/conversations/{chat['id']}/messages", body)
    here.run()
    messages = screen.get(f"/conversations/{chat['id']}/messages")["items"]
    return next(one for one in messages if one["client_uuid"] == "uuid-0001")


def test_revoked_token_is_seen_at_the_channel(here: World) -> None:
    simulate(here, "revoke")
    assert answered(here)["error"]["code"] == "unauthorized"
    (channel,) = here.open().get("/channels")["items"]
    assert (channel["state"], bool(channel["last_error"])) == ("attention", True)


def test_blocked_bot_is_said_in_words(here: World) -> None:
    simulate(here, "block", user_id=42)
    message = answered(here)
    assert (message["state"], message["error"]["code"]) == ("failed", "recipient_gone")


def test_failed_message_goes_when_tried_again(here: World) -> None:
    simulate(here, "block", user_id=42)
    message = answered(here)
    simulate(here, "block", user_id=42, blocked=False)
    here.run()
    path = f"/conversations/{message['conversation_id']}/messages/{message['id']}/retry"
    here.open("LEFT_MENU", BORIS).post(path)
    here.run()
    assert here.said_on_phone() == ["Good day", "Hello"]


def test_long_text_arrives_in_parts_and_in_order(here: World) -> None:
    text = " ".join(f"word{number}" for number in range(1500))
    assert answered(here, text)["state"] == "sent"
    parts = here.said_on_phone()[1:]
    assert len(parts) > 1
    assert " ".join(parts) == text


def test_what_waits_goes_when_the_channel_is_connected_again(here: World) -> None:
    screen = here.open()
    (channel,) = screen.get("/channels")["items"]
    path = f"/channels/{channel['id']}"
    body = {"client_uuid": "uuid-0001", "text": "Hello"}
    (chat,) = screen.get("/conversations")["items"]
    screen.post(f"/conversations/{chat['id']}/messages", body)
    screen.post(f"{path}/disconnect")
    here.run()
    assert here.said_on_phone() == ["Good day"]
    (channel,) = screen.get("/channels")["items"]
    assert (channel["state"], channel["waiting"]) == ("disconnected", 1)
    screen.post(f"{path}/reconnect", {"settings": {}})
    here.run()
    assert here.said_on_phone() == ["Good day", "Hello"]
    assert screen.get("/channels")["items"][0]["waiting"] == 0


def test_what_waits_fails_when_the_channel_is_removed(here: World) -> None:
    screen = here.open()
    (channel,) = screen.get("/channels")["items"]
    (chat,) = screen.get("/conversations")["items"]
    messages = f"/conversations/{chat['id']}/messages"
    screen.post(messages, {"client_uuid": "uuid-0001", "text": "Hello"})
    screen.delete(f"/channels/{channel['id']}")
    here.run()
    assert here.said_on_phone() == ["Good day"]
    (sent,) = [one for one in screen.get(messages)["items"] if one["client_uuid"] == "uuid-0001"]
    assert (sent["state"], sent["error"]["code"]) == ("failed", "disconnected")
