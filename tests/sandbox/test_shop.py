"""The demo shop: pages a visitor sees, the widget's line, a careful content policy."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from b24app.db import transaction
from b24app.models import OfflineRequest
from sandbox.shop import ShopApp, create_shop
from sandbox.shop.goods import ADS, LAMPS
from tests import build

APP = "http://127.0.0.1:8000"


@pytest.fixture
def shop() -> ShopApp:
    return create_shop()


@pytest.fixture
def client(shop: ShopApp) -> FlaskClient:
    return shop.test_client()


def policy(client: FlaskClient) -> dict[str, str]:
    header = client.get("/").headers["Content-Security-Policy"]
    return dict(rule.split(" ", 1) for rule in header.split("; "))


@pytest.mark.parametrize(
    "path", ["/", "/contacts", "/request", "/settings", *map("/lamps/{}".format, LAMPS)]
)
@pytest.mark.parametrize("lang", ["ru", "en"])
def test_page_opens_in_both_languages(client: FlaskClient, path: str, lang: str) -> None:
    answer = client.get(path, query_string={"lang": lang})
    assert f'<html lang="{lang}">' in answer.text


def test_unknown_lamp_is_not_found(client: FlaskClient) -> None:
    assert client.get("/lamps/sun").status_code == 404


def test_shop_begins_without_a_widget(client: FlaskClient) -> None:
    assert "<script" not in client.get("/").text


@pytest.mark.parametrize(
    "given",
    [
        {"key": "abc123"},
        {"src": f"{APP}/widget/abc123.js"},
        {"src": f'<script async src="{APP}/widget/abc123.js"></script>'},
    ],
)
def test_widget_is_one_script_line(client: FlaskClient, given: dict[str, str]) -> None:
    told = client.post("/_sandbox/widget", json=given).json
    assert told == {"src": f"{APP}/widget/abc123.js"}
    assert f'<script async src="{APP}/widget/abc123.js"' in client.get("/lamps/moon").text


def test_settings_page_puts_the_widget(client: FlaskClient) -> None:
    assert client.post("/settings", data={"src": "abc123"}).status_code == 303
    assert "/widget/abc123.js" in client.get("/").text


@pytest.mark.parametrize(
    "src", ["javascript:alert(1)//", "ftp://a/b.js", "http://a/b.js; img-src *"]
)
def test_nonsense_is_no_widget(client: FlaskClient, src: str) -> None:
    assert client.post("/_sandbox/widget", json={"src": src}).status_code == 400
    assert client.post("/settings", data={"src": src}).status_code == 400


def test_policy_lets_only_the_application_in(client: FlaskClient) -> None:
    assert policy(client)["script-src"] == f"'self' {APP}"
    assert policy(client)["connect-src"] == APP


def test_policy_follows_the_widget(client: FlaskClient) -> None:
    client.post("/_sandbox/widget", json={"src": "https://chats.example/widget/k.js"})
    assert policy(client)["connect-src"] == "https://chats.example"


def test_advertising_carries_tags(client: FlaskClient) -> None:
    page = client.get("/").text
    assert all(f"utm_source={ad['tags']['utm_source']}" in page for ad in ADS)


def test_letter_is_kept(client: FlaskClient, shop: ShopApp) -> None:
    client.post("/contacts", data={"name": "Anna", "phone": "+79000000001", "message": "Moon?"})
    assert shop.sandbox.letters[0]["name"] == "Anna"


def test_request_needs_the_widgets_key(client: FlaskClient) -> None:
    page = client.get("/request").text
    assert 'data-test="request-no-key"' in page
    assert "<form" not in page


@pytest.mark.parametrize("base", [APP, "https://chats.example"])
def test_request_goes_to_the_application(client: FlaskClient, base: str) -> None:
    client.post("/_sandbox/widget", json={"src": f"{base}/widget/abc123.js"})
    page = client.get("/request?lang=en&utm_source=yandex", base_url="http://localhost:7220").text
    assert f'action="{base}/public/requests/abc123"' in page
    assert base in policy(client)["form-action"]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert hidden == {
        "form_name": "Leave a request",
        "return_url": "http://localhost:7220/request?lang=en&amp;sent=1",
        "page_url": "http://localhost:7220/request",
        "referrer": "",
        "utm_source": "yandex",
    }


def test_who_comes_back_is_thanked(client: FlaskClient) -> None:
    assert 'data-test="request-sent"' in client.get("/request?sent=1").text


def test_form_is_taken_by_the_applications_door(app: Flask, client: FlaskClient) -> None:
    with transaction():
        build.channel(kind="webchat", hook_key="abc123", settings={})
    client.post("/_sandbox/widget", json={"key": "abc123"})
    page = client.get("/request", base_url="http://localhost:7220").text
    names = re.findall(r'name="(\w+)"(?: value="([^"]*)")?', page)
    fields = {name: unescape(value) for name, value in names if name not in ("viewport",)}
    door = re.search(r'action="http://127.0.0.1:8000([^"]+)"', page)
    assert door
    headers = {"Origin": "http://localhost:7220", "Accept": "text/html,*/*;q=0.8"}
    typed = {**fields, "name": "Anna", "phone": "+79000000001"}
    answer = app.test_client().post(door[1], data=typed, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, fields["return_url"])
    assert build.rows(OfflineRequest)[0].crm_state == ""


def test_reset_takes_the_widget_away(client: FlaskClient) -> None:
    client.post("/_sandbox/widget", json={"key": "abc123"})
    client.post("/_sandbox/reset")
    assert client.get("/_sandbox/state").json == {"src": "", "letters": []}
