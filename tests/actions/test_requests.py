"""Offline requests: kept once, tied to a contact, taken once, listed within their portal."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from b24app.actions import requests
from b24app.actions.requests import Wanted
from b24app.db import db
from b24app.errors import Conflict, Invalid, NotFound
from b24app.models import (
    Audit,
    Channel,
    Contact,
    Job,
    OfflineRequest,
    Operator,
    Portal,
    SettingsDocument,
)
from b24app.rules.forms import Given
from tests import build
from tests.build import BORIS, NOW

PHONE = "+79000000001"
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _database(any_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()


@pytest.fixture
def widget() -> Channel:
    return build.channel(kind="webchat", settings={})


def given(**more: Any) -> Given:
    return Given(**{"name": "Anna", "phone": PHONE, "text": "Call me", **more})


def home(channel: Channel) -> Portal:
    return db.session.get_one(Portal, channel.portal_id)


def boris(channel: Channel, user_id: int = BORIS) -> Operator:
    return build.operator(home(channel), user_id)


def test_request_is_kept_with_all_it_needs(widget: Channel) -> None:
    visit = {"page_url": "https://shop.example/", "utm": {"utm_source": "yandex"}}
    row = requests.keep(widget, given(form={"colour": "red"}, visit=visit), NOW)
    assert (row.status, row.kind, row.phone, row.text) == ("new", "form", PHONE, "Call me")
    assert (row.form, row.visit) == ({"colour": "red"}, visit)
    assert (row.contact.name, row.contact.phone) == ("Anna", PHONE)
    (job,) = build.rows(Job)
    assert (job.kind, job.payload) == ("crm", {"request_id": row.id})
    assert job.lane == f"portal:{widget.portal_id}:crm*"
    (news,) = build.news()
    assert (news.kind, news.data["id"], news.visitor) == ("request", str(row.id), None)


def test_rules_of_the_moment_are_remembered(widget: Channel) -> None:
    assert requests.keep(widget, given(), NOW).settings_version == 0
    for kind, version in (("requests", 1), ("requests", 2), ("chats", 7)):
        db.session.add(
            SettingsDocument(
                portal_id=widget.portal_id, kind=kind, version=version, document={}, created_at=NOW
            )
        )
    assert requests.keep(widget, given(), LATER).settings_version == 2


def test_same_name_is_the_same_request(widget: Channel) -> None:
    first = requests.keep(widget, given(external_id="order-5"), NOW)
    again = requests.keep(widget, given(external_id="order-5", text="Again"), LATER)
    assert again.id == first.id
    assert [len(build.rows(model)) for model in (OfflineRequest, Job)] == [1, 1]
    assert len(build.news()) == 1


def test_name_used_up_by_a_stranger_is_said(widget: Channel) -> None:
    requests.keep(widget, given(external_id="order-5"), NOW)
    with pytest.raises(Conflict):
        requests.keep(widget, given(external_id="order-5", phone="+79000000002"), NOW)


def test_names_are_the_channels_own(widget: Channel) -> None:
    other = build.channel(home(widget), kind="webchat", settings={})
    for channel in (widget, other):
        requests.keep(channel, given(external_id="order-5"), NOW)
    assert len(build.rows(OfflineRequest)) == 2


@pytest.mark.parametrize(
    ("more", "seconds", "count"),
    [({}, 59, 1), ({}, 150, 2), ({"text": "And one more thing"}, 1, 2)],
)
def test_pressing_twice_leaves_one(
    widget: Channel, more: dict[str, Any], seconds: int, count: int
) -> None:
    requests.keep(widget, given(), NOW)
    requests.keep(widget, given(**more), NOW + timedelta(seconds=seconds))
    assert len(build.rows(OfflineRequest)) == count


@pytest.mark.parametrize(
    "known", [{"phone": PHONE}, {"email": "anna@shop.example"}, {"phone": PHONE, "name": "A."}]
)
def test_contact_is_known_by_phone_or_address(widget: Channel, known: dict[str, Any]) -> None:
    clara = Contact(portal_id=build.portal().id, created_at=NOW, **known)
    anna = Contact(portal_id=widget.portal_id, created_at=NOW, **known)
    db.session.add_all([clara, anna])
    row = requests.keep(widget, given(email="anna@shop.example"), NOW)
    assert row.contact_id == anna.id
    assert (anna.name, anna.phone) == (known.get("name", "Anna"), PHONE)


def test_people_without_phones_are_not_one_person(widget: Channel) -> None:
    db.session.add(Contact(portal_id=widget.portal_id, created_at=NOW, phone="", email=""))
    one = requests.keep(widget, given(phone="", email="anna@shop.example"), NOW)
    two = requests.keep(widget, given(phone="", email="vera@shop.example"), NOW)
    assert one.contact_id != two.contact_id
    assert len(build.rows(Contact)) == 3


def test_spam_is_shown_and_stays_out_of_crm(widget: Channel) -> None:
    row = requests.keep(widget, given(spam=True), NOW)
    assert (row.crm_state, row.crm_error) == ("skipped", requests.SPAM)
    assert build.rows(Job) == []
    assert len(build.news()) == 1


def test_taken_spam_is_none(widget: Channel) -> None:
    row = requests.keep(widget, given(spam=True), NOW)
    requests.take(row, boris(widget), NOW)
    assert (row.crm_state, row.crm_error) == ("", "")
    assert [job.payload for job in build.rows(Job)] == [{"request_id": row.id}]


def test_work_goes_from_new_to_done_and_back(widget: Channel) -> None:
    row, operator = requests.keep(widget, given(), NOW), boris(widget)
    requests.take(row, operator, NOW)
    assert (row.status, row.responsible_id, row.taken_at) == ("active", BORIS, NOW)
    requests.finish(row, operator, LATER)
    assert (row.status, row.done_at) == ("done", LATER)
    requests.reopen(row, operator, LATER)
    assert (row.status, row.done_at, row.responsible_id) == ("active", None, BORIS)
    deeds = [(one.deed, one.user_id, one.details["request_id"]) for one in build.rows(Audit)]
    names = ("request.take", "request.finish", "request.reopen")
    assert deeds == [(name, BORIS, row.id) for name in names]
    assert [one.data["status"] for one in build.news()] == ["new", "active", "done", "active"]


def test_second_operator_is_too_late(widget: Channel) -> None:
    row = requests.keep(widget, given(), NOW)
    requests.take(row, boris(widget), NOW)
    with pytest.raises(Conflict):
        requests.take(row, boris(widget, 9), NOW)
    assert row.responsible_id == BORIS


def test_taking_and_finishing_again_change_nothing(widget: Channel) -> None:
    row, operator = requests.keep(widget, given(), NOW), boris(widget)
    for _ in range(2):
        requests.take(row, operator, NOW)
    for at in (NOW, LATER):
        requests.finish(row, operator, at)
    assert row.done_at == NOW
    assert len(build.rows(Audit)) == 2


def test_finishing_what_nobody_took_takes_it(widget: Channel) -> None:
    row = requests.keep(widget, given(), NOW)
    requests.finish(row, boris(widget), LATER)
    assert (row.status, row.responsible_id, row.taken_at) == ("done", BORIS, LATER)


def test_only_what_is_done_is_reopened(widget: Channel) -> None:
    row = requests.keep(widget, given(), NOW)
    with pytest.raises(Conflict):
        requests.reopen(row, boris(widget), NOW)


def test_list_goes_page_by_page_newest_first(widget: Channel) -> None:
    rows = [requests.keep(widget, given(text=str(number)), NOW) for number in range(3)]
    rows += [requests.keep(widget, given(text="older"), NOW - timedelta(days=1))]
    requests.keep(build.channel(kind="webchat", settings={}), given(text="Clara's"), NOW)
    seen, cursor = [], None
    for _ in range(2):
        page = requests.listed(widget.portal_id, Wanted(cursor=cursor, limit=2))
        seen += [one["text"] for one in page["items"]]
        cursor = page["next"]
    assert (seen, cursor) == (["2", "1", "0", "older"], None)


def test_list_and_counters_are_by_status(widget: Channel) -> None:
    first = requests.keep(widget, given(), NOW)
    requests.keep(widget, given(text="Another"), NOW)
    requests.finish(first, boris(widget), NOW)
    (one,) = requests.listed(widget.portal_id, Wanted(status="done"))["items"]
    assert one["id"] == str(first.id)
    assert requests.counters(widget.portal_id) == {"new": 1, "active": 0, "done": 1}


@pytest.mark.parametrize(
    ("words", "found"),
    [("anna", 1), ("8 900 000-00-01", 1), ("000 00 01", 1), ("CALL", 1), ("100%", 0), ("Vera", 0)],
)
def test_search_looks_at_names_phones_and_texts(widget: Channel, words: str, found: int) -> None:
    requests.keep(widget, given(), NOW)
    requests.keep(build.channel(kind="webchat", settings={}), given(), NOW)
    assert len(requests.listed(widget.portal_id, Wanted(search=words))["items"]) == found


def test_mine_are_those_i_took_and_those_nobody_did(widget: Channel) -> None:
    rows = [requests.keep(widget, given(text=str(number)), NOW) for number in range(3)]
    requests.take(rows[0], boris(widget), NOW)
    requests.take(rows[1], boris(widget, 77), NOW)
    mine = requests.listed(widget.portal_id, Wanted(mine=BORIS))["items"]
    assert {one["text"] for one in mine} == {"0", "2"}


def test_note_is_kept_and_told_once(widget: Channel) -> None:
    row = requests.keep(widget, given(), NOW)
    writer = boris(widget)
    for _ in range(2):
        requests.keep_note(row, "Call after six", writer, NOW)
    db.session.flush()
    told = [one for one in build.rows(Audit) if one.deed == "request.note"]
    assert (row.note, len(told)) == ("Call after six", 1)


def test_cursor_of_another_portal_is_refused(widget: Channel) -> None:
    theirs = requests.keep(build.channel(kind="webchat", settings={}), given(), NOW)
    for cursor in (str(theirs.id), "x", "9" * 30):
        with pytest.raises(Invalid):
            requests.listed(widget.portal_id, Wanted(cursor=cursor))


def test_request_of_another_portal_is_not_found(widget: Channel) -> None:
    row = requests.keep(widget, given(), NOW)
    assert requests.find(widget.portal_id, row.id).id == row.id
    with pytest.raises(NotFound):
        requests.find(build.portal().id, row.id)
