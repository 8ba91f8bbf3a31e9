"""The Telegram simulator answers as the Bot API documents and delivers until it is heard."""

import base64
import io
import json
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import TestResponse

from sandbox.messengers.telegram import TelegramApp, create_telegram
from sandbox.messengers.telegram.media import SAMPLES
from sandbox.outside import Outside

TOKEN = "100001:SANDBOX-TOKEN-ONE"
BOT = "@callgear_demo_bot"
ANNA = 5_000_001
APP = "http://127.0.0.1:8000"
REPLY_TO_NOTHING = {"chat_id": ANNA, "text": "x", "reply_parameters": {"message_id": 99}}
PHOTO = (SAMPLES / "photo.jpg").read_bytes()


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Listener:
    """An application with a webhook: keeps what came, answers `status`."""

    def __init__(self) -> None:
        self.app = Flask("listener")
        self.app.add_url_rule("/hook", view_func=self.hook, methods=["POST"])
        self.heard: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.status = 200

    def hook(self) -> tuple[str, int]:
        self.heard.append(request.get_json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        return "", self.status


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def telegram(listener: Listener, clock: Clock) -> TelegramApp:
    return create_telegram(Outside(wsgi={APP: listener.app}), clock=clock)


def api(telegram: TelegramApp, name: str, **parameters: Any) -> TestResponse:
    return telegram.test_client().post(f"/bot{TOKEN}/{name}", json=parameters)


def result(telegram: TelegramApp, name: str, **parameters: Any) -> Any:
    answer = api(telegram, name, **parameters)
    assert answer.status_code == 200, answer.json
    return answer.json["result"]


def refusal(telegram: TelegramApp, name: str, **parameters: Any) -> str:
    answer = api(telegram, name, **parameters)
    assert not answer.json["ok"]
    assert answer.status_code == answer.json["error_code"]
    return str(answer.json["description"])


def control(telegram: TelegramApp, deed: str, **words: Any) -> Any:
    answer = telegram.test_client().post(f"/_sandbox/{deed}", json=words)
    assert answer.status_code == 200, answer.json
    return answer.json


def say(telegram: TelegramApp, **words: Any) -> list[dict[str, Any]]:
    return control(telegram, "say", bot=BOT, user={"id": ANNA}, **words)["messages"]


def chat(telegram: TelegramApp) -> Any:
    return telegram.test_client().get(f"/_sandbox/chats/{BOT}/{ANNA}").json


@pytest.fixture
def hooked(telegram: TelegramApp) -> TelegramApp:
    """Anna has started the chat and the webhook is set."""
    result(telegram, "setWebhook", url=f"{APP}/hook", secret_token="hush-hush")
    say(telegram, text="/start")
    telegram.courier.deliver()
    return telegram


def test_bot_tells_who_it_is(telegram: TelegramApp) -> None:
    assert result(telegram, "getMe")["username"] == "callgear_demo_bot"


def test_method_names_ignore_case(telegram: TelegramApp) -> None:
    assert result(telegram, "GETME")["is_bot"]


def test_unknown_token_is_unauthorized(telegram: TelegramApp) -> None:
    answer = telegram.test_client().get("/bot1:WRONG/getMe")
    assert answer.json == {"ok": False, "error_code": 401, "description": "Unauthorized"}


def test_broken_token_is_not_found(telegram: TelegramApp) -> None:
    assert telegram.test_client().get("/botnonsense/getMe").json["error_code"] == 404


def test_revoked_token_is_unauthorized(telegram: TelegramApp) -> None:
    control(telegram, "revoke", bot=BOT)
    assert refusal(telegram, "getMe") == "Unauthorized"


def test_unknown_method_is_not_found(telegram: TelegramApp) -> None:
    assert refusal(telegram, "sendTelepathy") == "Not Found: method not found"


def test_undocumented_parameter_is_an_error(hooked: TelegramApp) -> None:
    told = refusal(hooked, "sendMessage", chat_id=ANNA, text="Hello", txet="Hello")
    assert "sendMessage has no parameter txet" in told


def test_unsimulated_parameter_is_an_error(hooked: TelegramApp) -> None:
    told = refusal(hooked, "sendMessage", chat_id=ANNA, text="*", parse_mode="HTML")
    assert "cannot do it" in told


@pytest.mark.parametrize(
    "how",
    [
        {"json": {"chat_id": ANNA, "text": "Hello"}},
        {"data": {"chat_id": ANNA, "text": "Hello"}},
        {"query_string": {"chat_id": ANNA, "text": "Hello"}},
    ],
)
def test_parameters_come_in_any_form(hooked: TelegramApp, how: dict[str, Any]) -> None:
    answer = hooked.test_client().post(f"/bot{TOKEN}/sendMessage", **how)
    assert answer.json["result"]["text"] == "Hello"


def test_client_sees_what_bot_sends(hooked: TelegramApp) -> None:
    result(hooked, "sendMessage", chat_id=ANNA, text="Good day")
    assert [line["text"] for line in chat(hooked)["messages"] if line["from_bot"]] == ["Good day"]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"chat_id": ANNA, "text": ""}, "Bad Request: message text is empty"),
        ({"chat_id": ANNA, "text": "x" * 4097}, "Bad Request: message is too long"),
        ({"chat_id": 42, "text": "x"}, "Bad Request: chat not found"),
        ({"text": "x"}, "Bad Request: chat_id is empty"),
        ({"chat_id": 5_000_002, "text": "x"}, "Forbidden: bot can't initiate conversation"),
        (REPLY_TO_NOTHING, "Bad Request: message to be replied not found"),
    ],
)
def test_impossible_message_is_refused(hooked: TelegramApp, parameters: Any, told: str) -> None:
    assert refusal(hooked, "sendMessage", **parameters).startswith(told)


def test_blocked_bot_is_forbidden(hooked: TelegramApp) -> None:
    control(hooked, "block", bot=BOT, user_id=ANNA)
    told = refusal(hooked, "sendMessage", chat_id=ANNA, text="Hello")
    assert told == "Forbidden: bot was blocked by the user"


def test_reply_carries_its_quote(hooked: TelegramApp) -> None:
    question = say(hooked, text="Is it bright?")[0]["message_id"]
    reply = {"message_id": question}
    sent = result(hooked, "sendMessage", chat_id=ANNA, text="Very", reply_parameters=reply)
    assert sent["reply_to_message"]["text"] == "Is it bright?"


def test_uploaded_photo_can_be_downloaded(hooked: TelegramApp) -> None:
    form = {"chat_id": ANNA, "caption": "Here", "photo": (io.BytesIO(PHOTO), "lamp.jpg")}
    sent = hooked.test_client().post(f"/bot{TOKEN}/sendPhoto", data=form).json["result"]
    biggest = sent["photo"][-1]
    path = result(hooked, "getFile", file_id=biggest["file_id"])["file_path"]
    assert (biggest["width"], biggest["height"]) == (960, 720)
    assert hooked.test_client().get(f"/file/bot{TOKEN}/{path}").data == PHOTO


def test_known_file_is_sent_again_by_id(hooked: TelegramApp) -> None:
    document = say(hooked, document=True)[0]["document"]
    sent = result(hooked, "sendDocument", chat_id=ANNA, document=document["file_id"])
    assert sent["document"]["file_name"] == "document.pdf"


def test_file_of_another_bot_is_unknown(hooked: TelegramApp) -> None:
    words = {"bot": "@callgear_second_bot", "user": {"id": ANNA}, "document": True}
    document = control(hooked, "say", **words)["messages"][0]["document"]
    told = refusal(hooked, "sendDocument", chat_id=ANNA, document=document["file_id"])
    assert told == "Bad Request: wrong file identifier/HTTP URL specified"


def test_text_is_no_photo(hooked: TelegramApp) -> None:
    form = {"chat_id": ANNA, "photo": (io.BytesIO(b"words"), "a.jpg")}
    answer = hooked.test_client().post(f"/bot{TOKEN}/sendPhoto", data=form)
    assert answer.json["description"] == "Bad Request: IMAGE_PROCESS_FAILED"


def test_strange_voice_becomes_a_document(hooked: TelegramApp) -> None:
    form = {"chat_id": ANNA, "voice": (io.BytesIO(b"\x00\x01"), "a.amr")}
    answer = hooked.test_client().post(f"/bot{TOKEN}/sendVoice", data=form)
    assert "document" in answer.json["result"]


def test_album_shares_a_group(hooked: TelegramApp) -> None:
    media = [{"type": "photo", "media": f"attach://p{n}", "caption": "Two" * n} for n in (0, 1)]
    form = {"chat_id": ANNA, "media": json.dumps(media)}
    files = {f"p{n}": (io.BytesIO(PHOTO), f"{n}.jpg") for n in (0, 1)}
    sent = hooked.test_client().post(f"/bot{TOKEN}/sendMediaGroup", data=form | files).json
    assert len({message["media_group_id"] for message in sent["result"]}) == 1


def test_album_of_mixed_kinds_is_refused(hooked: TelegramApp) -> None:
    media = [{"type": "photo", "media": "x"}, {"type": "document", "media": "x"}]
    told = refusal(hooked, "sendMediaGroup", chat_id=ANNA, media=media)
    assert told == "Bad Request: document can't be mixed with other media types"


def test_place_and_contact_are_sent(hooked: TelegramApp) -> None:
    place = result(hooked, "sendLocation", chat_id=ANNA, latitude=55.7, longitude=37.6)
    card = result(hooked, "sendContact", chat_id=ANNA, phone_number="+7900", first_name="Boris")
    assert place["location"]["latitude"] == 55.7
    assert card["contact"]["first_name"] == "Boris"


def test_own_message_is_edited_once(hooked: TelegramApp) -> None:
    sent = result(hooked, "sendMessage", chat_id=ANNA, text="Helo")
    words = {"chat_id": ANNA, "message_id": sent["message_id"], "text": "Hello"}
    assert result(hooked, "editMessageText", **words)["edit_date"]
    assert refusal(hooked, "editMessageText", **words).startswith(
        "Bad Request: message is not modified"
    )


def test_photo_has_a_caption_and_no_text(hooked: TelegramApp) -> None:
    photo = say(hooked, photo=True)[0]["photo"][-1]["file_id"]
    sent = result(hooked, "sendPhoto", chat_id=ANNA, photo=photo)["message_id"]
    told = refusal(hooked, "editMessageText", chat_id=ANNA, message_id=sent, text="Lamp")
    assert told == "Bad Request: there is no text in the message to edit"
    words = {"chat_id": ANNA, "message_id": sent}
    assert result(hooked, "editMessageCaption", **words, caption="Lamp")["caption"] == "Lamp"
    assert "caption" not in result(hooked, "editMessageCaption", **words)


def test_buttons_are_taken_away_once(hooked: TelegramApp) -> None:
    markup = {"inline_keyboard": [[{"text": "Good", "callback_data": "5"}]]}
    sent = result(hooked, "sendMessage", chat_id=ANNA, text="How was it?", reply_markup=markup)
    words = {"chat_id": ANNA, "message_id": sent["message_id"]}
    assert "reply_markup" not in result(hooked, "editMessageReplyMarkup", **words)
    assert "message is not modified" in refusal(hooked, "editMessageReplyMarkup", **words)


def test_animation_is_a_document_too(hooked: TelegramApp) -> None:
    gif = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
    form = {"chat_id": ANNA, "animation": (io.BytesIO(gif), "spin.gif")}
    sent = hooked.test_client().post(f"/bot{TOKEN}/sendAnimation", data=form).json["result"]
    assert sent["animation"]["file_id"] == sent["document"]["file_id"]


def test_client_message_cannot_be_edited_by_bot(hooked: TelegramApp) -> None:
    theirs = say(hooked, text="Mine")[0]["message_id"]
    told = refusal(hooked, "editMessageText", chat_id=ANNA, message_id=theirs, text="Yours")
    assert told == "Bad Request: message can't be edited"


def test_deleted_message_leaves_the_phone(hooked: TelegramApp) -> None:
    sent = result(hooked, "sendMessage", chat_id=ANNA, text="Oops")["message_id"]
    assert result(hooked, "deleteMessage", chat_id=ANNA, message_id=sent) is True
    assert not [line for line in chat(hooked)["messages"] if line["from_bot"]]


def test_typing_is_seen_for_five_seconds(hooked: TelegramApp, clock: Clock) -> None:
    result(hooked, "sendChatAction", chat_id=ANNA, action="typing")
    assert chat(hooked)["action"] == "typing"
    clock.now += 5
    assert chat(hooked)["action"] == ""


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"url": "http://example.com/h"}, "An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.com:9000/h"}, "Webhook can be set up only on ports"),
        ({"url": f"{APP}/h", "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": f"{APP}/h", "allowed_updates": ["mesage"]}, "there are no updates mesage"),
    ],
)
def test_wrong_webhook_is_refused(telegram: TelegramApp, parameters: Any, told: str) -> None:
    assert told in refusal(telegram, "setWebhook", **parameters)


def test_update_arrives_with_the_secret(hooked: TelegramApp, listener: Listener) -> None:
    assert listener.heard[0]["message"]["text"] == "/start"
    assert listener.secrets == ["hush-hush"]


def test_update_numbers_grow(hooked: TelegramApp, listener: Listener) -> None:
    say(hooked, album=[{"photo": True}, {"photo": True}], text="Both")
    hooked.courier.deliver()
    numbers = [update["update_id"] for update in listener.heard]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_album_is_several_updates(hooked: TelegramApp, listener: Listener) -> None:
    say(hooked, album=[{"photo": True}, {"photo": True}], text="Both")
    hooked.courier.deliver()
    groups = [update["message"]["media_group_id"] for update in listener.heard[1:]]
    captions = [update["message"].get("caption") for update in listener.heard[1:]]
    assert groups[0] == groups[1]
    assert captions == ["Both", None]


def test_update_is_retried_until_taken(hooked: TelegramApp, listener: Listener) -> None:
    say(hooked, text="Anybody?")
    for listener.status in (500, 503, 200):
        hooked.courier.deliver()
    tries = [update["update_id"] for update in listener.heard[1:]]
    assert len(tries) == 3
    assert len(set(tries)) == 1
    assert hooked.courier.deliver() == []


def test_later_update_waits_for_the_earlier(hooked: TelegramApp, listener: Listener) -> None:
    say(hooked, text="First")
    say(hooked, text="Second")
    listener.status = 500
    assert len(hooked.courier.deliver()) == 1
    assert result(hooked, "getWebhookInfo")["pending_update_count"] == 2


@pytest.mark.parametrize(("kind", "times"), [("timeout", 1), ("timeout_after", 2)])
def test_update_can_be_lost_or_doubled(
    hooked: TelegramApp, listener: Listener, kind: str, times: int
) -> None:
    control(hooked, "faults", match="webhook", kind=kind)
    say(hooked, text="Anybody?")
    hooked.courier.deliver()
    hooked.courier.deliver()
    assert [update["message"]["text"] for update in listener.heard[1:]] == ["Anybody?"] * times


def test_trouble_is_told_in_webhook_info(hooked: TelegramApp, listener: Listener) -> None:
    say(hooked, text="Anybody?")
    listener.status = 500
    hooked.courier.deliver()
    told = result(hooked, "getWebhookInfo")["last_error_message"]
    assert told == "Wrong response from the webhook: 500"


def test_deleted_webhook_hears_nothing(hooked: TelegramApp, listener: Listener) -> None:
    result(hooked, "deleteWebhook", drop_pending_updates=True)
    say(hooked, text="Anybody?")
    assert hooked.courier.deliver() == []


def test_only_allowed_updates_are_sent(hooked: TelegramApp, listener: Listener) -> None:
    result(hooked, "setWebhook", url=f"{APP}/hook", allowed_updates=["edited_message"])
    mine = say(hooked, text="Helo")[0]["message_id"]
    control(hooked, "edit", bot=BOT, user_id=ANNA, message_id=mine, text="Hello")
    hooked.courier.deliver()
    assert [update["edited_message"]["text"] for update in listener.heard[1:]] == ["Hello"]


def test_block_is_told_to_the_bot(hooked: TelegramApp, listener: Listener) -> None:
    control(hooked, "block", bot=BOT, user_id=ANNA)
    hooked.courier.deliver()
    assert listener.heard[-1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"


def test_pressed_button_is_answered_once(hooked: TelegramApp, listener: Listener) -> None:
    markup = {"inline_keyboard": [[{"text": "Good", "callback_data": "5"}]]}
    sent = result(hooked, "sendMessage", chat_id=ANNA, text="How was it?", reply_markup=markup)
    control(hooked, "press", bot=BOT, user_id=ANNA, message_id=sent["message_id"], data="5")
    hooked.courier.deliver()
    query = listener.heard[-1]["callback_query"]["id"]
    assert result(hooked, "answerCallbackQuery", callback_query_id=query) is True
    assert "query is too old" in refusal(hooked, "answerCallbackQuery", callback_query_id=query)


@pytest.mark.parametrize("kind", ["photo", "document", "voice", "sticker", "location", "contact"])
def test_client_sends_every_kind(hooked: TelegramApp, listener: Listener, kind: str) -> None:
    say(hooked, **{kind: True})
    hooked.courier.deliver()
    assert kind in listener.heard[-1]["message"]


def test_new_client_gets_a_number(hooked: TelegramApp) -> None:
    said = control(hooked, "say", bot=TOKEN, user={"first_name": "Clara"}, text="Hi")
    again = control(hooked, "say", bot=TOKEN, user={"first_name": "Clara"}, text="Hi")
    assert said["messages"][0]["from"]["id"] == again["messages"][0]["from"]["id"] > ANNA


def test_given_file_content_is_kept(hooked: TelegramApp) -> None:
    content = base64.b64encode(b"line").decode()
    said = say(hooked, document={"content": content, "name": "a.txt"}, text="See")[0]
    shown = hooked.test_client().get(f"/_sandbox/files/{said['document']['file_id']}")
    assert (shown.data, said["caption"]) == (b"line", "See")


def test_limits_ask_to_wait(hooked: TelegramApp, clock: Clock) -> None:
    control(hooked, "switches", rate_limits=True)
    result(hooked, "sendMessage", chat_id=ANNA, text="One")
    answer = api(hooked, "sendMessage", chat_id=ANNA, text="Two")
    assert answer.json["parameters"] == {"retry_after": 1}
    clock.now += 1
    result(hooked, "sendMessage", chat_id=ANNA, text="Two")


def test_ordered_fault_happens_once(hooked: TelegramApp) -> None:
    control(hooked, "faults", match="sendMessage", kind="429", retry_after=7)
    answer = api(hooked, "sendMessage", chat_id=ANNA, text="One")
    assert (answer.status_code, answer.json["parameters"]) == (429, {"retry_after": 7})
    result(hooked, "sendMessage", chat_id=ANNA, text="One")


def test_lost_answer_leaves_the_message(hooked: TelegramApp) -> None:
    control(hooked, "faults", match="sendMessage", kind="500_after")
    assert api(hooked, "sendMessage", chat_id=ANNA, text="Sent").status_code == 500
    assert chat(hooked)["messages"][-1]["text"] == "Sent"


def test_calls_are_listed_with_outcome(hooked: TelegramApp) -> None:
    api(hooked, "sendMessage", chat_id=42, text="Nobody")
    items = hooked.test_client().get("/_sandbox/calls?method=sendmessage").json["items"]
    assert items[-1]["params"]["text"] == "Nobody"
    assert items[-1]["error"]["error_code"] == 400


def test_reset_forgets_everything(hooked: TelegramApp) -> None:
    control(hooked, "reset")
    assert chat(hooked)["messages"] == []
    assert result(hooked, "getWebhookInfo")["url"] == ""


def test_news_come_with_a_version(hooked: TelegramApp) -> None:
    before = hooked.test_client().get("/_sandbox/news").json["version"]
    say(hooked, text="Hi")
    assert hooked.test_client().get(f"/_sandbox/news?seen={before}").json["version"] > before


def test_courier_delivers_by_itself(telegram: TelegramApp, listener: Listener) -> None:
    telegram.courier.start()
    result(telegram, "setWebhook", url=f"{APP}/hook")
    say(telegram, text="Hi")
    version = telegram.sandbox.version
    while not listener.heard:
        version = telegram.sandbox.wait(version, 5)
    telegram.courier.stop()
    assert listener.heard[0]["message"]["text"] == "Hi"


def test_phone_page_opens(telegram: TelegramApp) -> None:
    client = telegram.test_client()
    assert 'data-test="phones"' in client.get("/").text
    assert client.get("/static/phone.js", buffered=True).status_code == 200
