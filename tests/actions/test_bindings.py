"""What we register on a portal: made, mended, shown, and made again after a removal."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from b24app import clock
from b24app.actions import bindings, lifecycle, portals
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError, NotFound
from b24app.models import Binding, LineLink, Operator, Portal
from b24app.models.job import promise
from sandbox.portal.state import Placement
from tests import build
from tests.world import ADMIN, APP, World, world

WANTED = {
    ("CONTACT_CENTER", f"{APP}/placement/contact_center"),
    ("CRM_COMPANY_DETAIL_TAB", f"{APP}/placement/company_tab"),
    ("CRM_CONTACT_DETAIL_TAB", f"{APP}/placement/contact_tab"),
    ("CRM_DEAL_DETAIL_TAB", f"{APP}/placement/deal_tab"),
    ("CRM_LEAD_DETAIL_TAB", f"{APP}/placement/lead_tab"),
    ("LEFT_MENU", f"{APP}/placement/left_menu"),
    ("REST_APP_URI", f"{APP}/placement/home"),
}
CHANGES = ("placement.bind", "placement.unbind", "event.bind", "event.unbind")


@pytest.fixture
def here(app: Flask) -> Iterator[World]:
    """A portal whose installer was opened; nothing is registered yet."""
    with world(app) as made:
        made.portal.install(ADMIN)
        made.open()
        yield made


def portal_id() -> int:
    with reading() as session:
        return session.scalars(select(Portal.id)).one()


def ensure(*steps: str) -> list[Any]:
    found = portal_id()
    return bindings.ensure(found, portals.client(found), clock.now(), steps)


def steps(language: str = "en") -> dict[str, tuple[str, str | None]]:
    with reading():
        told = bindings.steps(portal_id(), language)
    return {step["id"]: (step["state"], step["error"]) for step in told}


def placements(here: World) -> set[tuple[str, str]]:
    return {(one.code, one.handler) for one in here.portal.placements}


def changes(here: World) -> int:
    return sum(1 for call in here.calls() if call["method"] in CHANGES)


def test_everything_is_registered(here: World) -> None:
    assert ensure() == []
    assert placements(here) == WANTED
    assert {handler.event for handler in here.portal.handlers} == set(lifecycle.handlers())
    assert {handler.url for handler in here.portal.handlers} == {f"{APP}/bitrix/events"}
    assert "callgear_chats" in here.portal.connectors


def test_titles_are_in_both_languages(here: World) -> None:
    ensure("placements")
    menu = next(one for one in here.portal.placements if one.code == "LEFT_MENU")
    assert menu.title == "CallGear Chats"
    assert menu.lang_all == {
        "en": {"TITLE": "CallGear Chats"},
        "ru": {"TITLE": "CallGear Чаты"},
    }


def test_connector_leads_to_its_form(here: World) -> None:
    ensure("connector")
    call = here.calls("imconnector.register")[-1]["params"]
    assert call["PLACEMENT_HANDLER"] == f"{APP}/placement/connector_settings"
    assert call["NAME"] == "CallGear Чаты"
    assert call["ICON"]["DATA_IMAGE"].startswith("data:image/svg+xml,")


def test_second_time_changes_nothing(here: World) -> None:
    ensure()
    before = changes(here)
    ensure()
    assert changes(here) == before
    assert placements(here) == WANTED


def test_strays_go(here: World) -> None:
    ensure()
    left = here.portal.placements
    left.append(Placement(900, "LEFT_MENU", f"{APP}/placement/left_menu/", "Old"))
    left.append(Placement(901, "CRM_DEAL_LIST_MENU", f"{APP}/old", "Old"))
    ensure("placements")
    assert placements(here) == WANTED


def test_employees_become_operators(here: World) -> None:
    ensure("people")
    rows = {row.user_id: row for row in db.session.scalars(select(Operator))}
    assert rows[2].name == "Борис Операторов"
    assert rows[1].is_admin
    assert all(row.active for row in rows.values())


def test_dismissed_employee_is_noticed(here: World) -> None:
    ensure("people")
    here.control("users", {"ID": 3, "ACTIVE": False})
    ensure("people")
    rows = db.session.scalars(select(Operator).where(Operator.active.is_(False)))
    assert [row.user_id for row in rows] == [3]


def test_many_employees_are_read_in_pages(here: World) -> None:
    for number in range(60):
        here.control("users", {"NAME": f"Worker {number}"})
    ensure("people")
    known = {user["ID"] for user in here.portal.employees() if user["ACTIVE"]}
    assert {row.user_id for row in db.session.scalars(select(Operator))} == known
    db.session.rollback()


def test_missing_permission_is_shown_and_not_fatal(here: World) -> None:
    here.portal.installation.scope = "crm,placement,user_brief"
    assert [failure.code for failure in ensure()] == []
    state, error = steps()["access"]
    assert state == "done"
    assert "contact_center, imopenlines, imconnector, im" in str(error)
    state, error = steps()["placements"]
    assert state == "done"
    assert "CONTACT_CENTER" in str(error)
    assert placements(here) == {one for one in WANTED if one[0] != "CONTACT_CENTER"}
    assert steps()["connector"][0] == "done"


def test_step_says_why_it_failed(here: World) -> None:
    here.control("faults", {"match": "event.get", "times": 9, "kind": "500"})
    (failure,) = ensure("events")
    assert isinstance(failure, BitrixError)
    assert steps()["events"] == ("failed", failure.message)
    here.portal.faults.clear()
    ensure("events")
    assert steps()["events"] == ("done", None)


def test_steps_wait_until_they_run(here: World) -> None:
    assert {state for state, _ in steps().values()} == {"wanted"}
    ensure("access")
    assert steps()["access"] == ("done", None)


def test_installer_opened_again_runs_all(here: World) -> None:
    ensure()
    here.open()
    assert {state for state, _ in steps().values()} == {"wanted"}


def test_steps_are_named_in_the_language(here: World) -> None:
    with reading():
        titles = [step["title"] for step in bindings.steps(portal_id(), "ru")]
    assert titles[0] == "Проверка прав доступа"


def test_unknown_step_is_not_found(here: World) -> None:
    with pytest.raises(NotFound):
        ensure("finish")


def test_every_registration_has_its_row(here: World) -> None:
    ensure()
    rows = db.session.scalars(select(Binding).where(Binding.kind != "step")).all()
    assert {row.state for row in rows} == {"bound"}
    assert {row.code for row in rows if row.kind == "placement"} == {code for code, _ in WANTED}


def test_portal_in_trouble_is_asked_again(here: World) -> None:
    """A repair that could not be done now is not forgotten."""
    here.install()
    here.control("faults", {"match": "placement.get", "times": 1, "kind": "500"})
    found = portal_id()
    with transaction():
        payload = {"portal_id": found}
        promise("bindings", "bindings:test", clock.now(), portal_id=found, payload=payload)
    here.worker.run_due(1)
    assert steps()["placements"][0] == "failed"
    here.run()
    assert steps()["placements"] == ("done", None)


def test_lines_serve_again_after_a_reinstallation(here: World) -> None:
    here.install()
    with transaction():
        home = db.session.get_one(Portal, portal_id())
        build.line_link(build.channel(home), line_id=1)
    here.portal.uninstall(ADMIN)
    here.run()
    assert not here.portal.links
    here.install()
    assert ("callgear_chats", 1) in here.portal.links
    assert [link.active for link in db.session.scalars(select(LineLink))] == [True]
