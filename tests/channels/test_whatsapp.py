"""What we say to WhatsApp, and what its answers mean."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from b24app.channels import base
from b24app.channels.whatsapp import WhatsApp, api, parts, templates, trouble
from b24app.errors import ChannelError, Denied, Invalid
from b24app.values import (
    Account,
    Address,
    FileKind,
    Filled,
    HookCall,
    OutFile,
    Outgoing,
    RemoteFile,
)

SERVER = "https://graph.example"
NUMBER = f"{SERVER}/{api.VERSION}/106540352242922"
WABA = f"{SERVER}/{api.VERSION}/102290129340398"
HOOK = "https://app.example/hooks/key"
ANNA = "79001112233"
TOKEN = "EAASECRET"


@pytest.fixture
def graph() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


@pytest.fixture
def number(monkeypatch: pytest.MonkeyPatch) -> WhatsApp:
    monkeypatch.setattr(base._Settings, "config", None)
    monkeypatch.setattr(WhatsApp, "official_server", SERVER)
    settings = {
        "phone_number_id": "106540352242922",
        "business_account_id": "102290129340398",
        "token": TOKEN,
        "app_secret": "secret",
    }
    return WhatsApp(Account(7, settings, HOOK, "ours"), requests.Session())


def file(kind: FileKind = "image", mime: str = "image/png", size: int = 4) -> OutFile:
    return OutFile(kind, "имя.bin", mime, size, lambda: io.BytesIO(b"data"))


def answers(graph: responses.RequestsMock, **sent: Any) -> None:
    """The answer to a send with exactly these words, if any are named."""
    told = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.1"}]}
    match = [matchers.json_params_matcher(sent)] if sent else []
    graph.post(f"{NUMBER}/messages", json=told, match=match)


def refusal(code: int, words: str = "why", **more: Any) -> dict[str, Any]:
    error = {"message": f"(#{code}) Title", "code": code, "error_data": {"details": words}}
    return {"error": {**error, **more}}


USUAL = {
    "messaging_product": "whatsapp",
    "recipient_type": "individual",
    "to": ANNA,
    "biz_opaque_callback_data": "u:0",
}


def test_text_is_sent_with_a_name_and_a_quote(
    number: WhatsApp, graph: responses.RequestsMock
) -> None:
    content = {"type": "text", "text": {"body": "Hi", "preview_url": True}}
    answers(graph, **USUAL, **content, context={"message_id": "wamid.0"})
    assert number.send(Outgoing(ANNA, "u", "Hi", quote_id="wamid.0")).message_ids == ("wamid.1",)
    assert graph.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_client_with_a_hidden_phone_is_named_otherwise() -> None:
    [part] = parts.parts(Outgoing("RU.1349", "u", "Hi"))
    assert parts.body(part)["recipient"] == "RU.1349"
    assert "to" not in parts.body(part)


@pytest.mark.parametrize(
    ("kind", "mime", "size", "taken"),
    [
        ("image", "image/jpeg", 4, "image"),
        ("image", "image/webp", 4, "document"),
        ("image", "image/png", (5 << 20) + 1, "document"),
        ("document", "image/png", 4, "document"),
        ("document", "application/pdf", 4, "document"),
        ("voice", "audio/ogg", 4, "audio"),
        ("voice", "audio/webm", 4, "document"),
        ("video", "video/mp4", 4, "video"),
        ("sticker", "image/webp", 4, "sticker"),
        ("sticker", "image/webp", 600 << 10, "document"),
    ],
)
def test_file_goes_as_its_kind(kind: FileKind, mime: str, size: int, taken: str) -> None:
    assert parts.kind_of(file(kind, mime, size)) == taken


def test_file_is_uploaded_first(number: WhatsApp, graph: responses.RequestsMock) -> None:
    graph.post(f"{NUMBER}/media", json={"id": 55})
    content = {"type": "image", "image": {"id": "55", "caption": "Look"}}
    answers(graph, **USUAL, **content)
    number.send(Outgoing(ANNA, "u", "Look", (file(),)))
    form = graph.calls[0].request.body
    assert isinstance(form, bytes)
    assert b'name="type"\r\n\r\nimage/png' in form


@pytest.mark.parametrize("lost", [requests.ReadTimeout(), requests.ConnectionError("reset")])
def test_lost_upload_reached_nobody(
    number: WhatsApp, graph: responses.RequestsMock, lost: Exception
) -> None:
    graph.post(f"{NUMBER}/media", body=lost)
    with pytest.raises(ChannelError) as caught:
        number.send(Outgoing(ANNA, "u", "", (file(),)))
    assert (caught.value.unknown, caught.value.permanent) == (False, False)


def test_template_is_filled(number: WhatsApp, graph: responses.RequestsMock) -> None:
    filled = Filled("visit", "ru", ("Анна", "10:00"), "№ 12", ("name", "2"))
    components = [
        {"type": "header", "parameters": [{"type": "text", "text": "№ 12"}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Анна", "parameter_name": "name"},
                {"type": "text", "text": "10:00"},
            ],
        },
    ]
    template = {"name": "visit", "language": {"code": "ru"}, "components": components}
    answers(graph, **USUAL, type="template", template=template)
    number.send(Outgoing(ANNA, "u", "Ждём вас, Анна", template=filled))


def test_names_of_variables_are_asked_for(number: WhatsApp, graph: responses.RequestsMock) -> None:
    named = {"type": "BODY", "text": "Ждём вас, {{name}}"}
    graph.get(f"{WABA}/message_templates", json={"data": [template(named)]})
    value = {"type": "text", "text": "Анна", "parameter_name": "name"}
    told = {"name": "order", "language": {"code": "ru"}}
    components = [{"type": "body", "parameters": [value]}]
    answers(graph, **USUAL, type="template", template={**told, "components": components})
    number.send(Outgoing(ANNA, "u", "Ждём вас", template=Filled("order", "ru", ("Анна",))))


def test_template_header_takes_the_file() -> None:
    [part] = parts.parts(Outgoing(ANNA, "u", "Sale", (file(),), template=Filled("sale", "ru")))
    header = parts.body(part, "55")["template"]["components"][0]
    assert header["parameters"] == [{"type": "image", "image": {"id": "55"}}]


@pytest.mark.parametrize(
    ("status", "code", "meaning", "permanent", "unknown"),
    [
        (401, 190, base.UNAUTHORIZED, True, False),
        (403, 10, base.UNAUTHORIZED, True, False),
        (403, 200, base.UNAUTHORIZED, True, False),
        (400, 131047, base.WINDOW_OVER, True, False),
        (400, 131026, base.RECIPIENT_GONE, True, False),
        (400, 131053, base.REJECTED, True, False),
        (400, 132001, base.REJECTED, True, False),
        (400, 139999, base.REJECTED, True, False),
        (400, 131056, base.RATE_LIMITED, False, False),
        (429, 130429, base.RATE_LIMITED, False, False),
        (400, 80007, base.RATE_LIMITED, False, False),
        (500, 131016, base.UNREACHABLE, False, False),
        (500, 1, base.UNANSWERED, False, True),
        (503, 2, base.UNANSWERED, False, True),
    ],
)
def test_refusals_have_meanings(
    status: int, code: int, meaning: str, permanent: bool, unknown: bool
) -> None:
    with pytest.raises(ChannelError) as caught:
        api.result(status, json.dumps(refusal(code)).encode())
    error = caught.value
    assert (error.code, error.permanent, error.unknown) == (meaning, permanent, unknown)


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [
        (131056, {}, 6),
        (130429, {"Retry-After": "9"}, 9),
        (80007, {}, api.WAIT_SECONDS),
        (
            80007,
            {
                "X-Business-Use-Case-Usage": json.dumps(
                    {"1": [{"estimated_time_to_regain_access": 2}]}
                )
            },
            120,
        ),
        (80007, {"X-Business-Use-Case-Usage": "[1]", "Retry-After": "soon"}, api.WAIT_SECONDS),
        (80007, {"Retry-After": "1000000"}, api.MOST_WAIT_SECONDS),
    ],
)
def test_wait_is_what_whatsapp_asks(code: int, headers: dict[str, str], seconds: float) -> None:
    assert api.wait(code, headers) == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [(504, b"<html>"), (200, b""), (200, b"[]"), (302, b"{}"), (500, b"{}"), (200, b"[" * 99_999)],
)
def test_unclear_answer_is_unknown(status: int, body: bytes) -> None:
    with pytest.raises(ChannelError) as caught:
        api.result(status, body)
    assert (caught.value.unknown, caught.value.permanent) == (True, False)


@pytest.mark.parametrize(
    "told", [{}, {"messages": []}, {"messages": [{"id": 5}]}, {"messages": [{"id": "x" * 999}]}]
)
def test_sent_without_a_name_is_unknown(
    number: WhatsApp, graph: responses.RequestsMock, told: Any
) -> None:
    graph.post(f"{NUMBER}/messages", json=told)
    with pytest.raises(ChannelError) as caught:
        number.send(Outgoing(ANNA, "u", "Hi"))
    assert caught.value.unknown


def test_reading_is_told(number: WhatsApp, graph: responses.RequestsMock) -> None:
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.5"}
    graph.post(
        f"{NUMBER}/messages", json={"success": True}, match=[matchers.json_params_matcher(body)]
    )
    number.mark_read(ANNA, "wamid.5")


def about(**more: Any) -> dict[str, Any]:
    told = {"id": "106540352242922", "display_phone_number": "+1 555-078-3881"}
    return {**told, "verified_name": "Shop", "status": "CONNECTED", **more}


def test_number_is_connected(number: WhatsApp, graph: responses.RequestsMock) -> None:
    graph.get(NUMBER, json=about())
    graph.get(f"{WABA}/phone_numbers", json={"data": [{"id": "106540352242922"}]})
    found = number.connect("106540352242922")
    assert (found.name, found.link) == ("Shop +1 555-078-3881", "https://wa.me/15550783881")
    assert "appsecret_proof=" in str(graph.calls[0].request.url)


def test_messages_are_pointed_to_us(number: WhatsApp, graph: responses.RequestsMock) -> None:
    hook = {"webhook_configuration": {"override_callback_uri": HOOK, "verify_token": "ours"}}
    graph.post(f"{WABA}/subscribed_apps", json={"success": True})
    graph.post(NUMBER, json={"success": True}, match=[matchers.json_params_matcher(hook)])
    number.listen()


def test_another_number_is_refused(number: WhatsApp, graph: responses.RequestsMock) -> None:
    graph.get(NUMBER, json=about())
    with pytest.raises(Invalid, match="Shop"):
        number.connect("5")


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (refusal(190), "token"),
        (refusal(100, "Invalid appsecret_proof provided"), "app_secret"),
        (refusal(100, "Object does not exist"), "phone_number_id"),
    ],
)
def test_wrong_setting_is_named(
    number: WhatsApp, graph: responses.RequestsMock, told: Any, field: str
) -> None:
    graph.get(NUMBER, json=told, status=400)
    with pytest.raises(Invalid) as caught:
        number.connect()
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (about(), base.MOVED),
        (about(webhook_configuration={"phone_number": "https://else.example"}), base.MOVED),
        (about(status="BANNED"), base.UNAUTHORIZED),
    ],
)
def test_trouble_is_said_in_words(told: Any, code: str) -> None:
    with pytest.raises(ChannelError) as caught:
        trouble(told, HOOK)
    assert caught.value.code == code
    trouble(about(webhook_configuration={"phone_number": HOOK}), HOOK)


def hello(token: str) -> HookCall:
    query = {"hub.mode": "subscribe", "hub.challenge": "115", "hub.verify_token": token}
    return HookCall("GET", {}, query, b"")


def test_challenge_is_answered_to_meta_only(number: WhatsApp) -> None:
    assert number.greeting(hello("ours")) == "115"
    with pytest.raises(Denied):
        number.greeting(hello("guess"))
    assert number.greeting(HookCall("POST", {}, {}, b"{}")) is None


def test_file_is_fetched_with_the_token(number: WhatsApp, graph: responses.RequestsMock) -> None:
    url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=5"
    graph.get(f"{SERVER}/{api.VERSION}/5", json={"url": url, "mime_type": "image/jpeg"})
    graph.get(url, body=b"data")
    fetched = number.fetch(RemoteFile("image", "5", "photo.jpg", "image/jpeg"))
    with fetched.stream as stream:
        assert stream.read() == b"data"
    assert graph.calls[1].request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/a", "http://lookaside.fbsbx.com/a", "https://fbcdn.net.evil.example/a"],
)
def test_token_goes_to_meta_only(number: WhatsApp, graph: responses.RequestsMock, url: str) -> None:
    graph.get(f"{SERVER}/{api.VERSION}/5", json={"url": url})
    with pytest.raises(ChannelError, match="not Meta's") as caught:
        number.fetch(RemoteFile("image", "5"))
    assert caught.value.permanent
    assert len(graph.calls) == 1


def test_large_file_is_not_fetched(number: WhatsApp, graph: responses.RequestsMock) -> None:
    told = {"url": "https://lookaside.fbsbx.com/a", "file_size": str(101 << 20)}
    graph.get(f"{SERVER}/{api.VERSION}/5", json=told)
    with pytest.raises(ChannelError) as caught:
        number.fetch(RemoteFile("video", "5"))
    assert caught.value.code == base.TOO_LARGE


def test_anybody_with_a_phone_may_be_written_to(number: WhatsApp) -> None:
    found = number.resolve(Address("phone", f"+{ANNA}"))
    assert found is not None
    assert (found.chat_id, found.person.phone) == (ANNA, f"+{ANNA}")


def template(*components: Any, **more: Any) -> dict[str, Any]:
    usual = {"name": "order", "language": "ru", "status": "APPROVED", "category": "UTILITY"}
    return {**usual, "components": list(components), **more}


BODY = {"type": "BODY", "text": "{{2}}, {{1}}"}


def test_templates_are_turned_page_by_page(number: WhatsApp, graph: responses.RequestsMock) -> None:
    first = {"data": [template(BODY)], "paging": {"cursors": {"after": "a"}, "next": "https://x"}}
    graph.get(f"{WABA}/message_templates", json=first)
    graph.get(f"{WABA}/message_templates", json={"data": [template(BODY, language="en"), 5]})
    assert [one.language for one in number.templates()] == ["ru", "en"]
    assert "after=a" in str(graph.calls[1].request.url)


def test_template_is_read() -> None:
    header = {"type": "HEADER", "format": "TEXT", "text": "№ {{1}}"}
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]}
    found = templates.template(template(header, BODY, {"type": "FOOTER", "text": "Shop"}, buttons))
    assert found is not None
    assert (found.header, found.header_text, found.header_variable) == ("text", "№ {{1}}", "1")
    assert (found.variables, found.footer, found.buttons) == (("1", "2"), "Shop", ("Yes",))


@pytest.mark.parametrize(
    ("status", "ours"),
    [("APPROVED", "approved"), ("PAUSED", "paused"), ("REJECTED", "rejected"), ("NEW", "pending")],
)
def test_template_tells_its_state(status: str, ours: str) -> None:
    found = templates.template(template(BODY, status=status))
    assert found is not None
    assert found.status == ours


@pytest.mark.parametrize(
    "odd",
    [
        template(BODY, status="DELETED"),
        template({"type": "HEADER", "format": "LOCATION"}, BODY),
        template(BODY, {"type": "CAROUSEL"}),
        template(BODY, {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]}),
        template(BODY, {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy"}]}),
    ],
)
def test_template_that_nobody_can_fill_is_left_out(odd: Any) -> None:
    assert templates.template(odd) is None
