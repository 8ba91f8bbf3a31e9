"""/api/v1/install: steps that an administrator watches, and the end of the installation."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from b24app.db import db
from b24app.models import Audit, Portal
from tests.world import ADMIN, BORIS, Screen, World, world

IDS = ["access", "placements", "events", "connector", "people"]


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.portal.install(ADMIN)
        yield made


@pytest.fixture
def quick(app: Flask) -> Iterator[World]:
    with world(app) as made:
        made.portal.install(ADMIN)
        yield made


def run_all(screen: Screen) -> None:
    for name in IDS:
        assert screen.post(f"/install/{name}")["state"] == "done"


def test_installation_goes_step_by_step(here: World) -> None:
    screen = here.open()
    told = screen.get("/install")
    assert [(step["id"], step["state"]) for step in told["steps"]] == [(n, "wanted") for n in IDS]
    assert told["steps"][0]["title"] == "Проверка прав доступа"
    assert not told["finished"]
    run_all(screen)
    assert screen.post("/install/finish") == {"ok": True}
    assert screen.get("/install")["finished"]
    here.portal.finish_install(ADMIN)
    here.run()
    home = here.open("DEFAULT", ADMIN)
    assert (home.boot["placement"], home.boot["portal"]["status"]) == ("home", "active")


def test_step_may_be_run_twice(quick: World) -> None:
    screen = quick.open()
    assert screen.post("/install/placements") == screen.post("/install/placements")


def test_failed_step_is_an_answer(quick: World) -> None:
    screen = quick.open()
    quick.control("faults", {"match": "placement.get", "times": 9, "kind": "500"})
    step = screen.post("/install/placements")
    assert (step["id"], step["state"]) == ("placements", "failed")
    assert step["error"]
    quick.portal.faults.clear()
    assert screen.post("/install/placements")["state"] == "done"


def test_unfinished_steps_keep_the_end_away(quick: World) -> None:
    screen = quick.open()
    screen.post("/install/access")
    assert screen.post("/install/finish", status=409)["error"]["code"] == "steps_left"


def test_end_may_be_asked_twice(quick: World) -> None:
    screen = quick.open()
    run_all(screen)
    for _ in range(2):
        assert screen.post("/install/finish") == {"ok": True}
    deeds = db.session.scalars(select(Audit.deed)).all()
    assert deeds == ["installed"]


def test_unknown_step_is_404(quick: World) -> None:
    assert quick.open().ask("POST", "/install/nothing").status_code == 404


def test_employees_do_not_install(quick: World) -> None:
    screen = quick.open()
    run_all(screen)
    screen.post("/install/finish")
    quick.portal.finish_install(ADMIN)
    employee = quick.open("LEFT_MENU", BORIS)
    assert employee.ask("GET", "/install").status_code == 403
    assert employee.ask("POST", "/install/events").status_code == 403
    assert employee.ask("POST", "/install/finish").status_code == 403


def test_nobody_installs_without_a_token(quick: World) -> None:
    assert quick.client.post("/api/v1/install/events").status_code == 401


def test_administrator_repairs_later(quick: World) -> None:
    quick.install()
    quick.portal.placements.clear()
    quick.open().post("/install/placements")
    assert quick.portal.placements


def test_removed_and_installed_again_works(here: World) -> None:
    before = here.install()
    here.portal.uninstall(ADMIN)
    here.run()
    assert db.session.scalars(select(Portal.status)).one() == "deleted"
    db.session.rollback()
    assert before.ask("GET", "/me").status_code == 401
    home = here.install()
    assert home.boot["portal"] == before.boot["portal"]
    assert home.get("/me")["portal"]["status"] == "active"


def test_quick_reinstallation_survives_the_removal(quick: World) -> None:
    """The worker looks into a removal while the administrator installs again."""
    quick.install()
    quick.portal.uninstall(ADMIN)
    quick.portal.deliver_events()
    quick.portal.install(ADMIN)
    screen = quick.open()
    quick.run()
    run_all(screen)
    screen.post("/install/finish")
    quick.portal.finish_install(ADMIN)
    quick.run()
    assert quick.open("LEFT_MENU", BORIS).boot["portal"]["status"] == "active"


def test_clean_removal_forgets_everything(quick: World) -> None:
    quick.install()
    quick.portal.uninstall(ADMIN, clean=True)
    quick.run()
    assert db.session.query(Portal).count() == 0
    db.session.rollback()
    assert quick.install().boot["portal"]["status"] == "active"
