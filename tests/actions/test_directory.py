"""Directories of a portal: read in two requests, kept, and never lost to a refusal."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from b24app import clock
from b24app.actions import directory, portals
from b24app.db import db, reading, transaction
from b24app.errors import BitrixError
from b24app.models import DirectoryPage, Event, Job, Operator, Portal, RestCall
from b24app.rules import documents
from b24app.rules.fields import typed
from tests import build
from tests.world import ADMIN, BORIS, VERA, World, world


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    """A portal whose installer was opened; nothing was read yet."""
    with world(any_app) as made:
        made.portal.install(ADMIN)
        made.open()
        yield made
        db.session.rollback()


def portal_id() -> int:
    with reading() as session:
        return session.scalars(select(Portal.id)).one()


def refresh() -> Any:
    home = portal_id()
    return directory.refresh(home, portals.client(home), clock.now())


def shown() -> dict[str, Any]:
    with reading():
        return directory.shown(portal_id())


def refuse(here: World, method: str, times: int = 1) -> None:
    here.control(
        "faults", {"match": method, "times": times, "kind": "error", "code": "ACCESS_DENIED"}
    )


def test_nothing_read_is_empty_and_checks_nothing(here: World) -> None:
    told = shown()
    assert (told["fetched_at"], told["users"], told["leads_exist"]) == (None, [], True)
    with reading():
        known = directory.known(portal_id())
    assert (known.users, known.lead_stages, known.pipelines, known.fields) == (None,) * 4


def test_employees_have_faces_and_places(here: World) -> None:
    refresh()
    boris = next(one for one in shown()["users"] if one["id"] == str(BORIS))
    assert boris["name"] == "Борис Операторов"
    assert boris["position"] == "Оператор чатов"
    assert boris["departments"] == ["2"]
    assert boris["photo_url"].startswith("http")


def test_departments_stand_under_each_other(here: World) -> None:
    refresh()
    parents = {one["id"]: one["parent"] for one in shown()["departments"]}
    assert parents == {"1": None, "2": "1", "3": "1", "4": "2"}


def test_pipelines_have_their_own_stages(here: World) -> None:
    refresh()
    common, service = shown()["pipelines"]
    assert (common["id"], common["name"], common["default"]) == ("0", "Общая", True)
    assert service["stages"][0]["id"] == "C3:NEW"
    semantics = [one["semantics"] for one in common["stages"]]
    assert semantics == ["process"] * 4 + ["success", "failure", "failure"]
    assert all(one["color"].startswith("#") for one in common["stages"])


def test_lead_stages_and_sources_are_in_order(here: World) -> None:
    refresh()
    told = shown()
    assert [one["id"] for one in told["lead_stages"]][:2] == ["NEW", "IN_PROCESS"]
    assert {"id": "WEB", "name": "Веб-сайт"} in told["sources"]


def test_fields_that_can_be_filled_in(here: World) -> None:
    refresh()
    with reading():
        fields = directory.fields(portal_id())
    goal, source = fields["deal"]["UF_CRM_GOAL"], fields["deal"]["sourceId"]
    assert dict(goal.items) == {"91": "Покупка", "92": "Вопрос", "93": "Ремонт"}
    assert typed(goal, "ремонт", zone=ZoneInfo("UTC")).value == 93
    assert dict(source.items)["WEB"] == "Веб-сайт"
    assert dict(fields["contact"]["typeId"].items) == {"CLIENT": "Клиенты", "PARTNER": "Партнёры"}
    assert {"PHONE", "EMAIL"} <= set(fields["contact"])
    assert not {"id", "title", "stageId", "UF_CRM_SECTION"} & set(fields["deal"])


def test_whatever_a_field_takes_the_portal_takes(here: World) -> None:
    refresh()
    with reading():
        fields = directory.fields(portal_id())["deal"]
    texts = {
        "UF_CRM_CITY": "Тверь",
        "UF_CRM_PAGE": "https://shop.example/a",
        "UF_CRM_COLOURS": "Красный, синий",
        "UF_CRM_BUDGET": "1 300,50 ₽",
        "UF_CRM_VISITS": "3",
        "UF_CRM_WEIGHT": "2.5",
        "UF_CRM_URGENT": "да",
        "UF_CRM_DELIVERY": "21.08.2026",
        "UF_CRM_ASKED_AT": "2026-08-21T14:05:48+03:00",
        "UF_CRM_ENGINEER": "4",
        "UF_CRM_TAGS": "a, b",
        "UF_CRM_PARTNER": "C_1",
        "UF_CRM_FILE": "",
    }
    zone = ZoneInfo("Europe/Moscow")
    files = (("a.txt", "YQ=="),)
    given = {
        code: typed(fields[code], text, zone=zone, files=files) for code, text in texts.items()
    }
    assert [one.problem for one in given.values() if one.problem] == []
    home = portal_id()
    params = {
        "entityTypeId": 2,
        "useOriginalUfNames": "Y",
        "fields": {code: one.value for code, one in given.items()},
    }
    item = portals.client(home).call("crm.item.add", params).result["item"]
    kept = {code: item[code] for code in texts}
    assert kept["UF_CRM_COLOURS"] == [81, 82]
    assert kept["UF_CRM_BUDGET"] == "1300.5|RUB"
    assert kept["UF_CRM_URGENT"] == "Y"
    assert kept["UF_CRM_ASKED_AT"] == "2026-08-21T14:05:48+03:00"
    assert all(value not in (None, [], "") for value in kept.values())


def test_reading_takes_two_requests(here: World) -> None:
    before = requests()
    refresh()
    assert requests() - before == 2


def requests() -> int:
    """How many times the portal was asked anything."""
    with reading() as session:
        return session.scalar(select(func.count()).select_from(RestCall)) or 0


def test_long_lists_are_read_to_their_end(here: World) -> None:
    for number in range(120):
        here.control("users", {"NAME": f"Worker {number}"})
    before = requests()
    refresh()
    assert len(shown()["users"]) == 125
    assert requests() - before == 2


def test_portal_without_leads(here: World) -> None:
    here.portal.switches.crm_mode = 2
    refresh()
    assert shown()["leads_exist"] is False
    with reading():
        assert directory.leads_exist(portal_id()) is False


def test_zone_is_the_administrators(here: World) -> None:
    here.portal.users[ADMIN]["TIME_ZONE"] = "Asia/Yekaterinburg"
    refresh()
    assert shown()["zone"] == "Asia/Yekaterinburg"


def test_zone_is_else_that_of_the_portals_answers(here: World) -> None:
    here.portal.users[ADMIN]["TIME_ZONE"] = ""
    refresh()
    with reading():
        offset = directory.zone(portal_id()).utcoffset(clock.now())
    assert offset == timedelta(hours=3)


def test_refused_kind_keeps_what_was_known(here: World) -> None:
    refresh()
    before = shown()
    del here.portal.users[VERA]
    refuse(here, "department.get")
    found = refresh()
    told = shown()
    assert set(found.errors) == {"departments"}
    assert told["departments"] == before["departments"]
    assert told["error"]
    assert str(VERA) not in {one["id"] for one in told["users"]}


def test_next_success_clears_the_error(here: World) -> None:
    refuse(here, "department.get")
    refresh()
    assert shown()["error"]
    refresh()
    assert shown()["error"] is None


def test_refused_page_of_people_dismisses_nobody(here: World) -> None:
    for number in range(60):
        here.control("users", {"NAME": f"Worker {number}"})
    refresh()
    here.portal.installation.scope = "crm,placement,department"
    assert "users" in refresh().errors
    with reading() as session:
        dismissed = select(Operator).where(Operator.active.is_(False))
        assert session.scalars(dismissed).all() == []


def test_portal_that_is_away_leaves_everything(here: World) -> None:
    refresh()
    here.control("faults", {"match": "batch", "times": 1, "kind": "500"})
    with pytest.raises(BitrixError):
        refresh()
    told = shown()
    assert told["users"]
    assert told["error"]


def test_rules_are_checked_against_it(here: World) -> None:
    refresh()
    number = portal_id()
    with transaction() as session:
        ours = session.get_one(Portal, number)
        channel = build.channel(ours).id
        build.channel(ours, deleted_at=clock.now())
    with reading():
        known = directory.known(portal_id())
    assert set(known.channels or ()) == {channel}
    assert {ADMIN, BORIS, VERA} <= set(known.users or ())
    assert "C3:NEW" in (known.pipelines or {})[3]
    row = {"id": "a", "entity": "deal", "field": "UF_CRM_GOAL", "value": "Покупка"}
    assert documents.read({"fields": [row]}, known).fields[0].field == "UF_CRM_GOAL"


def test_screens_hear_of_a_reading(here: World) -> None:
    refresh()
    with reading() as session:
        assert "directory" in session.scalars(select(Event.kind)).all()


# -- Promises -------------------------------------------------------------------------------


@pytest.fixture
def home(app: Flask) -> Iterator[World]:
    """A portal that works."""
    with world(app) as made:
        made.install()
        yield made
        db.session.rollback()


def fetched() -> Any:
    with reading() as session:
        return session.scalars(select(DirectoryPage.fetched_at)).first()


def test_installation_reads_and_promises_the_next_time(home: World) -> None:
    assert shown()["fetched_at"]
    with reading() as session:
        due = session.scalars(select(Job.due_at).where(Job.kind == "directory")).all()
    assert [timedelta(hours=11) < at - clock.now() < timedelta(hours=13) for at in due] == [True]


def test_next_reading_by_the_clock_promises_another(home: World) -> None:
    with transaction() as session:
        job = session.scalars(select(Job).where(Job.kind == "directory")).one()
        job.due_at = clock.now()
        job.key = "directory:earlier"
    before = fetched()
    home.run()
    assert fetched() > before
    with reading() as session:
        states = session.scalars(select(Job.state).where(Job.kind == "directory")).all()
    assert sorted(states) == ["done", "queued"]


def test_changed_field_is_read_again(home: World) -> None:
    before = fetched()
    home.portal.emit("ONCRMDEALUSERFIELDADD", {"ID": 5, "FIELD_NAME": "UF_CRM_NEW"}, ADMIN)
    home.run()
    assert fetched() > before


def test_asking_twice_reads_once(home: World) -> None:
    before = requests()
    number = portal_id()
    for _ in range(2):
        with transaction():
            directory.ask(number, clock.now())
    assert shown()["refreshing"] is True
    home.run()
    assert shown()["refreshing"] is False
    assert requests() - before == 2


def test_stopped_portal_is_not_asked(home: World) -> None:
    number = portal_id()
    with transaction() as session:
        session.get_one(Portal, number).status = "blocked"
        directory.ask(number, clock.now())
    before = fetched()
    home.run()
    assert fetched() == before


def test_channels_of_others_are_not_known(home: World) -> None:
    ours = portal_id()
    with transaction():
        build.channel()
    with reading():
        assert directory.known(ours).channels == frozenset()
