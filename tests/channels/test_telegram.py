"""What we say to Telegram, and what its answers mean."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from responses import matchers
from urllib3.exceptions import MaxRetryError, NewConnectionError

from b24app.channels import base
from b24app.channels.base import PartlySent
from b24app.channels.telegram import FETCH_LIMIT, Telegram, api, parts, trouble, updates
from b24app.errors import ChannelError, Denied, Invalid
from b24app.values import Account, FileKind, OutFile, Outgoing, RemoteFile, Sent
from tests.channels import recordings

TOKEN = "100001:SECRET-TOKEN"
BOT = f"https://api.telegram.example/bot{TOKEN}"
HOOK = "https://app.example/hooks/key"
PNG = ("image", "image/png")


@pytest.fixture
def telegram() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Telegram:
    monkeypatch.setattr(base._Settings, "config", None)
    monkeypatch.setattr(Telegram, "official_server", "https://api.telegram.example")
    account = Account(7, {"token": TOKEN}, HOOK, "sample-secret")
    return Telegram(account, requests.Session())


def file(kind: FileKind = "image", mime: str = "image/png", size: int = 4) -> OutFile:
    return OutFile(kind, "имя.bin", mime, size, lambda: io.BytesIO(b"data"))


def message(number: int) -> dict[str, Any]:
    chat = {"id": 5, "type": "private", "first_name": "Anna"}
    return {"message_id": number, "date": 1795255200, "chat": chat}


def answer(telegram: responses.RequestsMock, method: str, result: Any, **sent: Any) -> None:
    """An answer to a call with exactly these parameters, if any are named."""
    match = [matchers.json_params_matcher(sent)] if sent else []
    telegram.post(f"{BOT}/{method}", json={"ok": True, "result": result}, match=match)


def refuse(
    telegram: responses.RequestsMock, method: str, code: int, words: str, **more: Any
) -> None:
    body = {"ok": False, "error_code": code, "description": words, **more}
    telegram.post(f"{BOT}/{method}", status=code, json=body)


def test_text_is_sent(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "sendMessage", message(8), chat_id="5", text="Hello")
    sent = bot.send(Outgoing("5", "u", "Hello"))
    assert sent.message_ids == ("8",)
    assert sent.sent_at is not None
    assert sent.sent_at.isoformat() == "2026-11-21T10:00:00+00:00"


def test_quote_may_be_gone(bot: Telegram, telegram: responses.RequestsMock) -> None:
    reply = {"message_id": 3, "allow_sending_without_reply": True}
    answer(telegram, "sendMessage", message(8), chat_id="5", text="Hi", reply_parameters=reply)
    assert bot.send(Outgoing("5", "u", "Hi", quote_id="3")).message_ids == ("8",)


def test_long_text_becomes_several(bot: Telegram, telegram: responses.RequestsMock) -> None:
    for number in (8, 9, 10):
        answer(telegram, "sendMessage", message(number))
    assert bot.send(Outgoing("5", "u", "word " * 2000)).message_ids == ("8", "9", "10")
    assert all(len(_json(call)["text"]) <= 4096 for call in telegram.calls)


def _json(call: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call.request.body)
    return found


@pytest.mark.parametrize(
    ("kind", "mime", "method", "field"),
    [
        ("image", "image/jpeg", "sendPhoto", "photo"),
        ("image", "image/gif", "sendAnimation", "animation"),
        ("image", "image/svg+xml", "sendDocument", "document"),
        ("document", "application/pdf", "sendDocument", "document"),
        ("voice", "audio/ogg", "sendVoice", "voice"),
        ("voice", "audio/webm", "sendDocument", "document"),
        ("audio", "audio/mpeg", "sendAudio", "audio"),
        ("audio", "audio/ogg", "sendDocument", "document"),
        ("video", "video/mp4", "sendVideo", "video"),
        ("video", "video/webm", "sendDocument", "document"),
        ("sticker", "image/webp", "sendSticker", "sticker"),
    ],
)
def test_file_goes_as_its_kind(
    bot: Telegram,
    telegram: responses.RequestsMock,
    kind: FileKind,
    mime: str,
    method: str,
    field: str,
) -> None:
    answer(telegram, method, message(8))
    bot.send(Outgoing("5", "u", files=(file(kind, mime),)))
    form = telegram.calls[0].request.body
    assert isinstance(form, bytes)
    assert f'name="{field}"; filename'.encode() in form
    assert mime.encode() in form


def test_short_text_is_the_caption(bot: Telegram, telegram: responses.RequestsMock) -> None:
    telegram.post(
        f"{BOT}/sendPhoto",
        json={"ok": True, "result": message(8)},
        match=[
            matchers.multipart_matcher(
                {"photo": ("имя.bin", b"data", "image/png")}, {"chat_id": "5", "caption": "Look"}
            )
        ],
    )
    assert bot.send(Outgoing("5", "u", "Look", (file(),))).message_ids == ("8",)


def test_long_caption_goes_before_the_file() -> None:
    found = parts.parts(Outgoing("5", "u", "я" * 1025, (file(),)))
    assert [(len(part.text), len(part.files)) for part in found] == [(1025, 0), (0, 1)]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("я" * 1024, [(1024, 1)]),
        ("😀" * 512, [(512, 1)]),
        ("😀" * 513, [(513, 0), (0, 1)]),
        ("я" * 4096, [(4096, 0), (0, 1)]),
        ("я" * 4097, [(4096, 0), (1, 0), (0, 1)]),
    ],
)
def test_limits_count_as_telegram_counts(text: str, sizes: list[tuple[int, int]]) -> None:
    found = parts.parts(Outgoing("5", "u", text, (file(),)))
    assert [(len(part.text), len(part.files)) for part in found] == sizes


def test_sticker_has_no_caption() -> None:
    found = parts.parts(Outgoing("5", "u", "Hi", (file("sticker", "image/webp"),)))
    assert [(part.text, len(part.files)) for part in found] == [("Hi", 0), ("", 1)]


def test_pictures_go_as_an_album(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "sendMediaGroup", [message(8), message(9), message(10)])
    files = (file(), file("video", "video/mp4"), file())
    assert bot.send(Outgoing("5", "u", "Three", files)).message_ids == ("8", "9", "10")
    body = telegram.calls[0].request.body
    assert isinstance(body, bytes)
    assert b'"type": "video", "media": "attach://file1"' in body
    assert body.count(b'"caption"') == 1


@pytest.mark.parametrize(
    ("files", "sizes"),
    [
        ([PNG] * 11, [10, 1]),
        ([PNG] * 2 + [("document", "application/pdf")] * 2 + [PNG], [2, 2, 1]),
        ([("voice", "audio/ogg")] * 2, [1, 1]),
        ([PNG, ("audio", "audio/mpeg"), ("audio", "audio/mpeg")], [1, 2]),
    ],
)
def test_albums_hold_ten_of_one_family(files: list[Any], sizes: list[int]) -> None:
    outgoing = Outgoing("5", "u", files=tuple(file(*one) for one in files))
    assert [len(part.files) for part in parts.parts(outgoing)] == sizes


def test_large_picture_is_a_document() -> None:
    assert parts.method_of(file(size=parts.PHOTO_LIMIT + 1)) == "Document"


@pytest.mark.parametrize("count", [1, 2])
def test_odd_picture_goes_as_a_document(
    bot: Telegram, telegram: responses.RequestsMock, count: int
) -> None:
    first = "sendPhoto" if count == 1 else "sendMediaGroup"
    refuse(telegram, first, 400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    second = "sendDocument" if count == 1 else "sendMediaGroup"
    answer(telegram, second, message(8) if count == 1 else [message(8), message(9)])
    bot.send(Outgoing("5", "u", files=(file(),) * count))
    assert len(telegram.calls) == 2


def test_failed_part_says_how_many_went(bot: Telegram, telegram: responses.RequestsMock) -> None:
    outgoing = Outgoing("5", "u", "word " * 2000)
    answer(telegram, "sendMessage", message(8))
    refuse(telegram, "sendMessage", 429, "Too Many Requests", parameters={"retry_after": 3})
    with pytest.raises(PartlySent) as caught:
        bot.send(outgoing)
    assert (caught.value.done, caught.value.sent, caught.value.retry_after) == (1, ("8",), 3)
    for number in (9, 10):
        answer(telegram, "sendMessage", message(number))
    assert bot.send(outgoing, caught.value.done).message_ids == ("9", "10")


@pytest.mark.parametrize(
    ("status", "words", "code", "permanent"),
    [
        (401, "Unauthorized", base.UNAUTHORIZED, True),
        (404, "Not Found", base.UNAUTHORIZED, True),
        (404, "Not Found: method not found", base.REJECTED, True),
        (403, "Forbidden: bot was blocked by the user", base.RECIPIENT_GONE, True),
        (403, "Forbidden: user is deactivated", base.RECIPIENT_GONE, True),
        (403, "Forbidden: bot can't initiate conversation with a user", base.RECIPIENT_GONE, True),
        (400, "Bad Request: chat not found", base.RECIPIENT_GONE, True),
        (400, "Bad Request: PEER_ID_INVALID", base.RECIPIENT_GONE, True),
        (400, "Bad Request: message text is empty", base.REJECTED, True),
        (413, "Request Entity Too Large", base.TOO_LARGE, True),
        (429, "Too Many Requests: retry after 7", base.RATE_LIMITED, False),
        (500, "Internal Server Error", base.UNANSWERED, False),
        (502, "Bad Gateway", base.UNANSWERED, False),
        (409, "Conflict", base.UNANSWERED, False),
    ],
)
def test_refusals_have_meanings(status: int, words: str, code: str, permanent: bool) -> None:
    body = json.dumps({"ok": False, "error_code": status, "description": words}).encode()
    with pytest.raises(ChannelError) as caught:
        api.result(status, body)
    error = caught.value
    assert (error.code, error.permanent) == (code, permanent)
    assert error.unknown == (code == base.UNANSWERED)


@pytest.mark.parametrize(
    ("parameters", "seconds"),
    [({"retry_after": 7}, 7), ({}, api.RETRY_SECONDS), ({"retry_after": "x"}, api.RETRY_SECONDS)],
)
def test_wait_is_what_telegram_asks(parameters: dict[str, Any], seconds: float) -> None:
    body = {"ok": False, "error_code": 429, "description": "Wait", "parameters": parameters}
    assert api.refusal(body, 429).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (504, b"<html>Gateway Time-out</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b'{"ok": true'),
        (302, b""),
        (500, b'{"ok": true, "result": {}}'),
    ],
)
def test_unclear_answer_is_unknown(status: int, body: bytes) -> None:
    with pytest.raises(ChannelError) as caught:
        api.result(status, body)
    assert (caught.value.unknown, caught.value.permanent) == (True, False)


def test_refused_connection_is_safe_to_repeat(
    bot: Telegram, telegram: responses.RequestsMock
) -> None:
    refused = NewConnectionError(None, "refused")  # type: ignore[arg-type]
    error = MaxRetryError(None, "/", refused)  # type: ignore[arg-type]
    telegram.post(f"{BOT}/sendMessage", body=requests.ConnectionError(error))
    with pytest.raises(ChannelError) as caught:
        bot.send(Outgoing("5", "u", "Hi"))
    assert (caught.value.code, caught.value.unknown) == (base.UNREACHABLE, False)


@pytest.mark.parametrize(
    "trouble", [requests.ReadTimeout(), requests.ConnectionError(f"reset: /bot{TOKEN}/x")]
)
def test_lost_answer_is_unknown_and_keeps_the_token_secret(
    bot: Telegram, telegram: responses.RequestsMock, trouble: Exception
) -> None:
    telegram.post(f"{BOT}/sendMessage", body=trouble)
    with pytest.raises(ChannelError) as caught:
        bot.send(Outgoing("5", "u", "Hi"))
    error = caught.value
    assert error.unknown
    assert TOKEN not in str(error)
    assert error.__suppress_context__


@pytest.mark.parametrize("result", [None, True, {}, {"message_id": "x"}, [], {"message_id": 1}])
def test_sent_without_a_number_is_unknown(
    bot: Telegram, telegram: responses.RequestsMock, result: Any
) -> None:
    answer(telegram, "sendMessage", result)
    with pytest.raises(ChannelError) as caught:
        bot.send(Outgoing("5", "u", "Hi"))
    assert caught.value.unknown


NOT_MODIFIED = "Bad Request: message is not modified: specified new message content is the same"


def test_lost_message_is_found_by_its_number(
    bot: Telegram, telegram: responses.RequestsMock
) -> None:
    [part] = bot.parts(Outgoing("5", "u", "Hi"))
    for words in ("message to edit not found", "message can't be edited"):
        refuse(telegram, "editMessageReplyMarkup", 400, f"Bad Request: {words}")
    refuse(telegram, "editMessageReplyMarkup", 400, NOT_MODIFIED)
    assert bot.find_part(part, "40", {"42"}) == Sent(("44",))
    assert [_json(call)["message_id"] for call in telegram.calls] == [41, 43, 44]


def test_message_that_never_went_is_not_found(
    bot: Telegram, telegram: responses.RequestsMock
) -> None:
    [part] = bot.parts(Outgoing("5", "u", "Hi"))
    refuse(telegram, "editMessageReplyMarkup", 400, "Bad Request: message to edit not found")
    answer(telegram, "getWebhookInfo", {"pending_update_count": 2})
    assert bot.find_part(part, "40", set()) is None
    looked = [call for call in telegram.calls if "editMessageReplyMarkup" in call.request.url]
    assert [_json(call)["message_id"] for call in looked] == list(range(41, 73))


def test_lost_album_is_found_whole(bot: Telegram, telegram: responses.RequestsMock) -> None:
    [part] = bot.parts(Outgoing("5", "u", files=(file(), file())))
    refuse(telegram, "editMessageReplyMarkup", 400, NOT_MODIFIED)
    assert bot.find_part(part, "40", set()) == Sent(("41", "42"))


def test_search_waits_as_asked(bot: Telegram, telegram: responses.RequestsMock) -> None:
    [part] = bot.parts(Outgoing("5", "u", "Hi"))
    refuse(telegram, "editMessageReplyMarkup", 429, "Wait", parameters={"retry_after": 9})
    with pytest.raises(ChannelError) as caught:
        bot.find_part(part, "40", set())
    assert caught.value.retry_after == 9


def test_outcome_without_a_start_stays_unknown(bot: Telegram) -> None:
    [part] = bot.parts(Outgoing("5", "u", "Hi"))
    with pytest.raises(ChannelError) as caught:
        bot.find_part(part, "", set())
    assert (caught.value.code, caught.value.permanent) == (base.UNKNOWN_OUTCOME, True)


def test_edit_changes_text(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "editMessageText", message(8), chat_id="5", message_id=8, text="New")
    bot.edit("5", "8", "New")


def test_edit_changes_a_caption(bot: Telegram, telegram: responses.RequestsMock) -> None:
    refuse(telegram, "editMessageText", 400, "Bad Request: there is no text in the message to edit")
    answer(telegram, "editMessageCaption", message(8), chat_id="5", message_id=8, caption="New")
    bot.edit("5", "8", "New")


def test_edit_to_the_same_is_done(bot: Telegram, telegram: responses.RequestsMock) -> None:
    refuse(telegram, "editMessageText", 400, NOT_MODIFIED)
    bot.edit("5", "8", "Same")


def test_edit_too_late_is_refused(bot: Telegram, telegram: responses.RequestsMock) -> None:
    refuse(telegram, "editMessageText", 400, "Bad Request: message can't be edited")
    with pytest.raises(ChannelError) as caught:
        bot.edit("5", "8", "New")
    assert caught.value.permanent


def test_delete_takes_back(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "deleteMessage", True, chat_id="5", message_id=8)
    bot.delete("5", "8")


def test_delete_of_nothing_is_done(bot: Telegram, telegram: responses.RequestsMock) -> None:
    refuse(telegram, "deleteMessage", 400, "Bad Request: message to delete not found")
    bot.delete("5", "8")


@pytest.mark.parametrize("message_id", ["", "x", "-1", "1;2"])
def test_odd_message_id_asks_nobody(bot: Telegram, message_id: str) -> None:
    with pytest.raises(ChannelError):
        bot.delete("5", message_id)


def test_typing_is_shown(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "sendChatAction", True, chat_id="5", action="typing")
    bot.typing("5")


def test_file_is_fetched(bot: Telegram, telegram: responses.RequestsMock) -> None:
    found = {"file_id": "F", "file_path": "photos/file 1.jpg", "file_size": 4}
    answer(telegram, "getFile", found, file_id="F")
    telegram.get(f"https://api.telegram.example/file/bot{TOKEN}/photos/file%201.jpg", body=b"data")
    fetched = bot.fetch(RemoteFile("image", "F", "photo-1.jpg", "image/jpeg"))
    with fetched.stream as stream:
        assert stream.read() == b"data"
    assert (fetched.name, fetched.mime, fetched.size) == ("photo-1.jpg", "image/jpeg", 4)


def test_large_file_is_not_asked_for(bot: Telegram) -> None:
    with pytest.raises(ChannelError, match="20 MB") as caught:
        bot.fetch(RemoteFile("video", "F", size=FETCH_LIMIT + 1))
    assert (caught.value.code, caught.value.permanent) == (base.TOO_LARGE, True)


def test_file_that_telegram_finds_too_large_is_said(
    bot: Telegram, telegram: responses.RequestsMock
) -> None:
    refuse(telegram, "getFile", 400, "Bad Request: file is too big")
    with pytest.raises(ChannelError) as caught:
        bot.fetch(RemoteFile("video", "F"))
    assert caught.value.code == base.TOO_LARGE


def test_lost_file_keeps_the_token_secret(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "getFile", {"file_id": "F", "file_path": "a.jpg"})
    telegram.get(f"https://api.telegram.example/file/bot{TOKEN}/a.jpg", status=404)
    with pytest.raises(ChannelError) as caught:
        bot.fetch(RemoteFile("image", "F"))
    assert not caught.value.permanent
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__


def test_bot_is_connected(bot: Telegram, telegram: responses.RequestsMock) -> None:
    me = {"id": 100001, "is_bot": True, "first_name": "Shop", "username": "shop_bot"}
    answer(telegram, "getMe", me)
    answer(
        telegram,
        "setWebhook",
        True,
        url=HOOK,
        secret_token="sample-secret",
        allowed_updates=["message", "edited_message", "my_chat_member"],
    )
    connected = bot.connect("100001")
    assert (connected.external_id, connected.name) == ("100001", "Shop")
    assert connected.link == "https://t.me/shop_bot"


def test_token_of_another_bot_is_refused(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "getMe", {"id": 100002, "first_name": "Other"})
    with pytest.raises(Invalid, match="Other"):
        bot.connect("100001")


@pytest.mark.parametrize("result", [None, [], {}, {"id": "x"}])
def test_bot_without_a_number_is_not_connected(
    bot: Telegram, telegram: responses.RequestsMock, result: Any
) -> None:
    answer(telegram, "getMe", result)
    with pytest.raises(ChannelError):
        bot.connect()


def test_bot_is_let_go(bot: Telegram, telegram: responses.RequestsMock) -> None:
    answer(telegram, "deleteWebhook", True)
    bot.disconnect()


def test_healthy_hook_is_no_trouble() -> None:
    trouble({"url": HOOK, "pending_update_count": 3}, HOOK)
    trouble({"url": HOOK, "pending_update_count": 0, "last_error_message": "old"}, HOOK)


@pytest.mark.parametrize(
    ("info", "words", "code"),
    [
        ({"url": ""}, "another address", base.MOVED),
        ({"url": "https://else.example"}, "another address", base.MOVED),
        (
            {"url": HOOK, "pending_update_count": 2, "last_error_message": "SSL error"},
            "cannot bring us messages: SSL error",
            "channel",
        ),
        ("nonsense", "did not answer properly", base.UNANSWERED),
    ],
)
def test_trouble_is_said_in_words(info: Any, words: str, code: str) -> None:
    with pytest.raises(ChannelError, match=words) as caught:
        trouble(info, HOOK)
    assert caught.value.code == code


def test_secret_with_strange_letters_is_denied(bot: Telegram) -> None:
    call = recordings.hook_call({}, {"x-telegram-bot-api-secret-token": "é"})
    with pytest.raises(Denied):
        bot.verify(call)


def entity(kind: str, offset: int, length: int, url: str = "") -> updates.Entity:
    return updates.Entity(type=kind, offset=offset, length=length, url=url)


@pytest.mark.parametrize(
    ("text", "entities", "plain"),
    [
        ("see here", [entity("text_link", 4, 4, "https://a")], "see here (https://a)"),
        ("👋 here!", [entity("text_link", 3, 4, "https://a")], "👋 here (https://a)!"),
        ("https://a", [entity("text_link", 0, 9, "https://a")], "https://a"),
        ("ab", [entity("text_link", 0, 1, "x"), entity("text_link", 1, 1, "y")], "a (x)b (y)"),
        ("ab", [entity("text_link", 0, 9, "https://a")], "ab"),
        ("ab", [entity("text_link", -1, 1, "https://a")], "ab"),
        ("ab", [entity("bold", 0, 2)], "ab"),
    ],
)
def test_links_stay_readable(text: str, entities: list[updates.Entity], plain: str) -> None:
    assert updates.linked(text, entities) == plain


@pytest.mark.parametrize("number", [None, True, "5", 1.5, 2**63])
def test_update_without_a_number_is_invalid(number: Any) -> None:
    with pytest.raises(Invalid):
        updates.number(json.dumps({"update_id": number}).encode())
