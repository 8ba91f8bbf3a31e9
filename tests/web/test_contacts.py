"""/api/v1/contacts: clients found, and shown with what they wrote and left."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from b24app.actions import contacts, requests
from b24app.db import db, transaction
from b24app.models import Channel, Portal
from b24app.rules.forms import Given
from b24app.values import Person
from tests import build
from tests.build import NOW
from tests.web.test_requests import bearer

PHONE = "+79000000001"


@pytest.fixture
def client(any_app: Flask) -> Iterator[FlaskClient]:
    yield any_app.test_client()
    db.session.rollback()


@pytest.fixture
def headers(client: FlaskClient) -> dict[str, str]:
    """Anna wrote to the shop's bot and left a request; Vera only wrote. Clara is elsewhere."""
    with transaction():
        bot = build.channel()
        anna = Person("42", name="Anna", username="anna", phone=PHONE)
        build.heard(bot, person=anna)
        build.heard(bot, chat_id="43", person=Person("43", name="Vera", username="verochka"))
        requests.keep(bot, Given(name="Anna", phone=PHONE, text="Call me"), NOW)
        build.heard(build.channel(), chat_id="44", person=Person("44", name="Clara"))
        build.operator(db.session.get_one(Portal, bot.portal_id))
    return bearer(db.session.get_one(Channel, bot.id).portal_id)


def found(client: FlaskClient, headers: dict[str, str], query: str = "") -> Any:
    answer = client.get(f"/api/v1/contacts{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def names(page: Any) -> list[str]:
    return [one["name"] for one in page["items"]]


def test_clients_of_the_portal_come_page_by_page(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    first = found(client, headers, "?limit=1")
    assert names(first) == ["Vera"]
    second = found(client, headers, f"?limit=1&cursor={first['next']}")
    assert (names(second), second["next"]) == (["Anna"], None)


@pytest.mark.parametrize(
    ("words", "who"),
    [("ann", ["Anna"]), ("veroch", ["Vera"]), ("8 900 000 00 01", ["Anna"]), ("Clara", [])],
)
def test_clients_are_found_by_what_one_knows(
    client: FlaskClient, headers: dict[str, str], words: str, who: list[str]
) -> None:
    assert names(found(client, headers, f"?search={words}")) == who


def test_card_shows_chats_and_requests(client: FlaskClient, headers: dict[str, str]) -> None:
    anna = found(client, headers, "?search=Anna")["items"][0]
    card = client.get(f"/api/v1/contacts/{anna['id']}", headers=headers).json
    assert [one["status"] for one in card["conversations"]] == ["new"]
    assert [one["text"] for one in card["requests"]] == ["Call me"]
    assert card["identities"][0]["username"] == "anna"


def test_client_of_another_portal_is_not_there(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    (clara,) = [row for row in build.rows(contacts.Contact) if row.name == "Clara"]
    assert client.get(f"/api/v1/contacts/{clara.id}", headers=headers).status_code == 404
