"""Catalogues: which language, and what the front end gets."""

import pytest
from flask import Flask

from b24app import i18n
from b24app.web import i18n as catalogues


@pytest.mark.parametrize("code", ["ru", "RU", "ru-RU", "ru_RU", "kz", "by"])
def test_these_read_russian(code: str) -> None:
    assert i18n.language(code) == "ru"


@pytest.mark.parametrize("code", ["en", "de", "ua", "", None, "<script>"])
def test_others_read_english(code: str | None) -> None:
    assert i18n.language(code) == "en"


def test_text_is_said_in_the_language(app: Flask) -> None:
    assert i18n.say("CallGear Chats", "ru") == "CallGear Чаты"
    assert i18n.say("CallGear Chats", "en") == "CallGear Chats"


def test_unknown_text_stays_english(app: Flask) -> None:
    assert i18n.say("{count} of nothing", "ru", count=2) == "2 of nothing"


def test_front_end_gets_the_catalogue(app: Flask) -> None:
    with app.test_client() as http:
        answer = http.get("/i18n/ru.json")
        body = answer.get_json()
        assert body["locale"] == "ru"
        assert body["messages"]["CallGear Chats"] == "CallGear Чаты"
        again = http.get("/i18n/ru.json", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_english_is_empty(app: Flask) -> None:
    with app.test_client() as http:
        assert http.get("/i18n/en.json").get_json() == {"locale": "en", "messages": {}}
        assert http.get("/i18n/de.json").status_code == 404


def test_browser_says_the_language(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "de, ru;q=0.8, en;q=0.5"}):
        assert catalogues.reader() == "ru"
    with app.test_request_context():
        assert catalogues.reader() == "en"
