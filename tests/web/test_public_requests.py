"""The address that sites' forms post to: what is kept, who is let in, what people see."""

import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from b24app import db
from b24app.actions import shown
from b24app.models import Attachment, Job, OfflineRequest
from b24app.rules import forms
from b24app.web.public_requests import own_page
from b24app.web.refusals import REFUSED
from tests import build

SHOP = "https://shop.example"
DOOR = "/public/requests/shop-key"
PHONE = "+79000000001"
ANNA = {"name": "Anna", "phone": "8 900 000-00-01", "message": "Call me"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Origin": SHOP}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def channel(key: str = "shop-key", **settings: Any) -> None:
    with db.transaction():
        build.channel(build.portal(), kind="webchat", hook_key=key, settings=settings)


def rows() -> list[OfflineRequest]:
    db.db.session.rollback()
    return list(build.rows(OfflineRequest))


def multipart(client: FlaskClient, **more: Any) -> TestResponse:
    return client.post(DOOR, data={**ANNA, **more}, content_type="multipart/form-data")


@pytest.mark.parametrize("how", ["json", "form", "multipart"])
def test_request_is_kept_however_it_is_sent(any_app: Flask, how: str) -> None:
    channel()
    client = any_app.test_client()
    posted = {
        "json": lambda: client.post(DOOR, json=ANNA),
        "form": lambda: client.post(DOOR, data=ANNA),
        "multipart": lambda: multipart(client),
    }
    answer = posted[how]()
    (row,) = rows()
    assert (answer.status_code, answer.get_json()) == (201, {"id": str(row.id)})
    assert (row.name, row.phone, row.text) == ("Anna", PHONE, "Call me")
    assert [job.payload for job in build.rows(Job)] == [{"request_id": row.id}]


def test_repeated_and_bracketed_fields_are_lists(client: FlaskClient) -> None:
    channel()
    client.post(DOOR, data={**ANNA, "lamp[]": ["moon", "owl"]})
    assert rows()[0].form == {"lamp[]": "moon, owl"}


def files() -> list[Attachment]:
    db.db.session.rollback()
    return list(build.rows(Attachment))


def lying(tmp_path: Path) -> int:
    """How many files are in the store."""
    return sum(found.is_file() for found in (tmp_path / "media").rglob("*"))


def test_files_come_along(any_app: Flask, tmp_path: Path) -> None:
    channel()
    client = any_app.test_client()
    multipart(client, plan=(io.BytesIO(b"%PDF-1.4 plan"), "../план.pdf"))
    (row,), (file,) = rows(), files()
    assert (file.request_id, file.name, file.mime) == (row.id, "план.pdf", "application/pdf")
    assert row.form == {"plan": "../план.pdf"}
    told = shown.request(row)["attachments"]
    assert [(one["name"], one["state"]) for one in told] == [("план.pdf", "stored")]
    assert lying(tmp_path) == 1


def test_files_of_a_repetition_are_not_kept_twice(client: FlaskClient, tmp_path: Path) -> None:
    channel()
    for _ in range(2):
        plan = (io.BytesIO(b"%PDF-1.4 plan"), "plan.pdf")
        assert multipart(client, plan=plan).status_code == 201
    assert (len(rows()), len(files()), lying(tmp_path)) == (1, 1, 1)


def test_robots_leave_no_files(client: FlaskClient, tmp_path: Path) -> None:
    channel()
    multipart(client, website_url="http://spam.example", plan=(io.BytesIO(b"x"), "x.exe"))
    assert (len(rows()), files(), lying(tmp_path)) == (1, [], 0)


def test_too_many_files_are_refused(client: FlaskClient, tmp_path: Path) -> None:
    channel()
    some = {f"file{number}": (io.BytesIO(b"x"), "a.txt") for number in range(11)}
    assert multipart(client, **some).status_code == 400
    assert (rows(), lying(tmp_path)) == ([], 0)


def test_too_large_file_is_refused(client: FlaskClient, tmp_path: Path) -> None:
    channel()
    lines = [
        b"--cut",
        b'Content-Disposition: form-data; name="phone"',
        b"",
        PHONE.encode(),
        b"--cut",
        b'Content-Disposition: form-data; name="plan"; filename="plan.pdf"',
        b"",
        b"x" * ((10 << 20) + 1),
        b"--cut--",
        b"",
    ]
    kind = "multipart/form-data; boundary=cut"
    assert client.post(DOOR, data=b"\r\n".join(lines), content_type=kind).status_code == 413
    assert (rows(), lying(tmp_path)) == ([], 0)


def test_page_is_told_by_the_browser_if_the_form_does_not(client: FlaskClient) -> None:
    channel()
    client.post(DOOR, json=ANNA, headers={"Referer": f"{SHOP}/moon"})
    client.post(DOOR, json={**ANNA, "message": "2", "page_url": f"{SHOP}/owl"})
    client.post(DOOR, json={**ANNA, "message": "3"}, headers={"Referer": "javascript:1"})
    told = [row.visit.get("page_url") for row in rows()]
    assert told == [f"{SHOP}/moon", f"{SHOP}/owl", None]


@pytest.mark.parametrize("how", ["field", "header"])
def test_same_name_is_one_request(client: FlaskClient, how: str) -> None:
    channel()
    ids = set()
    for number in range(2):
        more = {"external_id": "order-5"} if how == "field" else {}
        headers = {"Idempotency-Key": "order-5"} if how == "header" else {}
        answer = client.post(DOOR, json={**ANNA, "n": number, **more}, headers=headers)
        assert answer.status_code == 201
        ids.add(answer.get_json()["id"])
    assert len(ids) == len(rows()) == 1


def test_same_name_at_once_is_one_request(any_app: Flask) -> None:
    channel()
    answers: list[TestResponse] = []
    start = threading.Barrier(6)

    def post() -> None:
        start.wait()
        answers.append(any_app.test_client().post(DOOR, json={**ANNA, "external_id": "order-5"}))

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 6
    assert {answer.get_json()["id"] for answer in answers} == {str(rows()[0].id)}
    assert len(rows()) == 1
    assert db.db.session.execute(text("SELECT count(*) FROM contact")).scalar() == 1


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (SHOP, 201),
        ("https://www.shop.example:8443", 201),
        ("https://evilshop.example", 403),
        ("null", 403),
        (None, 201),
    ],
)
def test_only_the_channels_sites_may_post(
    client: FlaskClient, origin: str | None, status: int
) -> None:
    channel(sites=["shop.example"])
    headers = {"Origin": origin} if origin else {}
    answer = client.post(DOOR, json=ANNA, headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") == origin
    assert len(rows()) == (status == 201)


def test_browsers_may_ask_first(client: FlaskClient) -> None:
    answer = client.options(DOOR, headers={"Origin": SHOP})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("language", "words"),
    [("ru-RU,ru;q=0.9", "Оставьте телефон"), ("de", "Leave a phone"), ("", "Leave a phone")],
)
def test_refusal_speaks_the_visitors_language(
    client: FlaskClient, language: str, words: str
) -> None:
    channel()
    answer = client.post(DOOR, json={"name": "Anna"}, headers={"Accept-Language": language})
    assert answer.status_code == 400
    assert answer.get_json()["error"]["fields"]["phone"].startswith(words)
    assert rows() == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\xfe", b'"phone"', b"{" * 5000, b"--x\r\n"])
def test_junk_is_refused_and_nothing_breaks(client: FlaskClient, kind: str, body: bytes) -> None:
    channel()
    answer = client.post(DOOR, data=body, content_type=kind)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "invalid"
    assert rows() == []


def test_odd_characters_are_kept_by_both_databases(any_app: Flask) -> None:
    channel()
    body = json.dumps({**ANNA, "message": "\x00\ud83d owl", "\x00n\udc00": "\x00\udc00"})
    answer = any_app.test_client().post(DOOR, data=body, content_type="application/json")
    assert answer.status_code == 201
    assert rows()[0].text == "? owl"


@pytest.mark.parametrize("how", ["json", "form", "multipart"])
def test_long_bodies_are_refused(client: FlaskClient, how: str) -> None:
    channel()
    big = {**ANNA, "message": "x" * (257 * 1024)}
    posted = {
        "json": lambda: client.post(DOOR, json=big),
        "form": lambda: client.post(DOOR, data=big),
        "multipart": lambda: multipart(client, message=big["message"]),
    }
    answer = posted[how]()
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (413, "too_large")
    assert rows() == []


def test_many_fields_are_refused(client: FlaskClient) -> None:
    channel()
    many = {**ANNA, **{f"field{number}": "x" for number in range(98)}}
    answer = client.post(DOOR, data=many)
    assert (answer.status_code, answer.get_json()["error"]["message"]) == (400, forms.TOO_MANY)


def test_trap_answers_as_usual_and_is_counted(client: FlaskClient) -> None:
    channel()
    before = REFUSED.labels("requests", "spam")._value.get()
    answer = client.post(DOOR, data={**ANNA, "website_url": "https://spam.example"})
    (row,) = rows()
    assert (answer.status_code, answer.get_json()) == (201, {"id": str(row.id)})
    assert (row.crm_state, len(build.rows(Job))) == ("skipped", 0)
    assert REFUSED.labels("requests", "spam")._value.get() == before + 1


def test_refusals_are_counted(client: FlaskClient) -> None:
    channel()
    before = REFUSED.labels("requests", "invalid")._value.get()
    client.post(DOOR, json={})
    assert REFUSED.labels("requests", "invalid")._value.get() == before + 1


def test_unknown_keys_lead_nowhere(client: FlaskClient) -> None:
    with db.transaction():
        build.channel(build.portal(), kind="telegram", hook_key="bot-key")
        build.channel(build.portal(), kind="webchat", hook_key="off", state="disconnected")
        build.channel(build.portal(status="deleted"), kind="webchat", hook_key="gone")
    for key in ("unknown", "bot-key", "off", "gone"):
        assert client.post(f"/public/requests/{key}", json=ANNA).status_code == 404


def test_address_is_held_back(client: FlaskClient) -> None:
    channel()
    codes = [client.post(DOOR, json={}).status_code for _ in range(62)]
    assert codes == [400] * 60 + [429] * 2


def test_browser_is_thanked(client: FlaskClient) -> None:
    channel()
    answer = client.post(DOOR, data=ANNA, headers={**BROWSER, "Accept-Language": "ru"})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert '<html lang="ru">' in answer.text
    assert "Спасибо!" in answer.text


def test_browser_reads_what_is_wrong(client: FlaskClient) -> None:
    channel()
    answer = client.post(DOOR, data={"phone": "<b>5</b>"}, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert forms.NOT_PHONE in answer.text
    assert client.post("/public/requests/x", data=ANNA, headers=BROWSER).mimetype == "text/html"


def test_browser_goes_back_to_the_site(client: FlaskClient) -> None:
    channel(sites=["shop.example"])
    back = f"{SHOP}/thanks?from=form"
    answer = client.post(DOOR, data={**ANNA, "return_url": back}, headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, back)


def test_browser_goes_nowhere_else(client: FlaskClient) -> None:
    channel(sites=["shop.example"])
    back = "https://evil.example/login"
    answer = client.post(DOOR, data={**ANNA, "return_url": back}, headers=BROWSER)
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("address", "sites", "origin", "own"),
    [
        (f"{SHOP}/ok", ["shop.example"], None, True),
        ("https://www.shop.example/ok", ["https://shop.example/any"], None, True),
        (f"{SHOP}/ok", [], SHOP, True),
        (f"{SHOP}/спасибо", ["shop.example"], None, True),
        (f"{SHOP}/ok", [], None, False),
        (f"{SHOP}/ok", [], "null", False),
        ("https://evil.example/", [], SHOP, False),
        ("", ["shop.example"], SHOP, False),
        ("/ok", ["shop.example"], SHOP, False),
        ("//shop.example/ok", ["shop.example"], SHOP, False),
        ("javascript://shop.example/%0aalert(1)", ["shop.example"], SHOP, False),
        ("https://evil.example\\@shop.example/", ["shop.example"], SHOP, False),
        ("https://evil.example\\.shop.example/", ["shop.example"], SHOP, False),
        ("https://shop.example@evil.example/", ["shop.example"], SHOP, False),
        ("https://evil.example@shop.example/", ["shop.example"], SHOP, False),
        ("https://shop.example.evil.example/", ["shop.example"], SHOP, False),
        ("https://evilshop.example/", ["shop.example"], SHOP, False),
        ("https://shop.example/\r\nSet-Cookie: a=b", ["shop.example"], SHOP, False),
        ("https://shop.example\t.evil.example/", ["shop.example"], SHOP, False),
        ("https://[shop.example/", ["shop.example"], SHOP, False),
    ],
)
def test_own_pages_only(address: str, sites: list[str], origin: str | None, own: bool) -> None:
    assert own_page(address, sites, origin) == (address if own else "")
