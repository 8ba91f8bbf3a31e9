"""Openings and events are believed only when Bitrix24 vouches for them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from b24app import clock
from b24app.actions import portals, proofs
from b24app.db import db, transaction
from b24app.errors import Busy, Denied
from b24app.models import Operator, Portal, RestCall, Token
from sandbox.portal.portal import Portal as Sandbox
from tests import opened
from tests.opened import ANNA, AWAY, BORIS


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    proofs.forget()
    yield
    db.session.rollback()


@pytest.fixture
def home() -> Iterator[Sandbox]:
    with opened.portal() as made:
        yield made


@pytest.fixture
def away(home: Sandbox) -> Iterator[Sandbox]:
    """Clara's portal, on the same OAuth server."""
    with opened.portal(AWAY, home.oauth, member_id="clara0000000000000000000000000002") as made:
        made.install(ANNA)
        yield made


def kept() -> list[Any]:
    """Everything that a forged call could have changed."""
    db.session.rollback()
    found = [
        db.session.execute(select(*table.__table__.columns).order_by(table.id)).all()
        for table in (Portal, Token, Operator)
    ]
    db.session.rollback()
    return found


def token(user_id: int = ANNA) -> Token:
    db.session.rollback()
    found = db.session.scalars(select(Token).where(Token.user_id == user_id)).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


def proofs_asked(home: Sandbox) -> int:
    return [call["name"] for call in home.oauth.calls].count("app.info")


def test_installing_enters_portal_admin_and_tokens(home: Sandbox) -> None:
    home.install(ANNA)
    brought = opened.frame(home)
    verified = portals.install(brought, clock.now())
    assert (verified.user_id, verified.is_admin, verified.status) == (ANNA, True, "new")
    row = opened.row(verified.portal_id)
    assert (row.domain, row.client_endpoint) == ("localhost:7200", "http://localhost:7200/rest/")
    assert row.application_token == home.installation.application_token
    pair = token()
    assert (pair.access_token, pair.refresh_token) == (brought.auth_id, brought.refresh_id)
    assert (pair.is_admin, pair.is_master, pair.dead) == (True, True, False)


def test_tokens_rest_encrypted(home: Sandbox) -> None:
    opened.installed(home)
    stored = db.session.execute(text("SELECT access_token, refresh_token FROM token")).one()
    assert not {*stored} & {token().access_token, token().refresh_token}


def test_installing_twice_is_installing_once(home: Sandbox) -> None:
    first = opened.installed(home)
    again = portals.install(opened.frame(home), clock.now())
    assert (again.portal_id, again.status) == (first.portal_id, "active")
    assert db.session.scalar(select(func.count()).select_from(Portal)) == 1


def test_employees_cannot_install(home: Sandbox) -> None:
    home.install(ANNA)
    with pytest.raises(Denied, match="administrator"):
        portals.install(opened.frame(home, BORIS), clock.now())


def test_employee_opens_a_frame(home: Sandbox) -> None:
    opened.installed(home)
    verified = portals.verify_frame(opened.frame(home, BORIS), clock.now())
    assert (verified.user_id, verified.is_admin) == (BORIS, False)
    assert verified.name == "Борис Операторов"
    assert (token(BORIS).is_admin, token(BORIS).is_master) == (False, False)


def test_profile_is_asked_with_the_employees_token_and_logged(home: Sandbox) -> None:
    verified = opened.installed(home)
    portals.verify_frame(opened.frame(home, BORIS), clock.now())
    assert home.calls[-1]["method"] == "profile"
    assert home.calls[-1]["user_id"] == BORIS
    logged = db.session.scalars(select(RestCall).where(RestCall.portal_id == verified.portal_id))
    assert {entry.method for entry in logged} == {"profile"}


FORGED: list[dict[str, dict[str, str]]] = [
    {"query": {"DOMAIN": "evil.example"}},
    {"query": {"DOMAIN": "localhost:7230"}},
    {"query": {"DOMAIN": "localhost"}},
    {"form": {"member_id": "0" * 32}},
    {"form": {"member_id": "clara0000000000000000000000000002"}},
    {"form": {"AUTH_ID": "made-up"}},
    {"form": {"AUTH_ID": "made-up", "SERVER_ENDPOINT": "https://evil.example/rest/"}},
]


@pytest.mark.parametrize("forged", FORGED, ids=str)
@pytest.mark.parametrize("deed", [portals.verify_frame, portals.install])
def test_forged_openings_change_nothing(
    home: Sandbox, away: Sandbox, forged: dict[str, dict[str, str]], deed: Any
) -> None:
    opened.installed(home)
    before = kept()
    with pytest.raises(Denied) as refused:
        deed(opened.frame(home, **forged), clock.now())
    assert refused.value.message == proofs.UNCONFIRMED
    assert kept() == before


def test_token_of_another_portal_proves_nothing(home: Sandbox, away: Sandbox) -> None:
    opened.installed(home)
    before = kept()
    stolen = {"AUTH_ID": opened.frame(away).auth_id}
    with pytest.raises(Denied):
        portals.verify_frame(opened.frame(home, form=stolen), clock.now())
    assert kept() == before


def test_token_of_another_application_proves_nothing(home: Sandbox) -> None:
    opened.installed(home)
    before = kept()
    home.oauth.secrets["app.other"] = "x"
    other = home.oauth.issue(home.settings.member_id, "app.other", ANNA)
    with pytest.raises(Denied):
        portals.verify_frame(
            opened.frame(home, form={"AUTH_ID": other["access_token"]}), clock.now()
        )
    assert kept() == before


def test_expired_token_proves_nothing(home: Sandbox) -> None:
    opened.installed(home)
    late = opened.frame(home, BORIS)
    home.oauth.expire(user_id=BORIS)
    with pytest.raises(Denied):
        portals.verify_frame(late, clock.now())


def test_strange_server_is_not_asked(home: Sandbox) -> None:
    verified = opened.installed(home)
    forged = {"SERVER_ENDPOINT": "https://evil.example/rest/"}
    portals.verify_frame(opened.frame(home, form=forged), clock.now())
    assert opened.row(verified.portal_id).oauth_url == "http://localhost:7201"


def test_unknown_portal_is_sent_to_the_installer(home: Sandbox) -> None:
    home.install(ANNA)
    with pytest.raises(Denied) as refused:
        portals.verify_frame(opened.frame(home), clock.now())
    assert refused.value.code == "not_installed"
    assert kept() == [[], [], []]


def test_deleted_portal_opens_by_installing_only(home: Sandbox) -> None:
    verified = opened.installed(home)
    with transaction() as session:
        session.get_one(Portal, verified.portal_id).status = "deleted"
    with pytest.raises(Denied):
        portals.verify_frame(opened.frame(home), clock.now())
    again = portals.install(opened.frame(home), clock.now())
    assert (again.portal_id, again.status) == (verified.portal_id, "new")


def test_silent_oauth_server_is_not_a_refusal(home: Sandbox) -> None:
    opened.installed(home)
    before = kept()
    home.oauth.faults.add({"match": "app.info", "kind": "503"})
    with pytest.raises(Busy):
        portals.verify_frame(opened.frame(home), clock.now())
    assert kept() == before


def test_silent_portal_leaves_known_names(home: Sandbox) -> None:
    opened.installed(home)
    home.faults.add({"match": "profile", "kind": "500", "times": None})
    known = portals.verify_frame(opened.frame(home), clock.now())
    assert (known.name, known.is_admin) == ("Анна Администратор", True)
    stranger = portals.verify_frame(opened.frame(home, BORIS), clock.now())
    assert (stranger.name, stranger.is_admin) == ("#2", False)


def test_proof_is_remembered_for_minutes(home: Sandbox) -> None:
    opened.installed(home)
    once, now = opened.frame(home), clock.now()
    asked = proofs_asked(home)
    portals.verify_frame(once, now)
    portals.verify_frame(once, now + timedelta(minutes=4))
    assert proofs_asked(home) == asked + 1
    portals.verify_frame(once, now + timedelta(minutes=6))
    assert proofs_asked(home) == asked + 2


def test_admin_rights_are_taken_back(home: Sandbox) -> None:
    opened.installed(home)
    home.users[ANNA]["ADMIN"] = False
    assert not portals.verify_frame(opened.frame(home), clock.now()).is_admin
    assert not token().is_admin


@pytest.mark.parametrize(("user_id", "taken"), [(ANNA, True), (BORIS, False)])
def test_only_admins_change_the_application_token(home: Sandbox, user_id: int, taken: bool) -> None:
    verified = opened.installed(home)
    other = opened.frame(home, user_id, form={"APPLICATION_TOKEN": "another"})
    portals.verify_frame(other, clock.now())
    assert (opened.row(verified.portal_id).application_token == "another") is taken


def test_renamed_portal_is_learnt_from_an_opening(home: Sandbox) -> None:
    verified = opened.installed(home)
    home.rename(AWAY)
    with opened.mounted(AWAY, home):
        portals.verify_frame(opened.frame(home), clock.now())
    row = opened.row(verified.portal_id)
    assert (row.domain, row.client_endpoint) == (AWAY, f"http://{AWAY}/rest/")


@pytest.mark.parametrize(
    ("error", "user_id", "status"),
    [
        ("PAYMENT_REQUIRED: ended", BORIS, "active"),
        ("needs re-authorisation: invalid_grant", BORIS, "blocked"),
        ("needs re-authorisation: invalid_grant", ANNA, "active"),
    ],
)
def test_opening_ends_the_rest(home: Sandbox, error: str, user_id: int, status: str) -> None:
    verified = opened.installed(home)
    with transaction() as session:
        row = session.get_one(Portal, verified.portal_id)
        row.status, row.error = "blocked", error
    assert portals.verify_frame(opened.frame(home, user_id), clock.now()).status == status


def test_same_employee_is_verified_again(home: Sandbox) -> None:
    verified = opened.installed(home)
    fresh = opened.frame(home).auth_id
    again = portals.verify_again(verified.portal_id, ANNA, fresh, clock.now())
    assert again == verified or again.user_id == ANNA


def test_anothers_token_does_not_prolong(home: Sandbox, away: Sandbox) -> None:
    verified = opened.installed(home)
    for stolen in (opened.frame(home, BORIS).auth_id, opened.frame(away).auth_id, "made-up"):
        with pytest.raises(Denied):
            portals.verify_again(verified.portal_id, ANNA, stolen, clock.now())


def test_events_are_known_by_their_token(home: Sandbox) -> None:
    verified = opened.installed(home)
    event = opened.event(home, "ONCRMDEALUPDATE", {"FIELDS": {"ID": "1"}})
    assert portals.verify_event(event, clock.now()) == verified.portal_id


def test_first_event_brings_the_token_that_frames_did_not(home: Sandbox) -> None:
    home.switches.set({"frame_extras": False})
    verified = opened.installed(home)
    event = opened.event(home, "ONCRMDEALUPDATE", {"FIELDS": {"ID": "1"}})
    assert portals.verify_event(event, clock.now()) == verified.portal_id
    assert opened.row(verified.portal_id).application_token == event.auth.application_token


def test_first_event_must_be_proven(home: Sandbox) -> None:
    home.switches.set({"frame_extras": False})
    verified = opened.installed(home)
    event = opened.event(home, "ONCRMDEALUPDATE", access_token="made-up")
    with pytest.raises(Denied):
        portals.verify_event(event, clock.now())
    assert not opened.row(verified.portal_id).application_token


FORGED_EVENTS: list[dict[str, str]] = [
    {"application_token": "forged"},
    {"application_token": ""},
    {"member_id": "0" * 32},
    {"member_id": "clara0000000000000000000000000002"},
]


@pytest.mark.parametrize("name", ["ONCRMDEALUPDATE", "ONAPPUNINSTALL", "ONIMCONNECTORMESSAGEADD"])
@pytest.mark.parametrize("forged", FORGED_EVENTS, ids=str)
def test_forged_events_are_all_refused_alike(
    home: Sandbox, away: Sandbox, name: str, forged: dict[str, str]
) -> None:
    opened.installed(home)
    before = kept()
    with pytest.raises(Denied) as refused:
        portals.verify_event(opened.event(home, name, **forged), clock.now())
    assert refused.value.message == portals.UNKNOWN_EVENT
    assert kept() == before


def test_deleted_portal_has_no_events(home: Sandbox) -> None:
    verified = opened.installed(home)
    with transaction() as session:
        session.get_one(Portal, verified.portal_id).status = "deleted"
    with pytest.raises(Denied):
        portals.verify_event(opened.event(home, "ONCRMDEALUPDATE"), clock.now())


@pytest.mark.parametrize("name", ["ONAPPINSTALL", "ONAPPUPDATE"])
def test_life_events_bring_a_new_application_token(home: Sandbox, name: str) -> None:
    verified = opened.installed(home)
    event = opened.event(home, name, application_token="rotated")
    assert portals.verify_event(event, clock.now()) == verified.portal_id
    assert opened.row(verified.portal_id).application_token == "rotated"


def test_installation_may_be_heard_of_by_event(home: Sandbox) -> None:
    home.install(ANNA)
    number = portals.verify_event(opened.event(home, "ONAPPINSTALL"), clock.now())
    assert opened.row(number).application_token == home.installation.application_token
    assert token().is_admin


@pytest.mark.parametrize(
    "forged", [{"access_token": "made-up"}, {"access_token": ""}, {"member_id": "0" * 32}], ids=str
)
def test_forged_life_events_change_nothing(home: Sandbox, forged: dict[str, str]) -> None:
    opened.installed(home)
    before = kept()
    event = opened.event(home, "ONAPPUPDATE", **({"application_token": "evil"} | forged))
    with pytest.raises(Denied):
        portals.verify_event(event, clock.now())
    assert kept() == before


def test_employees_cannot_mute_events(home: Sandbox) -> None:
    verified = opened.installed(home)
    event = opened.event(home, "ONAPPUPDATE", user_id=BORIS, application_token="evil")
    portals.verify_event(event, clock.now())
    assert opened.row(verified.portal_id).application_token != "evil"


def test_life_event_survives_a_silent_oauth_server(home: Sandbox) -> None:
    verified = opened.installed(home)
    home.oauth.faults.add({"match": "app.info", "kind": "503", "times": None})
    event = opened.event(home, "ONAPPUPDATE")
    assert portals.verify_event(event, clock.now()) == verified.portal_id


def test_nobody_holds_the_database_while_bitrix_is_asked(home: Sandbox) -> None:
    verified = opened.installed(home)
    with transaction() as session:
        session.get_one(Portal, verified.portal_id)
        with pytest.raises(RuntimeError, match="Commit"):
            portals.client(verified.portal_id).call("profile")
