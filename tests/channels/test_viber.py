"""What we say to Viber, and what its answers mean."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from b24app.channels import base, viber
from b24app.channels.viber import Viber
from b24app.errors import ChannelError, Denied, Invalid
from b24app.values import Account, FileKind, OutFile, Outgoing, RemoteFile
from tests.channels import recordings

SERVER = "https://viber.example"
HOOK = "https://app.example/hooks/key"
ANNA = "01234567890A="
TOKEN = "445da6az1s345z78"


@pytest.fixture
def rest() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Viber:
    monkeypatch.setattr(base._Settings, "config", None)
    monkeypatch.setattr(Viber, "official_server", SERVER)
    settings = {"token": TOKEN, "name": "A shop with a name that is far too long", "welcome": "Hi"}
    return Viber(Account(7, settings, HOOK, "ours"), requests.Session())


def file(kind: FileKind = "image", mime: str = "image/png", size: int = 4) -> OutFile:
    return OutFile(kind, "имя.bin", mime, size, io.BytesIO, "https://app.example/media/a.png")


def answers(rest: responses.RequestsMock, method: str, told: Any, **sent: Any) -> None:
    match = [matchers.json_params_matcher(sent)] if sent else []
    rest.post(f"{SERVER}/pa/{method}", json={"status": 0, **told}, match=match)


USUAL = {
    "receiver": ANNA,
    "min_api_version": 1,
    "sender": {"name": "A shop with a name that is f"},
}


def test_text_is_sent(bot: Viber, rest: responses.RequestsMock) -> None:
    answers(rest, "send_message", {"message_token": 574131}, **USUAL, type="text", text="Да")
    assert bot.send(Outgoing(ANNA, "u", "Да")).message_ids == ("574131",)
    assert rest.calls[0].request.headers["X-Viber-Auth-Token"] == TOKEN


def test_longest_text_fits_into_a_call(bot: Viber, rest: responses.RequestsMock) -> None:
    answers(rest, "send_message", {"message_token": 1})
    bot.send(Outgoing(ANNA, "u", "я" * viber.TEXT_LIMIT))
    body = rest.calls[0].request.body
    assert isinstance(body, bytes)
    assert len(body) < viber.CALL_LIMIT


def test_call_that_is_too_long_is_never_made(bot: Viber) -> None:
    with pytest.raises(ChannelError) as caught:
        bot._call("send_message", text="я" * 15_000)
    assert (caught.value.code, caught.value.permanent) == (base.TOO_LARGE, True)


@pytest.mark.parametrize(
    ("kind", "mime", "size", "taken"),
    [
        ("image", "image/jpeg", 4, "picture"),
        ("image", "image/webp", 4, "file"),
        ("image", "image/png", (1 << 20) + 1, "file"),
        ("document", "image/png", 4, "file"),
        ("video", "video/mp4", 4, "video"),
        ("voice", "audio/ogg", 4, "file"),
    ],
)
def test_file_goes_as_its_kind(kind: FileKind, mime: str, size: int, taken: str) -> None:
    assert viber.kind_of(file(kind, mime, size)) == taken


@pytest.mark.parametrize(
    ("sending", "content"),
    [
        (file(), {"type": "picture", "text": "Look"}),
        (file("video", "video/mp4"), {"type": "video", "size": 4}),
        (
            file("document", "application/pdf"),
            {"type": "file", "size": 4, "file_name": "имя.bin"},
        ),
    ],
)
def test_viber_fetches_files_by_address(sending: OutFile, content: dict[str, Any]) -> None:
    part = viber.parts(Outgoing(ANNA, "u", "Look", (sending,)))[-1]
    assert viber.body(part) == {**content, "media": "https://app.example/media/a.png"}


def test_file_without_an_address_is_never_sent(bot: Viber) -> None:
    with pytest.raises(ChannelError, match="cannot get"):
        bot.send(Outgoing(ANNA, "u", "", (OutFile("image", "a", "image/png", 4, io.BytesIO),)))


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (2, base.UNAUTHORIZED, True),
        (3, base.REJECTED, True),
        (6, base.RECIPIENT_GONE, True),
        (7, base.UNAUTHORIZED, True),
        (10, base.MOVED, True),
        (12, base.RATE_LIMITED, False),
        (99, base.REJECTED, True),
    ],
)
def test_statuses_have_meanings(status: int, code: str, permanent: bool) -> None:
    body = json.dumps({"status": status, "status_message": "why"}).encode()
    with pytest.raises(ChannelError) as caught:
        viber.result(200, body)
    assert (caught.value.code, caught.value.permanent) == (code, permanent)
    assert (caught.value.retry_after is not None) == (code == base.RATE_LIMITED)


@pytest.mark.parametrize(
    ("status", "body"),
    [(504, b"<html>"), (200, b""), (200, b"[]"), (200, b"{}"), (302, b""), (500, b'{"status": 0}')],
)
def test_unclear_answer_is_unknown(status: int, body: bytes) -> None:
    with pytest.raises(ChannelError) as caught:
        viber.result(status, body)
    assert (caught.value.unknown, caught.value.permanent) == (True, False)


def test_lost_answer_is_unknown(bot: Viber, rest: responses.RequestsMock) -> None:
    rest.post(f"{SERVER}/pa/send_message", body=requests.ReadTimeout())
    with pytest.raises(ChannelError) as caught:
        bot.send(Outgoing(ANNA, "u", "Hi"))
    assert caught.value.unknown


def test_bot_is_connected(bot: Viber, rest: responses.RequestsMock) -> None:
    answers(rest, "get_account_info", {"id": "pa:7", "name": "Shop", "uri": "shop"})
    found = bot.connect("pa:7")
    assert (found.external_id, found.link) == ("pa:7", "viber://pa?chatURI=shop")
    with pytest.raises(Invalid, match="Shop"):
        bot.connect("pa:8")


def test_wrong_token_is_named(bot: Viber, rest: responses.RequestsMock) -> None:
    rest.post(f"{SERVER}/pa/get_account_info", json={"status": 2, "status_message": "invalid"})
    with pytest.raises(Invalid) as caught:
        bot.connect()
    assert list(caught.value.fields) == ["token"]


def test_moved_bot_is_told(bot: Viber, rest: responses.RequestsMock) -> None:
    answers(rest, "get_account_info", {"webhook": "https://else.example"})
    with pytest.raises(ChannelError) as caught:
        bot.check()
    assert caught.value.code == base.MOVED


def signed(event: dict[str, Any], secret: str = TOKEN) -> Any:
    raw = json.dumps(event).encode()
    adapter = recordings.adapter("viber", secret)
    right = viber.hmac.new(secret.encode(), raw, viber.sha256).hexdigest()
    assert adapter.kind == "viber"
    return recordings.hook_call(raw, {viber.SIGNATURE: right})


def test_trial_of_our_address_is_answered(bot: Viber) -> None:
    assert bot.greeting(signed({"event": "webhook", "message_token": 1})) == ""
    with pytest.raises(Denied):
        bot.greeting(signed({"event": "webhook", "message_token": 1}, "guess"))
    assert bot.greeting(signed({"event": "message", "text": "webhook"})) is None


def test_welcome_goes_to_who_is_new(bot: Viber) -> None:
    event = {"event": "conversation_started", "message_token": 1, "user": {"id": ANNA}}
    told = bot.answer(signed({**event, "subscribed": False}))
    assert told is not None
    assert (told["type"], told["text"]) == ("text", "Hi")
    assert bot.answer(signed({**event, "subscribed": True})) is None
    assert bot.answer(signed({"event": "message", "message_token": 1})) is None


def test_file_is_fetched(bot: Viber, rest: responses.RequestsMock) -> None:
    rest.get("https://dl-media.viber.com/f", body=b"data", content_type="image/jpeg")
    fetched = bot.fetch(RemoteFile("image", "https://dl-media.viber.com/f", "photo.jpg"))
    with fetched.stream as stream:
        assert stream.read() == b"data"
    assert (fetched.name, fetched.mime) == ("photo.jpg", "image/jpeg")


@pytest.mark.parametrize("status", [404, 500])
def test_lost_file_is_tried_again(bot: Viber, rest: responses.RequestsMock, status: int) -> None:
    rest.get("https://dl-media.viber.com/f", status=status)
    with pytest.raises(ChannelError) as caught:
        bot.fetch(RemoteFile("image", "https://dl-media.viber.com/f"))
    assert not caught.value.permanent
