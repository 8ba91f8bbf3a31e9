"""Tokens: renewed once for everybody, dead once and for all, never lost on the way."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from b24app import clock
from b24app.actions import clients, portals, proofs
from b24app.actions.portals import Verified
from b24app.actions.tokens import TokenStore
from b24app.bitrix.client import Access
from b24app.bitrix.oauth import OAuth, TokenPair
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Job, Portal, RestCall, Token
from sandbox.portal.portal import Portal as Sandbox
from tests import opened
from tests.opened import ANNA, BORIS, VERA


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """Room for twenty calls and their repeats at once."""
    return settings | {"BITRIX24_BURST": "250"}


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    proofs.forget()
    yield
    db.session.rollback()


@pytest.fixture
def home() -> Iterator[Sandbox]:
    with opened.portal(limits=False) as made:
        yield made


@pytest.fixture
def anna(home: Sandbox) -> Verified:
    return opened.installed(home)


def renewals(home: Sandbox) -> list[int]:
    """The answers of the token endpoint so far."""
    return [call["status"] for call in home.oauth.calls if call["name"] == "token"]


def stored(user_id: int = ANNA) -> Token:
    db.session.rollback()
    found = db.session.scalars(select(Token).where(Token.user_id == user_id)).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


def change(user_id: int = ANNA, **values: Any) -> None:
    with transaction() as session:
        row = session.scalars(select(Token).where(Token.user_id == user_id)).one()
        for name, value in values.items():
            setattr(row, name, value)


def second_admin(home: Sandbox) -> None:
    home.users[BORIS]["ADMIN"] = True
    portals.verify_frame(opened.frame(home, BORIS), clock.now())


class Answers(OAuth):
    """An OAuth server that does what a test wants."""

    def __init__(self, deed: Callable[[], TokenPair]) -> None:
        self.deed = deed

    def renew(self, refresh_token: str, url: str | None = None) -> TokenPair:
        return self.deed()


def pair(**more: Any) -> TokenPair:
    values = {
        "access_token": "new-access",
        "refresh_token": "new-refresh",
        "expires_at": clock.now() + timedelta(hours=1),
        "member_id": "5a0db0c1sandbox0000000000000001",
        "user_id": ANNA,
        "client_endpoint": "http://localhost:7200/rest/",
        "scope": "crm",
        "status": "F",
    }
    return TokenPair(**(values | more))


def store(verified: Verified, deed: Callable[[], TokenPair], **more: Any) -> TokenStore:
    return TokenStore(verified.portal_id, db.engine, lambda: Answers(deed), allow_http=True, **more)


def failed(user_id: int = ANNA) -> Access:
    return Access(stored(user_id).access_token, user_id, "http://localhost:7200/rest/")


def test_expired_token_is_renewed_and_kept(home: Sandbox, anna: Verified) -> None:
    before = stored()
    home.oauth.expire()
    assert portals.client(anna.portal_id).call("profile").result["ID"] == "1"
    after = stored()
    assert renewals(home) == [200]
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token
    assert (after.renewing_until, after.renewing_by) == (None, "")


def test_twenty_threads_renew_once(any_app: Flask, home: Sandbox, anna: Verified) -> None:
    home.oauth.expire()
    ready = threading.Barrier(20)

    def ask() -> Any:
        with any_app.app_context():
            ready.wait()
            return portals.client(anna.portal_id).call("profile").result["ID"]

    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(ask) for _ in range(20)]
    assert [answer.result() for answer in answers] == ["1"] * 20
    assert renewals(home) == [200]


def test_anothers_renewal_is_waited_for(anna: Verified) -> None:
    ours = failed()
    change(renewing_until=clock.now() + timedelta(seconds=60), renewing_by="another")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        change(access_token="theirs", renewing_until=None, renewing_by="")

    def never() -> TokenPair:
        raise AssertionError("asked although another worker is at it")

    assert store(anna, never, sleep=wait).renew(ours).token == "theirs"
    assert len(waits) == 1


def test_lease_of_a_killed_worker_is_taken_over(anna: Verified) -> None:
    change(renewing_until=clock.now() - timedelta(seconds=1), renewing_by="killed")
    assert store(anna, pair).renew(failed()).token == "new-access"
    assert stored().renewing_by == ""


def test_younger_token_is_used_without_asking(home: Sandbox, anna: Verified) -> None:
    old = failed()
    portals.client(anna.portal_id)
    change(access_token="younger")
    assert clients.store(anna.portal_id).renew(old).token == "younger"
    assert renewals(home) == []


def test_pair_brought_meanwhile_wins(anna: Verified) -> None:
    def slow() -> TokenPair:
        change(access_token="brought", refresh_token="brought-refresh")
        return pair()

    assert store(anna, slow).renew(failed()).token == "brought"
    assert stored().refresh_token == "brought-refresh"


def test_refusal_looks_once_more(anna: Verified) -> None:
    def refused() -> TokenPair:
        change(access_token="theirs")
        raise BitrixError(code="invalid_grant")

    assert store(anna, refused).renew(failed()).token == "theirs"
    assert not stored().dead


def test_kill_between_renewal_and_keeping_ends_in_words(home: Sandbox, anna: Verified) -> None:
    clients.oauth().renew(stored().refresh_token)  # answered, and then the worker was killed
    home.oauth.expire()
    client = portals.client(anna.portal_id)
    for _ in range(3):
        with pytest.raises(BitrixError):
            client.call("profile")
    assert renewals(home) == [200, 400]
    row = opened.row(anna.portal_id)
    assert (row.status, row.error) == ("blocked", "needs re-authorisation: invalid_grant")
    assert stored().dead


def test_reauthorised_portal_works_again(home: Sandbox, anna: Verified) -> None:
    change(dead=True)
    with transaction() as session:
        session.get_one(Portal, anna.portal_id).status = "blocked"
    portals.verify_frame(opened.frame(home), clock.now())
    assert portals.client(anna.portal_id).call("profile").result["ID"] == "1"


def test_dead_admin_gives_way_to_another(home: Sandbox, anna: Verified) -> None:
    second_admin(home)
    clients.oauth().renew(stored().refresh_token)
    home.oauth.expire()
    assert portals.client(anna.portal_id).call("profile").result["ID"] == "2"
    assert (stored(ANNA).dead, stored(BORIS).dead) == (True, False)
    assert opened.row(anna.portal_id).status == "active"


def test_dismissed_admin_gives_way_to_another(home: Sandbox, anna: Verified) -> None:
    second_admin(home)
    home.users[ANNA]["ACTIVE"] = False
    assert portals.client(anna.portal_id).call("profile").result["ID"] == "2"
    assert stored(ANNA).error == "authorization_error"


def test_operators_act_as_themselves(home: Sandbox, anna: Verified) -> None:
    portals.verify_frame(opened.frame(home, BORIS), clock.now())
    client = portals.client(anna.portal_id, BORIS)
    assert client.call("profile").result["ID"] == "2"
    assert client.call("profile", user_id=ANNA).result["ID"] == "1"


def test_unknown_operator_has_no_token(anna: Verified) -> None:
    with pytest.raises(BitrixError) as refused:
        portals.client(anna.portal_id).call("profile", user_id=VERA)
    assert (refused.value.code, refused.value.permanent) == ("no_token", True)


def test_dead_operator_is_not_waited_for(home: Sandbox, anna: Verified) -> None:
    portals.verify_frame(opened.frame(home, BORIS), clock.now())
    clients.oauth().renew(stored(BORIS).refresh_token)
    home.oauth.expire()
    with pytest.raises(BitrixError) as refused:
        portals.client(anna.portal_id).call("profile", user_id=BORIS)
    assert (refused.value.permanent, refused.value.retry_after) == (True, None)
    assert opened.row(anna.portal_id).status == "active"


def test_employees_tokens_do_not_serve_the_background(home: Sandbox, anna: Verified) -> None:
    portals.verify_frame(opened.frame(home, BORIS), clock.now())
    change(ANNA, dead=True)
    with pytest.raises(BitrixError) as refused:
        portals.client(anna.portal_id).call("profile")
    assert refused.value.code == "no_token"


@pytest.mark.parametrize("unknown", [True, False])
def test_trouble_on_the_way_keeps_the_token(anna: Verified, unknown: bool) -> None:
    def lost() -> TokenPair:
        raise BitrixError("no answer", retry_after=10, unknown=unknown)

    with pytest.raises(BitrixError, match="no answer") as refused:
        store(anna, lost).renew(failed())
    assert refused.value.retry_after == 10
    assert (stored().dead, stored().renewing_until) == (False, None)


def test_crash_on_the_way_lets_go(anna: Verified) -> None:
    def crash() -> TokenPair:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(anna, crash).renew(failed())
    assert stored().renewing_until is None


@pytest.mark.parametrize("strange", [{"member_id": "other"}, {"user_id": BORIS}], ids=str)
def test_strangers_pair_is_thrown_away(anna: Verified, strange: dict[str, Any]) -> None:
    before = stored()
    with pytest.raises(BitrixError):
        store(anna, lambda: pair(**strange)).renew(failed())
    assert stored().access_token == before.access_token
    assert stored().dead


def test_unpaid_portal_rests_and_is_looked_after(home: Sandbox, anna: Verified) -> None:
    home.installation.paid = False
    client = portals.client(anna.portal_id)
    with pytest.raises(BitrixError, match="PAYMENT_REQUIRED"):
        client.call("profile")
    sent = len(home.http)
    with pytest.raises(BitrixError) as refused:
        client.call("profile")
    assert (refused.value.code, refused.value.retry_after) == ("portal_blocked", 300)
    assert len(home.http) == sent
    assert db.session.scalars(select(Job.kind).where(Job.kind == "probe")).one() == "probe"


def test_renamed_portal_is_followed(home: Sandbox, anna: Verified) -> None:
    home.rename(opened.AWAY)
    with opened.mounted(opened.AWAY, home):
        assert portals.client(anna.portal_id).call("profile").result["ID"] == "1"
    row = opened.row(anna.portal_id)
    assert (row.domain, row.client_endpoint) == (opened.AWAY, f"http://{opened.AWAY}/rest/")
    assert renewals(home) == [200]


def test_foreign_redirect_is_not_followed(home: Sandbox, anna: Verified) -> None:
    home.faults.add({"match": "profile", "kind": "302", "location": "https://evil.example/rest/"})
    with pytest.raises(BitrixError, match="does not confirm"):
        portals.client(anna.portal_id).call("profile")
    assert opened.row(anna.portal_id).domain == "localhost:7200"


def test_portal_that_left_is_not_called(home: Sandbox, anna: Verified) -> None:
    with transaction() as session:
        session.get_one(Portal, anna.portal_id).status = "deleted"
    with pytest.raises(BitrixError) as refused:
        portals.client(anna.portal_id).call("profile")
    assert (refused.value.code, refused.value.permanent) == ("portal_deleted", True)


def test_secrets_stay_out_of_the_log(home: Sandbox, anna: Verified) -> None:
    home.oauth.expire()
    before = stored()
    portals.client(anna.portal_id).call("profile")
    after = stored()
    logged = " ".join(
        entry.request + entry.response for entry in db.session.scalars(select(RestCall))
    )
    secret = current_app.config["CALLGEAR"].client_secret
    for value in (before.access_token, after.access_token, after.refresh_token, secret):
        assert value not in logged
