"""The list of portals: named by hand, opened by signing in, joined by an administrator of both."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from b24app.db import transaction
from b24app.models import Account, Operator, Portal, PortalInvite
from tests.web.test_signin import NEIGHBOUR, allowed, get, post, signed_in
from tests.world import ADMIN, APP, BORIS, Screen, World, beside, world

ADDRESS = "http://neighbour.test:7300"
Pair = tuple[World, World]


@contextmanager
def portals(app: Flask) -> Iterator[Pair]:
    """Two portals that installed us, each by itself."""
    with world(app) as here, beside(here, **NEIGHBOUR) as other:
        here.install()
        other.install()
        yield here, other


@pytest.fixture
def both(app: Flask) -> Iterator[Pair]:
    with portals(app) as made:
        yield made


def listed(screen: Screen) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = screen.get("/portals")["items"]
    return items


def refusal(screen: Screen, verb: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = screen.ask(verb, path, json=body)
    assert answer.json is not None
    return answer.status_code, answer.json["error"]["code"]


def added(screen: Screen) -> str:
    told = screen.post("/portals", {"name": "Shop", "domain": ADDRESS}, status=201)
    return str(told["id"])


def followed(tab: FlaskClient, url: str, both: Pair, people: tuple[int, int]) -> TestResponse:
    """The tab that `open` opens, through the portals' pages to the last of ours."""
    here, other = both
    answer = get(tab, url)
    for at, user_id in zip((here, other), people, strict=True):
        if answer.status_code != 303:
            break
        answer = get(tab, allowed(at, answer.headers["Location"], user_id))
    return answer


def token_in(answer: TestResponse) -> str:
    return answer.text.split('name="token" value="')[1].split('"')[0]


def joined(both: Pair, tab: FlaskClient) -> Screen:
    screen = both[0].open()
    url = screen.post(f"/portals/{added(screen)}/open")["url"]
    question = followed(tab, url, both, (ADMIN, ADMIN))
    assert question.status_code == 200, question.text
    assert post(tab, "/login/join", token=token_in(question)).status_code == 303
    return screen


def test_portal_we_are_in_is_there_already(both: Pair) -> None:
    (item,) = listed(both[0].open())
    assert item["domain"] == "http://localhost:7200"
    assert (item["current"], item["may_open"], item["waiting"]) == (True, False, False)
    assert item["parts"] == {"chats": True, "requests": True, "open_lines": True}
    assert item["kind"] == "box"


def test_every_portal_begins_alone(both: Pair) -> None:
    with transaction() as session:
        accounts = [row.account_id for row in session.query(Portal)]
    assert None not in accounts
    assert len(set(accounts)) == 2


def test_portal_of_earlier_days_gets_its_account(both: Pair) -> None:
    with transaction() as session:
        session.query(Portal).update({"account_id": None})
    assert len(listed(both[0].open())) == 1


def test_added_portal_waits(both: Pair) -> None:
    screen = both[0].open()
    reference = added(screen)
    item = listed(screen)[1]
    assert (item["id"], item["name"], item["waiting"]) == (reference, "Shop", True)
    assert len(listed(both[1].open())) == 1  # its people know nothing of it


@pytest.mark.parametrize(
    "domain", ["", "ftp://shop.example", "https://a@b.example", "http://localhost:7200", ADDRESS]
)
def test_address_must_be_new_and_make_sense(both: Pair, domain: str) -> None:
    screen = both[0].open()
    added(screen)
    answer = screen.ask("POST", "/portals", json={"name": "x", "domain": domain})
    assert (answer.status_code, set(answer.json["error"]["fields"])) == (400, {"domain"})


def test_cloud_and_boxes_are_told_apart(both: Pair) -> None:
    screen = both[0].open()
    for domain, kind in (
        ("acme.bitrix24.com", "cloud"),
        ("https://acme.bitrix24.com.br", "cloud"),
        ("https://crm.acme.com:8443", "box"),
        ("https://bitrix24.acme.com", "box"),
    ):
        assert screen.post("/portals", {"domain": domain}, status=201)["kind"] == kind


def test_administrator_of_both_brings_them_together(any_app: Flask) -> None:
    with portals(any_app) as both:
        brought_together(both)


def brought_together(both: Pair) -> None:
    tab = both[0].app.test_client()
    screen = joined(both, tab)
    items = listed(screen)
    assert [(one["domain"], one["name"], one["waiting"]) for one in items] == [
        ("http://localhost:7200", "", False),
        (ADDRESS, "Shop", False),
    ]
    assert items[1]["may_open"]
    assert len(listed(both[1].open())) == 2
    with transaction() as session:
        assert session.query(Account).count() == 1
        assert session.query(PortalInvite).count() == 0
    there = Screen(tab, get(tab, "/app/settings"))
    assert there.boot["portal"]["domain"] == "neighbour.test:7300"


def test_who_is_signed_in_here_is_not_asked_twice(both: Pair) -> None:
    here, other = both
    tab = here.app.test_client()
    signed_in(here, tab)
    screen = here.open()
    first = get(tab, screen.post(f"/portals/{added(screen)}/open")["url"])
    assert first.headers["Location"].startswith(f"{ADDRESS}/oauth/authorize/")
    question = get(tab, allowed(other, first.headers["Location"]))
    assert post(tab, "/login/join", token=token_in(question)).status_code == 303


@pytest.mark.parametrize(
    ("people", "why"), [((ADMIN, BORIS), "no admin there"), ((BORIS, ADMIN), "another person here")]
)
def test_others_cannot_bring_them_together(both: Pair, people: tuple[int, int], why: str) -> None:
    screen = both[0].open()
    url = screen.post(f"/portals/{added(screen)}/open")["url"]
    assert followed(both[0].app.test_client(), url, both, people).status_code == 403, why
    assert listed(screen)[1]["waiting"]


def test_named_configurer_cannot_bring_them_together(both: Pair) -> None:
    both[0].open().put("/configurers", {"user_ids": [str(BORIS)]})
    boris = both[0].open("DEFAULT", BORIS)
    assert refusal(boris, "POST", f"/portals/{added(boris)}/open") == (403, "not_admin")


def test_door_opens_once(both: Pair) -> None:
    screen = both[0].open()
    url = screen.post(f"/portals/{added(screen)}/open")["url"]
    tab = both[0].app.test_client()
    assert get(tab, url).status_code == 303
    assert get(tab, url).status_code == 401
    assert get(tab, f"{APP}/login/to/forged").status_code == 401


def test_question_is_for_its_browser_only(both: Pair) -> None:
    here, _ = both
    screen = here.open()
    url = screen.post(f"/portals/{added(screen)}/open")["url"]
    question = followed(here.app.test_client(), url, both, (ADMIN, ADMIN))
    stranger = here.app.test_client()
    assert post(stranger, "/login/join", token=token_in(question)).status_code == 401
    signed_in(here, stranger)
    assert post(stranger, "/login/join", token=token_in(question)).status_code == 401
    assert listed(screen)[1]["waiting"]


def test_another_site_cannot_answer(both: Pair) -> None:
    here, _ = both
    screen, tab = here.open(), here.app.test_client()
    url = screen.post(f"/portals/{added(screen)}/open")["url"]
    question = followed(tab, url, both, (ADMIN, ADMIN))
    answer = tab.post(
        "/login/join",
        data={"token": token_in(question)},
        headers={"Origin": "https://evil.example"},
        base_url=APP,
    )
    assert answer.status_code == 403


def test_other_portal_cannot_come_in_its_place(both: Pair) -> None:
    """A wrong address leads to a portal whose verified host is another one."""
    here, other = both
    screen, tab = here.open(), here.app.test_client()
    reference = screen.post("/portals", {"domain": "http://shop.test"}, status=201)["id"]
    signed_in(here, tab)
    asked = get(tab, screen.post(f"/portals/{reference}/open")["url"]).headers["Location"]
    address = allowed(other, asked.replace("http://shop.test", ADDRESS))
    assert get(tab, address).status_code == 403
    assert listed(screen)[1]["waiting"]


def test_administrator_of_yesterday_joins_nothing(both: Pair) -> None:
    screen, tab = both[0].open(), both[0].app.test_client()
    url = screen.post(f"/portals/{added(screen)}/open")["url"]
    question = followed(tab, url, both, (ADMIN, ADMIN))
    with transaction() as session:
        home = session.query(Portal).filter_by(domain="localhost:7200").one()
        session.query(Operator).filter_by(portal_id=home.id).update({"is_admin": False})
    assert post(tab, "/login/join", token=token_in(question)).status_code == 403


def test_removed_invitation_joins_nothing(both: Pair) -> None:
    screen, tab = both[0].open(), both[0].app.test_client()
    reference = added(screen)
    url = screen.post(f"/portals/{reference}/open")["url"]
    question = followed(tab, url, both, (ADMIN, ADMIN))
    screen.delete(f"/portals/{reference}")
    assert post(tab, "/login/join", token=token_in(question)).status_code == 404
    assert len(listed(screen)) == 1


def test_portal_of_the_account_is_opened_by_signing_in(both: Pair) -> None:
    screen = joined(both, both[0].app.test_client())
    reference = listed(screen)[1]["id"]
    tab = both[0].app.test_client()
    asked = get(tab, screen.post(f"/portals/{reference}/open")["url"]).headers["Location"]
    assert asked.startswith(f"{ADDRESS}/oauth/authorize/")
    assert get(tab, allowed(both[1], asked)).headers["Location"] == "/app/settings"


def test_neighbour_is_renamed_but_not_switched(both: Pair) -> None:
    screen = joined(both, both[0].app.test_client())
    reference = listed(screen)[1]["id"]
    assert screen.put(f"/portals/{reference}", {"name": "Store"})["name"] == "Store"
    for body in ({"integration_active": False}, {"parts": {"chats": False}}):
        assert refusal(screen, "PUT", f"/portals/{reference}", body) == (403, "sign_in_there")


def test_own_portal_is_switched(both: Pair) -> None:
    screen = both[0].open()
    reference = listed(screen)[0]["id"]
    body = {"name": "Main", "integration_active": False, "parts": {"chats": False}}
    told = screen.put(f"/portals/{reference}", body)
    assert (told["name"], told["integration_active"]) == ("Main", False)
    assert told["parts"] == {"chats": False, "requests": True, "open_lines": True}
    assert screen.get("/settings/chats")["version"] == 1
    told = screen.put(f"/portals/{reference}", {"parts": {"open_lines": False}})
    assert not told["integration_active"]
    told = screen.put(f"/portals/{reference}", {"parts": {"open_lines": True}})
    assert told["integration_active"]  # Open Lines switch the main one on


def test_portal_leaves_into_an_account_of_its_own(both: Pair) -> None:
    screen = joined(both, both[0].app.test_client())
    screen.delete(f"/portals/{listed(screen)[1]['id']}")
    assert len(listed(screen)) == 1
    assert [one["current"] for one in listed(both[1].open())] == [True]


def test_current_portal_stays(both: Pair) -> None:
    screen = both[0].open()
    path = f"/portals/{listed(screen)[0]['id']}"
    assert refusal(screen, "DELETE", path) == (409, "current_portal")


def test_portals_of_others_are_not_found(both: Pair) -> None:
    screen, foreign = both[0].open(), listed(both[1].open())[0]["id"]
    waiting = both[1].open().post("/portals", {"domain": "third.example"}, status=201)["id"]
    for reference in (foreign, waiting, "99999", "w99999"):
        path = f"/portals/{reference}"
        assert refusal(screen, "PUT", path, {"name": "x"}) == (404, "not_found")
        assert refusal(screen, "DELETE", path) == (404, "not_found")
        assert refusal(screen, "POST", f"{path}/open") == (404, "not_found")
    assert len(listed(both[1].open())) == 2


def test_employees_do_not_see_the_list(both: Pair) -> None:
    boris = both[0].open("LEFT_MENU", BORIS)
    assert refusal(boris, "GET", "/portals") == (403, "not_configurer")
    assert refusal(boris, "POST", "/portals", {"domain": "x.example"}) == (403, "not_configurer")
