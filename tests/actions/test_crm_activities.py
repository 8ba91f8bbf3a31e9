"""Activities go along with their chats and requests, and are never two."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from b24app import clock
from b24app.actions import requests
from b24app.db import transaction
from b24app.models import Channel, OfflineRequest, Operator
from b24app.rules.forms import Given
from tests.actions.talks import batches, chats, close, lost, reopen, words
from tests.world import BORIS, World, world


@pytest.fixture
def here(any_app: Flask) -> Iterator[World]:
    with world(any_app) as made:
        made.install()
        made.connect_telegram()
        for kind in ("chats", "requests"):
            made.rules(kind, create_primary=["deal", "activity"])
        yield made


def activity(here: World) -> dict[str, Any]:
    """The only one that is there."""
    (found,) = here.portal.activities.values()
    return dict(found)


def leave(here: World) -> int:
    with transaction() as session:
        channel = session.query(Channel).first()
        assert channel is not None
        row = requests.keep(channel, Given(name="Anna", phone="+79990000077"), clock.now())
        number = row.id
    here.run()
    return number


def deed(here: World, number: int, name: str) -> None:
    """What Boris does with a request."""
    with transaction() as session:
        row = session.get_one(OfflineRequest, number)
        boris = session.query(Operator).filter_by(user_id=BORIS).one()
        getattr(requests, name)(row, boris, clock.now())
    here.run()


def test_activity_of_a_chat_ends_with_it_in_the_same_request(here: World) -> None:
    here.say("one")
    assert activity(here)["COMPLETED"] == "N"
    before = len(here.http_calls())
    close(here, chats()[0].id)
    assert batches(here, before) == ["batch"]
    assert activity(here)["COMPLETED"] == "Y"
    assert activity(here)["ORIGIN_ID"] == f"chat:{chats()[0].id}"


def test_reopened_chat_takes_its_activity_up_again(here: World) -> None:
    here.say("one")
    title, owner = activity(here)["SUBJECT"], activity(here)["RESPONSIBLE_ID"]
    close(here, chats()[0].id)
    reopen(here, chats()[0].id)
    assert activity(here)["COMPLETED"] == "N"
    assert (activity(here)["SUBJECT"], activity(here)["RESPONSIBLE_ID"]) == (title, owner)
    close(here, chats()[0].id)
    assert activity(here)["COMPLETED"] == "Y"


@pytest.mark.parametrize("transcript", ["off", "at_close"])
def test_activity_ends_whatever_is_told(here: World, transcript: str) -> None:
    here.rules(create_primary=["deal", "activity"], transcript=transcript)
    here.say("one")
    close(here, chats()[0].id)
    assert activity(here)["COMPLETED"] == "Y"
    assert len(words(here)) == (transcript == "at_close")


def test_activity_that_somebody_deleted_is_nobodys_trouble(here: World) -> None:
    here.say("one")
    here.portal.activities.clear()
    close(here, chats()[0].id)
    assert here.portal.activities == {}
    assert len(words(here)[0].split("\n")) == 3
    assert (chats()[0].crm_activity_id, chats()[0].crm_error) == (None, "")


@pytest.mark.parametrize("kind", ["chat", "request"])
@pytest.mark.parametrize(
    "method", ["batch", "crm.activity.configurable.add", "crm.activity.todo.add"]
)
def test_lost_answer_makes_no_second_activity(here: World, kind: str, method: str) -> None:
    lost(here, method, skip=int(method == "batch"))
    if kind == "chat":
        here.say("one")
    else:
        leave(here)
    here.run()
    assert activity(here)["COMPLETED"] == "N"
    assert len(words(here)) == 1


def test_lost_end_is_told_again(here: World) -> None:
    here.say("one")
    lost(here, "crm.activity.configurable.update")
    close(here, chats()[0].id)
    assert activity(here)["COMPLETED"] == "Y"
    assert chats()[0].crm_activity_done


def test_finished_request_completes_its_to_do(here: World) -> None:
    number = leave(here)
    assert activity(here)["COMPLETED"] == "N"
    deed(here, number, "finish")
    assert activity(here)["COMPLETED"] == "Y"
    deed(here, number, "reopen")
    assert activity(here)["COMPLETED"] == "N"


def test_request_finished_without_its_to_do_is_no_error(here: World) -> None:
    number = leave(here)
    here.portal.activities.clear()
    deed(here, number, "finish")
    with transaction() as session:
        row = session.get_one(OfflineRequest, number)
        assert (row.status, row.crm_activity_id) == ("done", None)
