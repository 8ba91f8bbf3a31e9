"""Statuses, rights and the settings of the workplace."""

import pytest

from b24app.errors import Invalid
from b24app.rules import workplace
from b24app.rules.workplace import SWITCHES, SYSTEM

LUNCH = {"id": "lunch", "name": "Обед", "colour": "violet", "accept": False}


def test_nothing_said_is_the_beginning() -> None:
    found = workplace.read({})
    assert (found.confirm_accept, found.granted, found.statuses) == (True, frozenset(), SYSTEM)


def test_a_document_reads_as_it_was_written() -> None:
    found = workplace.read({"confirm_accept": False, "statuses": [LUNCH]})
    assert workplace.read(workplace.dump(found)) == found


def test_ones_own_status_may_all_but_what_is_off() -> None:
    lunch = workplace.read({"statuses": [LUNCH]}).status("lunch")
    assert lunch.may == frozenset(SWITCHES) - {"accept"}


def test_system_statuses_stay_whatever_is_left_out() -> None:
    keys = {one.key for one in workplace.read({"statuses": [LUNCH]}).statuses}
    assert keys == {"lunch", *(one.key for one in SYSTEM)}


def test_whoever_is_available_may_everything() -> None:
    given = {"id": "available", **dict.fromkeys(SWITCHES, False)}
    assert workplace.read({"statuses": [given]}).status("available").may == frozenset(SWITCHES)


def test_a_status_that_is_gone_is_available() -> None:
    assert workplace.read({}).status("lunch").key == "available"


def test_nobody_chooses_unknown() -> None:
    given = {"id": "unknown", "selectable": True}
    assert not workplace.read({"statuses": [given]}).status("unknown").selectable


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"statuses": [{"id": "lunch"}]}, "statuses.0.name"),
        ({"statuses": [LUNCH, LUNCH]}, "statuses.1.id"),
        ({"statuses": [{**LUNCH, "colour": "#fff"}]}, "statuses.0.colour"),
        ({"statuses": [{**LUNCH, "id": "two words"}]}, "statuses.0.id"),
        ({"statuses": [{**LUNCH, "write": "yes"}]}, "statuses.0.write"),
        ({"operators_may": ["everything"]}, "operators_may"),
        ({"confirm": True}, "confirm"),
    ],
)
def test_wrong_settings_are_named(document: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        workplace.read(document)
    assert list(refused.value.fields) == [path]


def test_managers_have_every_right() -> None:
    assert workplace.rights("manager", ()) == {"others", "force", "tags"}
    assert workplace.rights("operator", ("tags",)) == {"tags"}


def test_who_configures_is_an_administrator() -> None:
    assert workplace.role_of("operator", configures=True) == "administrator"
