"""Directories of a portal: what is asked, and what its answers say, however odd."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.bitrix import directory
from b24app.bitrix.batch import command


def test_stages_are_asked_by_one_directory() -> None:
    asked = command(directory.status_list("DEAL_STAGE_3"))
    assert asked == "crm.status.list?order[SORT]=ASC&filter[ENTITY_ID]=DEAL_STAGE_3"


@pytest.mark.parametrize(("pipeline", "code"), [("0", "DEAL_STAGE"), ("3", "DEAL_STAGE_3")])
def test_first_pipeline_has_the_plain_directory(pipeline: str, code: str) -> None:
    assert directory.stages_of(pipeline) == code


def test_later_page_is_named_after_the_first() -> None:
    people = directory.page(directory.user_list("users"), 50, "_from")
    assert (people.key, people.params["start"]) == ("users_from50", 50)
    assert directory.page(directory.department_list("d"), 50, "_from").params["START"] == 50


def test_employee_without_names_is_a_number() -> None:
    row = {"ID": "7", "NAME": " ", "PERSONAL_PHOTO": "12", "UF_DEPARTMENT": False}
    (read,) = directory.read_users([[row]])
    assert read == {"id": "7", "name": "#7", "photo_url": "", "position": "", "departments": []}


def test_pages_are_one_list() -> None:
    pages = [[{"ID": 1, "NAME": "A"}], {"0": {"ID": "2", "NAME": "B"}}]
    assert [one["id"] for one in directory.read_users(pages)] == ["1", "2"]


@pytest.mark.parametrize(
    ("told", "semantics"), [(None, "process"), ("S", "success"), ("F", "failure"), ("P", "process")]
)
def test_semantics_of_a_stage(told: Any, semantics: str) -> None:
    (stage,) = directory.read_stages([[{"STATUS_ID": "NEW", "SEMANTICS": told}]])
    assert stage["semantics"] == semantics


def test_color_may_stand_deeper() -> None:
    row = {"STATUS_ID": "NEW", "COLOR": None, "EXTRA": {"COLOR": "#39a8ef"}}
    assert directory.read_stages([[row]])[0]["color"] == "#39a8ef"


def test_pipelines_are_in_the_portals_order() -> None:
    rows = [
        {"id": 3, "name": "B", "sort": 20},
        {"id": 0, "name": "A", "sort": 10, "isDefault": "Y"},
    ]
    assert directory.read_pipelines([{"categories": rows}]) == [
        {"id": "0", "name": "A", "default": True},
        {"id": "3", "name": "B", "default": False},
    ]


@pytest.mark.parametrize(
    ("profile", "at", "zone"),
    [
        ({"TIME_ZONE": "Asia/Omsk"}, "2026-11-22T05:00:00+03:00", ("Asia/Omsk", 10800)),
        ({"TIME_ZONE": ""}, "2026-11-22T05:00:00+03:00", ("", 10800)),
        ({"TIME_ZONE": "Asia/Omsk"}, None, ("Asia/Omsk", None)),
        ([], "2026-11-22T05:00:00", None),
    ],
)
def test_zone(profile: Any, at: Any, zone: tuple[str, int | None] | None) -> None:
    told = directory.read_zone(profile, at)
    assert (told and (told["name"], told["offset_seconds"])) == zone


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ID", "NAME", "UF_DEPARTMENT", "STATUS_ID", "EXTRA", "categories", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.lists(ODD, max_size=3))
def test_odd_answers_are_read(pages: list[Any]) -> None:
    for read in (
        directory.read_users,
        directory.read_departments,
        directory.read_pipelines,
        directory.read_stages,
        directory.read_entries,
    ):
        assert isinstance(read(pages), list)
