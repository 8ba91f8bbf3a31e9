"""Portals that leave: stopped at once, forgotten only when the OAuth server confirms it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from b24app import clock
from b24app.actions import portals, proofs, removal
from b24app.actions.portals import Verified
from b24app.db import db, transaction
from b24app.errors import BitrixError
from b24app.models import Channel, Job, Portal, Token
from sandbox.portal.portal import Portal as Sandbox
from tests import build, opened


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
def anna(home: Sandbox) -> Verified:
    verified = opened.installed(home)
    with transaction() as session:
        build.channel(session.get_one(Portal, verified.portal_id))
    return verified


def promised(kind: str) -> dict[str, Any] | None:
    """What the youngest promise of a kind says, and when it is due."""
    db.session.rollback()
    found = db.session.scalars(select(Job).where(Job.kind == kind).order_by(Job.id.desc())).first()
    told = None if found is None else {"due_at": found.due_at, **found.payload}
    db.session.rollback()
    return told


def keep(kind: str) -> None:
    """Do what the youngest promise of a kind says."""
    found = db.session.scalars(select(Job).where(Job.kind == kind).order_by(Job.id.desc())).first()
    assert found is not None
    removal.JOBS[kind](found)


def hear(home: Sandbox, verified: Verified, clean: bool = False) -> None:
    """The application is told that it was removed."""
    event = opened.event(home, "ONAPPUNINSTALL", {"CLEAN": "1" if clean else "0"})
    number = portals.verify_event(event, clock.now())
    with transaction() as session:
        removal.EVENTS["ONAPPUNINSTALL"](session.get_one(Portal, number), event, clock.now())


def count(table: type[Any]) -> int:
    db.session.rollback()
    found = db.session.scalar(select(func.count()).select_from(table)) or 0
    db.session.rollback()
    return found


def soon(at: datetime, span: timedelta) -> bool:
    return abs(at - clock.now() - span) < timedelta(minutes=1)


def test_removed_portal_stops_at_once(home: Sandbox, anna: Verified) -> None:
    hear(home, anna)
    sent = len(home.http)
    with pytest.raises(BitrixError, match="UNINSTALLED"):
        portals.client(anna.portal_id).call("profile")
    assert len(home.http) == sent
    assert (count(Token), count(Channel)) == (1, 1)


def test_confirmed_removal_forgets_the_tokens(home: Sandbox, anna: Verified) -> None:
    hear(home, anna)
    home.uninstall()
    keep("uninstall")
    row = opened.row(anna.portal_id)
    assert (row.status, row.application_token, count(Token), count(Channel)) == (
        "deleted",
        None,
        0,
        1,
    )
    told = promised("purge")
    assert told is not None
    assert soon(told["due_at"], timedelta(days=30))


def test_clean_removal_leaves_nothing(home: Sandbox, anna: Verified) -> None:
    hear(home, anna, clean=True)
    home.uninstall(clean=True)
    keep("uninstall")
    told = promised("purge")
    assert told is not None
    assert soon(told["due_at"], timedelta())
    keep("purge")
    assert (count(Portal), count(Token), count(Channel)) == (0, 0, 0)


def test_forged_removal_is_undone(home: Sandbox, anna: Verified) -> None:
    hear(home, anna, clean=True)
    keep("uninstall")
    row = opened.row(anna.portal_id)
    assert (row.status, row.error, count(Token)) == ("active", "", 1)
    told = promised("uninstall")
    assert told is not None
    assert (told["again"], told["clean"]) == (True, True)
    assert soon(told["due_at"], timedelta(minutes=15))


def test_late_oauth_server_is_asked_again(home: Sandbox, anna: Verified) -> None:
    hear(home, anna)
    keep("uninstall")
    home.uninstall()
    keep("uninstall")
    assert opened.row(anna.portal_id).status == "deleted"


def test_expired_token_still_tells(home: Sandbox, anna: Verified) -> None:
    home.oauth.expire()
    hear(home, anna)
    home.uninstall()
    keep("uninstall")
    assert opened.row(anna.portal_id).status == "deleted"


def test_silent_oauth_server_deletes_nothing(home: Sandbox, anna: Verified) -> None:
    hear(home, anna, clean=True)
    home.oauth.faults.add({"match": "app.info", "kind": "503", "times": None})
    with pytest.raises(BitrixError):
        keep("uninstall")
    assert (opened.row(anna.portal_id).status, count(Token)) == ("blocked", 1)


def test_wrong_keys_of_ours_delete_nothing(home: Sandbox, anna: Verified) -> None:
    hear(home, anna, clean=True)
    home.oauth.secrets[home.settings.client_id] = "changed"
    home.oauth.access.clear()
    keep("uninstall")
    assert (opened.row(anna.portal_id).status, count(Token)) == ("blocked", 1)


def test_portal_without_tokens_is_not_deleted(home: Sandbox, anna: Verified) -> None:
    hear(home, anna, clean=True)
    with transaction() as session:
        session.query(Token).update({"dead": True})
    keep("uninstall")
    assert (opened.row(anna.portal_id).status, promised("purge")) == ("blocked", None)


def test_portal_that_came_back_is_not_purged(home: Sandbox, anna: Verified) -> None:
    hear(home, anna, clean=True)
    home.uninstall()
    keep("uninstall")
    home.install()
    again = portals.install(opened.frame(home), clock.now())
    keep("purge")
    assert (again.portal_id, count(Portal), count(Token)) == (anna.portal_id, 1, 1)


def test_installing_again_works_repeatedly(home: Sandbox) -> None:
    for _ in range(3):
        verified = opened.installed(home)
        assert portals.client(verified.portal_id).call("profile").result["ID"] == "1"
        hear(home, verified)
        home.uninstall()
        keep("uninstall")


def test_paid_portal_is_served_again(home: Sandbox, anna: Verified) -> None:
    home.installation.paid = False
    with pytest.raises(BitrixError, match="PAYMENT_REQUIRED"):
        portals.client(anna.portal_id).call("profile")
    keep("probe")
    assert opened.row(anna.portal_id).status == "blocked"
    told = promised("probe")
    assert told is not None
    assert soon(told["due_at"], timedelta(hours=1))
    home.installation.paid = True
    keep("probe")
    assert opened.row(anna.portal_id).status == "active"


def test_lost_removal_is_noticed(home: Sandbox, anna: Verified) -> None:
    home.uninstall()
    with pytest.raises(BitrixError, match="APPLICATION_NOT_FOUND"):
        portals.client(anna.portal_id).call("profile")
    assert opened.row(anna.portal_id).status == "blocked"
    keep("probe")
    assert opened.row(anna.portal_id).status == "deleted"


def test_removing_twice_is_removing_once(home: Sandbox, anna: Verified) -> None:
    hear(home, anna)
    hear(home, anna)
    assert count(Job) == 1
