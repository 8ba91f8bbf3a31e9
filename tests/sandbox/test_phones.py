"""The simulated WhatsApp and Viber keep to what their makers document."""

import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask, request

from sandbox.messengers.phones import PhonesApp
from sandbox.messengers.viber import create_viber
from sandbox.messengers.whatsapp import create_whatsapp
from sandbox.outside import Outside

HOOK = "http://127.0.0.1:8000/hooks/key"
NUMBER = "106540352242922"
ANNA = "79000000001"
VIBER_ANNA = "anna0000000001A=="
TOKEN = "EAASANDBOXTOKEN"
BOT = "445da6az1s345z78-sandbox-one"


class Ours:
    """An application that keeps what it is told and answers what it is asked."""

    def __init__(self) -> None:
        self.app = Flask("ours")
        self.told: list[dict[str, Any]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.app.add_url_rule("/hooks/key", "hook", self.hook, methods=["GET", "POST"])

    def hook(self) -> Any:
        if request.method == "GET":
            right = request.args.get("hub.verify_token") == "ours"
            return request.args["hub.challenge"] if right else ("no", 403)
        self.headers = dict(request.headers)
        self.told.append({"raw": request.get_data(), **request.get_json()})
        return "", self.status


@pytest.fixture
def ours() -> Ours:
    return Ours()


@pytest.fixture
def whatsapp(ours: Ours) -> PhonesApp:
    return create_whatsapp(Outside(wsgi={"http://127.0.0.1:8000": ours.app}))


@pytest.fixture
def viber(ours: Ours) -> PhonesApp:
    made = create_viber(Outside(wsgi={"http://127.0.0.1:8000": ours.app}))
    assert rest(made, "set_webhook", url=HOOK)["status"] == 0
    return made


def graph(app: PhonesApp, path: str = f"{NUMBER}/messages", token: str = TOKEN, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().post(f"/v24.0/{path}", json=body, headers=headers).json


def rest(app: PhonesApp, method: str, **body: Any) -> Any:
    headers = {"X-Viber-Auth-Token": BOT}
    return app.test_client().post(f"/pa/{method}", json=body, headers=headers).json


def text(words: str = "Hi", to: str = ANNA) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": words}}


def connect(app: PhonesApp, verify_token: str = "ours") -> Any:
    graph(app, "102290129340398/subscribed_apps")
    hook = {"override_callback_uri": HOOK, "verify_token": verify_token}
    return graph(app, NUMBER, webhook_configuration=hook)


def control(app: PhonesApp, deed: str, person: str = ANNA, **words: Any) -> Any:
    answer = app.test_client().post(f"/_sandbox/{deed}", json={"person": person, **words})
    return answer.json


def statuses(ours: Ours) -> list[dict[str, Any]]:
    values = [one["entry"][0]["changes"][0]["value"] for one in ours.told]
    return [status for value in values for status in value.get("statuses", [])]


def test_address_is_tried_before_it_is_taken(whatsapp: PhonesApp) -> None:
    assert "error" in connect(whatsapp, "wrong")
    assert connect(whatsapp) == {"success": True}


def test_calls_are_signed(whatsapp: PhonesApp, ours: Ours) -> None:
    connect(whatsapp)
    control(whatsapp, "say", text="Да")
    whatsapp.courier.deliver()
    raw = ours.told[0]["raw"]
    right = hmac.new(b"sandbox-app-secret", raw, sha256).hexdigest()
    assert ours.headers["X-Hub-Signature-256"] == f"sha256={right}"
    assert json.loads(raw)["entry"][0]["changes"][0]["value"]["messages"][0]["from"] == ANNA


def test_call_comes_until_it_is_taken(whatsapp: PhonesApp, ours: Ours) -> None:
    connect(whatsapp)
    ours.status = 503
    control(whatsapp, "say", text="one")
    control(whatsapp, "say", text="two")
    assert [one.status for one in whatsapp.courier.deliver()] == [503]  # in order
    ours.status = 200
    assert [one.status for one in whatsapp.courier.deliver()] == [200, 200]
    assert whatsapp.courier.deliver() == []


def test_fate_comes_as_statuses(whatsapp: PhonesApp, ours: Ours) -> None:
    connect(whatsapp)
    control(whatsapp, "say", text="Hello")
    graph(whatsapp, **text(), biz_opaque_callback_data="m1:0")
    control(whatsapp, "read")
    whatsapp.courier.deliver()
    told = statuses(ours)
    assert [one["status"] for one in told] == ["sent", "delivered", "read"]
    assert {one["biz_opaque_callback_data"] for one in told} == {"m1:0"}


@pytest.mark.parametrize(("to", "code"), [(ANNA, 131047), ("79990000000", 131026)])
def test_what_cannot_arrive_fails_later(
    whatsapp: PhonesApp, ours: Ours, to: str, code: int
) -> None:
    connect(whatsapp)
    assert graph(whatsapp, **text(to=to))["messages"]
    whatsapp.courier.deliver()
    assert statuses(ours)[-1]["errors"][0]["code"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**text(), "messaging_product": "sms"}, 100),
        (text(""), 100),
        (text("x" * 5000), 100),
        ({**text(), "type": "hologram"}, 100),
        ({**text(), "type": "image", "image": {"id": "1"}}, 131009),
    ],
)
def test_wrong_message_is_refused(whatsapp: PhonesApp, body: dict[str, Any], code: int) -> None:
    assert graph(whatsapp, **body)["error"]["code"] == code


def template(name: str, *components: Any) -> dict[str, Any]:
    asked = {"name": name, "language": {"code": "ru"}, "components": list(components)}
    return {**text(), "type": "template", "template": asked}


def body(*values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": one} for one in values]}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (template("nothing"), 132001),
        (template("autumn"), 132001),
        (template("order_ready", body("Anna")), 132000),
        (template("visit", body("Anna", "10:00")), 132012),
        (template("sale", body("5%")), 132012),
    ],
)
def test_wrong_template_is_refused(whatsapp: PhonesApp, asked: dict[str, Any], code: int) -> None:
    assert graph(whatsapp, **asked)["error"]["code"] == code


def test_template_reads_as_it_is_filled(whatsapp: PhonesApp) -> None:
    header = {"type": "header", "parameters": [{"type": "text", "text": "12"}]}
    graph(whatsapp, **template("order_ready", header, body("Анна", "завтра")))
    shown = whatsapp.test_client().get(f"/_sandbox/chats/{NUMBER}/{ANNA}").json
    assert shown is not None
    [message] = shown["messages"]
    assert message["text"] == "Заказ 12\nЗдравствуйте, Анна! Заказ готов, привезём завтра."
    assert message["buttons"] == ["Да, жду"]


def test_limits_hold(whatsapp: PhonesApp) -> None:
    control(whatsapp, "switches", rate_limits={"pair": 6})
    assert "messages" in graph(whatsapp, **text())
    assert graph(whatsapp, **text())["error"]["code"] == 131056
    assert "messages" in graph(whatsapp, **text(to="79000000002"))


def test_token_opens_one_business(whatsapp: PhonesApp) -> None:
    assert graph(whatsapp, token="guess", **text())["error"]["code"] == 190
    control(whatsapp, "revoke")
    assert graph(whatsapp, **text())["error"]["code"] == 190
    control(whatsapp, "reset")
    assert "messages" in graph(whatsapp, **text())


def message(**more: Any) -> dict[str, Any]:
    usual = {"receiver": VIBER_ANNA, "sender": {"name": "Shop"}, "type": "text", "text": "Hi"}
    return {**usual, **more}


def test_bot_writes_only_to_who_wrote(viber: PhonesApp) -> None:
    assert rest(viber, "send_message", **message())["status"] == 6
    control(viber, "say", VIBER_ANNA, text="Hello")
    assert rest(viber, "send_message", **message())["status"] == 0
    control(viber, "block", VIBER_ANNA)
    assert rest(viber, "send_message", **message())["status"] == 6


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"text": ""}, 3),
        ({"text": "я" * 7001}, 3),
        ({"text": "я" * 20_000}, 3),
        ({"sender": {}}, 4),
        ({"type": "hologram"}, 3),
        ({"type": "file", "media": "http://127.0.0.1:8000/a"}, 4),
        ({"type": "picture", "media": "http://127.0.0.1:8000/a"}, 3),
        ({"type": "picture", "media": "http://127.0.0.1:8000/a.png"}, 3),
    ],
)
def test_wrong_words_are_refused(viber: PhonesApp, more: dict[str, Any], status: int) -> None:
    control(viber, "say", VIBER_ANNA, text="Hello")
    assert rest(viber, "send_message", **message(**more))["status"] == status


def test_bot_hears_what_it_asked_for(viber: PhonesApp, ours: Ours) -> None:
    rest(viber, "set_webhook", url=HOOK, event_types=["delivered"])
    control(viber, "say", VIBER_ANNA, text="Hello")
    rest(viber, "send_message", **message())
    control(viber, "read", VIBER_ANNA)
    viber.courier.deliver()
    assert [one["event"] for one in ours.told] == ["webhook", "webhook", "message", "delivered"]


def test_address_that_does_not_answer_is_not_taken(viber: PhonesApp, ours: Ours) -> None:
    ours.status = 404
    assert rest(viber, "set_webhook", url=HOOK)["status"] == 1
    assert rest(viber, "set_webhook", url="http://shop.example/")["status"] == 1
