"""Signing in outside Bitrix24: who gets in, who does not, and in which tab."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from b24app import clock
from b24app.db import transaction
from b24app.models import Operator, Portal, Token
from b24app.web import guard
from tests.world import ADMIN, APP, BORIS, Screen, World, address_of, beside, world

PORTAL = "http://localhost:7200"
NEIGHBOUR = {"domain": "neighbour.test:7300", "member_id": "5a0db0c1sandbox0000000000000002"}


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made


@pytest.fixture
def tab(here: World) -> FlaskClient:
    """A browser that has never been here."""
    return here.app.test_client()


def get(tab: FlaskClient, path: str, **more: Any) -> TestResponse:
    return tab.get(path.removeprefix(APP), base_url=APP, **more)


def post(tab: FlaskClient, path: str, **form: str) -> TestResponse:
    return tab.post(path, data=form, base_url=APP)


def sent(tab: FlaskClient, domain: str = PORTAL, **form: str) -> str:
    """The portal's page that the sign-in leads to."""
    answer = post(tab, "/login", domain=domain, **form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def allowed(at: World, address: str, user_id: int = ADMIN) -> str:
    """Where the portal sends the browser of an employee."""
    at.control("browser", {"user_id": user_id})
    answer = at.portal.app.test_client().get(address)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def signed_in(at: World, tab: FlaskClient, user_id: int = ADMIN, **form: str) -> TestResponse:
    return get(tab, allowed(at, sent(tab, address_of(at.portal), **form), user_id))


def renewed(tab: FlaskClient, screen: Screen, origin: str | None = APP) -> TestResponse:
    headers = {"Authorization": f"Bearer {screen.boot['token']}"}
    if origin:
        headers["Origin"] = origin
    return tab.post("/api/v1/session/renew", json={}, headers=headers, base_url=APP)


def cookie(answer: TestResponse, name: str = "callgear_session") -> str:
    found = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(f"{name}=")]
    return found[-1] if found else ""


def code(answer: TestResponse) -> str:
    return str(answer.json["error"]["code"]) if answer.json else ""


def test_portal_is_asked_with_our_name_only(tab: FlaskClient, here: World) -> None:
    parts = urlsplit(sent(tab))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{PORTAL}/oauth/authorize/"
    asked = parse_qs(parts.query)
    assert asked["client_id"] == [here.portal.settings.client_id]
    assert set(asked) == {"client_id", "response_type", "state"}


def test_administrator_lands_on_the_settings(here: World, tab: FlaskClient) -> None:
    answer = signed_in(here, tab)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app/settings")
    screen = Screen(tab, get(tab, "/app/settings"))
    assert "assets/settings.js" in screen.html
    boot = screen.boot
    assert (boot["standalone"], boot["placement"], boot["user"]["id"]) == (True, "home", "1")
    assert boot["user"]["admin"]
    assert screen.get("/settings/chats")["version"] == 0


def test_employee_lands_in_the_workplace(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab, BORIS)
    assert get(tab, "/app/settings").headers["Location"] == "/app"
    screen = Screen(tab, get(tab, "/app?conversation=12"))
    assert "assets/workspace.js" in screen.html
    assert (screen.boot["placement"], screen.boot["conversation"]) == ("left_menu", "12")
    assert not screen.boot["user"]["admin"]


def test_named_employee_configures(here: World, tab: FlaskClient) -> None:
    here.open("DEFAULT", ADMIN).put("/configurers", {"user_ids": [str(BORIS)]})
    signed_in(here, tab, BORIS)
    assert "assets/settings.js" in get(tab, "/app/settings").text


def test_sign_in_remembers_where_to(here: World, tab: FlaskClient) -> None:
    assert signed_in(here, tab, to="workspace").headers["Location"] == "/app"
    assert signed_in(here, tab, to="https://evil.example").headers["Location"] == ("/app/settings")


def test_tokens_are_kept_as_those_of_frames(here: World, tab: FlaskClient) -> None:
    with transaction() as session:
        session.query(Token).filter_by(user_id=BORIS).delete()
    signed_in(here, tab, BORIS)
    with transaction() as session:
        kept = session.query(Token).filter_by(user_id=BORIS).one()
        assert kept.fresh(clock.now())
        assert not kept.is_admin


def test_pages_cannot_be_framed(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    for path in ("/app", "/app/settings", "/login", "/logout"):
        policy = get(tab, path).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, path


def test_cookies_are_ours_alone(here: World, tab: FlaskClient) -> None:
    begun = post(tab, "/login", domain=PORTAL)
    for told in (cookie(begun, "callgear_signin"), cookie(signed_in(here, tab))):
        assert "HttpOnly" in told
        assert "SameSite=Lax" in told
    assert "Max-Age=43200" in cookie(signed_in(here, tab))


def test_cookies_are_secure_on_https(settings: dict[str, str], tmp_path: Any) -> None:
    from b24app import config
    from b24app.application import create_app

    env = settings | {"PUBLIC_URL": "https://chats.example"}
    app = create_app(config.read({**env, "DATABASE_URL": f"sqlite:///{tmp_path}/https.db"}))
    with app.test_client() as tab:
        answer = tab.post("/login", data={"domain": "acme.bitrix24.com"})
    assert "Secure" in cookie(answer, "callgear_signin")


def test_nobody_is_asked_to_sign_in(tab: FlaskClient) -> None:
    assert get(tab, "/app").headers["Location"] == "/login?to=workspace"
    assert get(tab, "/app/settings").headers["Location"] == "/login?to=settings"
    assert 'value="workspace"' in get(tab, "/login?to=workspace").text


@pytest.mark.parametrize(("language", "said"), [("ru", "Войти"), ("en", "Sign in")])
def test_form_speaks_the_readers_language(tab: FlaskClient, language: str, said: str) -> None:
    told = get(tab, "/login", headers={"Accept-Language": language}).text
    assert said in told
    assert said in get(tab, f"/login?lang={language}").text


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "javascript://evil.example/%0aalert(1)",
        "https://portal.example@evil.example",
        "https://portal.example\\@evil.example",
        "//evil.example",
        "/app",
        "ftp://portal.example",
        "<script>alert(1)</script>",
    ],
)
def test_nonsense_is_no_address(tab: FlaskClient, domain: str) -> None:
    answer = post(tab, "/login", domain=domain)
    assert answer.status_code == 400
    assert "<script>" not in answer.text


def test_link_does_not_send_anywhere(tab: FlaskClient) -> None:
    answer = get(tab, "/login?domain=evil.example&to=//evil.example")
    assert answer.status_code == 200
    assert "evil.example" not in answer.text


def test_another_site_cannot_send_anywhere(tab: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = tab.post("/login", data={"domain": "evil.example"}, headers=headers, base_url=APP)
    assert answer.status_code == 403


def test_last_portal_is_filled_in(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    assert 'value="http://localhost:7200"' in get(tab, "/login").text


def refused(answer: TestResponse, status: int) -> None:
    """A page with words and a way on, and no session."""
    assert answer.status_code == status, answer.text
    assert 'href="/login"' in answer.text
    assert not cookie(answer)


@pytest.mark.parametrize("state", ["", "forged", "eyJub25jZSI6IngifQ.c2lnbmF0dXJl"])
def test_forged_state_is_refused(here: World, tab: FlaskClient, state: str) -> None:
    address = allowed(here, sent(tab))
    (real,) = parse_qs(urlsplit(address).query)["state"]
    refused(get(tab, address.replace(real, state)), 401)


def test_state_of_another_purpose_is_refused(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab))
    (real,) = parse_qs(urlsplit(address).query)["state"]
    other = tab.get_cookie("callgear_signin", path="/oauth/callback", domain="127.0.0.1")
    assert other is not None
    refused(get(tab, address.replace(real, other.value)), 401)


def test_state_counts_once(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab))
    kept = tab.get_cookie("callgear_signin", path="/oauth/callback", domain="127.0.0.1")
    assert kept is not None
    assert get(tab, address).status_code == 303
    tab.set_cookie("callgear_signin", kept.value, path="/oauth/callback", domain="127.0.0.1")
    again = here.portal.app.test_client().get(sent(here.app.test_client())).headers["Location"]
    (code_,) = parse_qs(urlsplit(str(again)).query)["code"]
    (old,) = parse_qs(urlsplit(address).query)["code"]
    refused(get(tab, address.replace(old, code_)), 401)


def test_foreign_browser_is_refused(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab))
    refused(get(here.app.test_client(), address), 401)
    # Nor in one that began a sign-in of its own.
    victim = here.app.test_client()
    sent(victim)
    refused(get(victim, address), 401)


def test_sign_in_lasts_ten_minutes(here: World, tab: FlaskClient) -> None:
    address = sent(tab)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        refused(get(tab, allowed(here, address)), 401)


def test_missing_code_is_refused(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab))
    refused(get(tab, address.replace("code=", "cod=")), 401)


def test_late_code_is_refused_in_words(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab))
    here.control("clock", {"advance": 31})
    answer = get(tab, address, headers={"Accept-Language": "ru"})
    refused(answer, 401)
    assert "слишком поздно" in answer.text


def test_used_code_is_refused(here: World, tab: FlaskClient) -> None:
    first = allowed(here, sent(tab))
    get(tab, first)
    (used,) = parse_qs(urlsplit(first).query)["code"]
    address = allowed(here, sent(tab))
    (fresh,) = parse_qs(urlsplit(address).query)["code"]
    refused(get(tab, address.replace(fresh, used)), 401)


@contextmanager
def neighbour(here: World, installed: bool = True) -> Iterator[World]:
    with beside(here, **NEIGHBOUR) as other:
        if installed:
            other.install()
        yield other


def test_code_of_another_portal_is_refused(here: World, tab: FlaskClient) -> None:
    with neighbour(here) as other:
        address = allowed(here, sent(tab))
        (own,) = parse_qs(urlsplit(address).query)["code"]
        foreign = other.portal.oauth.code(
            NEIGHBOUR["member_id"], other.portal.settings.client_id, ADMIN
        )
        refused(get(tab, address.replace(own, foreign)), 403)


def test_parameters_of_the_address_prove_nothing(here: World, tab: FlaskClient) -> None:
    with neighbour(here):
        address = allowed(here, sent(tab), BORIS)
        lies = address.replace("5a0db0c1sandbox0000000000000001", NEIGHBOUR["member_id"])
        lies = lies.replace("domain=localhost", "domain=evil.example")
        get(tab, lies.replace("localhost%3A7201", "evil.example"))
        screen = Screen(tab, get(tab, "/app"))
        assert screen.boot["portal"]["domain"] == "localhost:7200"
        assert screen.boot["user"]["id"] == str(BORIS)


def test_portal_without_us_is_told_so(here: World, tab: FlaskClient) -> None:
    with neighbour(here, installed=False) as other:
        other.portal.install(ADMIN)  # by the market, but never opened
        refused(signed_in(other, tab), 403)


def test_uninstalled_portal_is_told_so(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab))
    here.portal.uninstall(ADMIN)
    here.run()
    refused(get(tab, address), 403)


def test_unfinished_installation_is_told_so(here: World, tab: FlaskClient) -> None:
    with transaction() as session:
        session.query(Portal).update({"status": "new"})
    refused(signed_in(here, tab), 403)


def test_dismissed_employee_does_not_get_in(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab), BORIS)
    here.control("users", {"ID": BORIS, "ACTIVE": False})
    answer = get(tab, address)
    refused(answer, 403)


def test_dismissed_employee_is_out(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab, BORIS)
    with transaction() as session:
        session.query(Operator).filter_by(user_id=BORIS).update({"active": False})
    assert get(tab, "/app").headers["Location"] == "/login?to=workspace"


def test_silent_oauth_server_is_told_so(here: World, tab: FlaskClient) -> None:
    address = allowed(here, sent(tab))
    here.control("oauth/faults", {"match": "token", "kind": "500", "times": 3})
    refused(get(tab, address), 503)


def test_session_ends_after_half_a_day(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    with time_machine.travel(clock.now() + timedelta(hours=12, seconds=1), tick=False):
        assert get(tab, "/app").status_code == 303


def test_removed_portal_ends_the_session(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    with transaction() as session:
        session.query(Portal).update({"uninstalled_at": clock.now()})
    assert get(tab, "/app").headers["Location"] == "/login?to=workspace"


def test_stopped_portal_is_told_so(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    with transaction() as session:
        session.query(Portal).update({"status": "blocked"})
    assert get(tab, "/app").status_code == 403


def test_changed_cookie_is_nobody(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    kept = tab.get_cookie("callgear_session", domain="127.0.0.1")
    assert kept is not None
    tab.set_cookie("callgear_session", kept.value[:-4] + "AAAA", domain="127.0.0.1")
    assert get(tab, "/app").status_code == 303


def test_cookie_opens_no_api(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    assert tab.get("/api/v1/me", base_url=APP).status_code == 401


def test_session_is_renewed_by_cookie_and_token(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab, BORIS)
    screen = Screen(tab, get(tab, "/app"))
    with time_machine.travel(clock.now() + timedelta(minutes=30), tick=False):
        answer = renewed(tab, screen)
        assert answer.status_code == 200
        again = guard.read(answer.json["token"], clock.now())
        assert (again.user_id, again.standalone, again.is_admin) == (BORIS, True, False)


def test_renewal_needs_all_three(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    screen = Screen(tab, get(tab, "/app"))
    assert renewed(here.app.test_client(), screen).status_code == 401  # no cookie
    assert renewed(tab, screen, origin=None).status_code == 401  # nobody says who asks
    assert renewed(tab, screen, origin="https://evil.example").status_code == 403
    screen.boot["token"] = ""
    assert renewed(tab, screen).status_code == 401  # no token


def test_token_of_another_is_not_renewed(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab, BORIS)
    screen = Screen(tab, get(tab, "/app"))
    signed_in(here, tab, ADMIN)
    assert (renewed(tab, screen).status_code, code(renewed(tab, screen))) == (
        401,
        "signed_out",
    )


def test_renewal_sees_who_is_administrator_today(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    screen = Screen(tab, get(tab, "/app"))
    with transaction() as session:
        session.query(Operator).filter_by(user_id=ADMIN).update({"is_admin": False})
    assert not guard.read(renewed(tab, screen).json["token"], clock.now()).is_admin


def test_renewal_is_over_with_the_session(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    screen = Screen(tab, get(tab, "/app"))
    with time_machine.travel(clock.now() + timedelta(hours=13), tick=False):
        assert code(renewed(tab, screen)) == "signed_out"


def test_signing_out_ends_copies_too(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    kept = tab.get_cookie("callgear_session", domain="127.0.0.1")
    assert kept is not None
    screen = Screen(tab, get(tab, "/app"))
    assert get(tab, "/logout").status_code == 200
    assert get(tab, "/app").status_code == 200  # a link signs nobody out
    assert post(tab, "/logout").headers["Location"] == "/login"
    assert get(tab, "/app").status_code == 303
    tab.set_cookie("callgear_session", kept.value, domain="127.0.0.1")
    assert get(tab, "/app").status_code == 303
    assert renewed(tab, screen).status_code == 401


def test_another_site_signs_nobody_out(here: World, tab: FlaskClient) -> None:
    signed_in(here, tab)
    headers = {"Origin": "https://evil.example"}
    assert tab.post("/logout", headers=headers, base_url=APP).status_code == 403
    assert get(tab, "/app").status_code == 200


def test_frames_take_no_cookie(here: World, tab: FlaskClient) -> None:
    """A frame's own session is renewed as ever, whoever is signed in beside it."""
    signed_in(here, tab)
    frame = here.open("LEFT_MENU", BORIS)
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=False):
        assert code(renewed(tab, frame)) == "session_over"
