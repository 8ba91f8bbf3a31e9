"""/api/v1/directory: shown to employees, refreshed by who configures."""

from collections.abc import Iterator

import pytest
from flask import Flask

from b24app.db import db, reading, transaction
from b24app.models import DirectoryPage, Operator, Portal
from tests import build
from tests.world import ADMIN, BORIS, World, world


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.install()
        yield made
        db.session.rollback()


def test_employee_sees_what_there_is(here: World) -> None:
    told = here.open(user_id=BORIS).get("/directory")
    assert {"users", "departments", "pipelines", "lead_stages", "sources"} <= set(told)
    assert told["fetched_at"].endswith("Z")
    assert (told["refreshing"], told["error"], told["leads_exist"]) == (False, None, True)
    assert told["zone"] == "Europe/Moscow"
    assert set(told["fields"]) == {"lead", "deal", "contact"}


def test_field_is_shown_with_its_options(here: World) -> None:
    rows = here.open().get("/directory")["fields"]["deal"]
    goal = next(one for one in rows if one["code"] == "UF_CRM_GOAL")
    assert goal == {
        "code": "UF_CRM_GOAL",
        "entity": "deal",
        "title": "Цель обращения",
        "type": "enumeration",
        "multiple": False,
        "required": False,
        "read_only": False,
        "items": [["91", "Покупка"], ["92", "Вопрос"], ["93", "Ремонт"]],
        "status_type": "",
        "writable": True,
    }


def test_refresh_brings_what_is_new(here: World) -> None:
    screen = here.open()
    here.control("users", {"NAME": "Новая", "LAST_NAME": "Сотрудница"})
    assert screen.post("/directory/refresh", {}, status=202) == {"refreshing": True}
    assert screen.get("/directory")["refreshing"] is True
    here.run()
    told = screen.get("/directory")
    assert told["refreshing"] is False
    assert "Новая Сотрудница" in {one["name"] for one in told["users"]}


def test_refresh_is_for_those_who_configure(here: World) -> None:
    here.open(user_id=BORIS).post("/directory/refresh", {}, status=403)
    with transaction() as session:
        session.query(Operator).filter_by(user_id=BORIS).one().may_configure = True
    here.open(user_id=BORIS).post("/directory/refresh", {}, status=202)


def test_stranger_is_refused(here: World) -> None:
    assert here.client.get("/api/v1/directory").status_code == 401
    assert here.client.post("/api/v1/directory/refresh").status_code == 401


def test_another_portal_is_not_shown(here: World) -> None:
    with transaction() as session:
        other = build.portal()
        page = {"kind": "sources", "document": [{"id": "SECRET", "name": "Secret"}]}
        session.add(DirectoryPage(portal_id=other.id, **page))
    told = here.open(user_id=ADMIN).get("/directory")
    assert "SECRET" not in {one["id"] for one in told["sources"]}
    with reading() as session:
        assert session.query(Portal).count() == 2
