"""The rules document: what is accepted, what is refused where, and that nothing is lost."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.errors import Invalid
from b24app.rules import documents
from b24app.rules.conditions import Condition, Group
from b24app.rules.documents import (
    Document,
    FieldRow,
    FilterRow,
    Known,
    PipelineRow,
    Pipelines,
    ResponsibleRow,
    Stages,
    dump,
    read,
)
from b24app.rules.fields import Field
from b24app.rules.templates import render
from tests.rules.guesses import documents as made_documents
from tests.rules.guesses import odd_values

WHEN = {"join": "and", "items": [{"param": "utm_source", "operator": "equals", "value": "ads"}]}
ADS = Group("and", (Condition("utm_source", "equals", "ads"),))
KNOWN = Known(
    users=(1, 7),
    channels=(3, 4),
    lead_stages=("NEW", "IN_PROCESS"),
    pipelines={0: ("NEW", "WON"), 4: ("C4:NEW",)},
    fields={
        "lead": {},
        "deal": {
            "comments": Field("comments", "deal", "Comments", "string"),
            "UF_SIZE": Field("UF_SIZE", "deal", "Size", "integer"),
            "title": Field("title", "deal", "Title", "string"),
        },
        "contact": {},
    },
)


def refusals(written: Any, known: Known | None = None) -> dict[str, str]:
    try:
        read(written, known)
    except Invalid as error:
        return error.fields
    return {}


def test_nothing_written_is_all_defaults() -> None:
    assert read({}) == Document()


def test_default_document_is_dumped_whole() -> None:
    stages = {"lead_stage": "", "category_id": None, "deal_stage": ""}
    assert dump(Document()) == {
        "active": True,
        "channels": None,
        "responsible_id": None,
        "responsibles": [],
        "create_primary": ["deal"],
        "create_repeat": [],
        "comment_priority": "deal",
        "pipelines_primary": {"rows": [], "default": stages},
        "pipelines_repeat": {"rows": [], "default": stages},
        "transcript": "online",
        "copy_to_contact_company": False,
        "filter": [],
        "filter_default": "allow",
        "titles": {"lead": "", "deal": "", "activity": ""},
        "fields": [],
        "write_to_closed": False,
        "deadline_minutes": 60,
    }


WRITTEN = {
    "active": False,
    "channels": ["3", 4],
    "responsible_id": "7",
    "responsibles": [{"id": "a", "when": WHEN, "user_id": "1"}],
    "create_primary": ["activity", "deal", "lead"],
    "create_repeat": ["activity"],
    "comment_priority": "both",
    "pipelines_primary": {
        "rows": [
            {
                "id": "p",
                "when": WHEN,
                "verdict": "allow",
                "stages": {"lead_stage": "NEW", "category_id": "4", "deal_stage": "C4:NEW"},
            }
        ],
        "default": {"category_id": 0, "deal_stage": "WON"},
    },
    "pipelines_repeat": {"rows": [{"id": "q", "verdict": "denied"}]},
    "transcript": "at_close",
    "copy_to_contact_company": True,
    "filter": [{"id": "f", "when": WHEN, "verdict": "denied"}],
    "filter_default": "denied",
    "titles": {"deal": " Chat {channel_name} "},
    "fields": [{"id": "x", "entity": "deal", "field": "comments", "value": "{custom.size}"}],
    "write_to_closed": True,
    "deadline_minutes": "90",
}
READ = Document(
    active=False,
    channels=(3, 4),
    responsible_id=7,
    responsibles=(ResponsibleRow("a", ADS, 1),),
    create_primary=("lead", "deal", "activity"),
    create_repeat=("activity",),
    comment_priority="both",
    pipelines_primary=Pipelines(
        (PipelineRow("p", ADS, "allow", Stages("NEW", 4, "C4:NEW")),), Stages("", 0, "WON")
    ),
    pipelines_repeat=Pipelines((PipelineRow("q", Group(), "denied"),)),
    transcript="at_close",
    copy_to_contact_company=True,
    filter=(FilterRow("f", ADS, "denied"),),
    filter_default="denied",
    titles={"lead": "", "deal": "Chat {channel_name}", "activity": ""},
    fields=(FieldRow("x", "deal", "comments", "{custom.size}"),),
    write_to_closed=True,
    deadline_minutes=90,
)


def test_every_setting_is_read() -> None:
    assert read(WRITTEN, KNOWN) == READ
    assert set(WRITTEN) == set(documents.NAMES)


def test_ids_are_dumped_as_strings() -> None:
    dumped = dump(READ)
    assert (dumped["channels"], dumped["responsible_id"]) == (["3", "4"], "7")
    assert dumped["responsibles"] == [{"id": "a", "when": WHEN, "user_id": "1"}]
    assert dumped["pipelines_primary"]["rows"][0]["stages"]["category_id"] == "4"
    assert dumped["pipelines_primary"]["default"]["category_id"] == "0"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"more": 1}, "more"),
    ({"Active": True}, "Active"),
    ({"active": 1}, "active"),
    ({"active": None}, "active"),
    ({"active": "yes"}, "active"),
    ({"copy_to_contact_company": "on"}, "copy_to_contact_company"),
    ({"write_to_closed": 0}, "write_to_closed"),
    ({"channels": "3"}, "channels"),
    ({"channels": {}}, "channels"),
    ({"channels": [3, "x"]}, "channels.1"),
    ({"channels": [None]}, "channels.0"),
    ({"channels": [0]}, "channels.0"),
    ({"channels": [True]}, "channels.0"),
    ({"channels": [1.5]}, "channels.0"),
    ({"channels": [3, "3"]}, "channels"),
    ({"channels": [3] * 1001}, "channels"),
    ({"responsible_id": "x"}, "responsible_id"),
    ({"responsible_id": 0}, "responsible_id"),
    ({"responsible_id": -1}, "responsible_id"),
    ({"responsible_id": 2**60}, "responsible_id"),
    ({"responsible_id": True}, "responsible_id"),
    ({"responsible_id": []}, "responsible_id"),
    ({"responsible_id": "१"}, "responsible_id"),
    ({"responsibles": {}}, "responsibles"),
    ({"responsibles": None}, "responsibles"),
    ({"responsibles": [5]}, "responsibles.0"),
    ({"responsibles": [{}]}, "responsibles.0.user_id"),
    ({"responsibles": [{"user_id": ""}]}, "responsibles.0.user_id"),
    ({"responsibles": [{"user_id": "boss"}]}, "responsibles.0.user_id"),
    ({"responsibles": [{"user_id": 1, "more": 1}]}, "responsibles.0.more"),
    ({"responsibles": [{"user_id": 1, "when": 5}]}, "responsibles.0.when"),
    ({"responsibles": [{"user_id": 1, "when": None}]}, "responsibles.0.when"),
    ({"responsibles": [{"user_id": 1, "when": {"join": "x"}}]}, "responsibles.0.when.join"),
    ({"responsibles": [{"user_id": 1}] * 201}, "responsibles"),
    ({"responsibles": [{"id": "a", "user_id": 1}] * 2}, "responsibles.1.id"),
    ({"responsibles": [{"id": "a b", "user_id": 1}]}, "responsibles.0.id"),
    ({"responsibles": [{"id": "a.b", "user_id": 1}]}, "responsibles.0.id"),
    ({"responsibles": [{"id": "x" * 65, "user_id": 1}]}, "responsibles.0.id"),
    ({"responsibles": [{"id": [1], "user_id": 1}]}, "responsibles.0.id"),
    ({"create_primary": []}, "create_primary"),
    ({"create_primary": ["activity"]}, "create_primary"),
    ({"create_primary": ["company"]}, "create_primary"),
    ({"create_primary": "deal"}, "create_primary"),
    ({"create_primary": ["deal", "deal"]}, "create_primary"),
    ({"create_primary": [["deal"]]}, "create_primary"),
    ({"create_repeat": ["contact"]}, "create_repeat"),
    ({"create_repeat": None}, "create_repeat"),
    ({"comment_priority": "contact"}, "comment_priority"),
    ({"comment_priority": ["deal"]}, "comment_priority"),
    ({"pipelines_primary": []}, "pipelines_primary"),
    ({"pipelines_primary": {"more": 1}}, "pipelines_primary.more"),
    ({"pipelines_primary": {"rows": 5}}, "pipelines_primary.rows"),
    ({"pipelines_primary": {"rows": [{"verdict": "?"}]}}, "pipelines_primary.rows.0.verdict"),
    ({"pipelines_primary": {"rows": [{"stages": 1}]}}, "pipelines_primary.rows.0.stages"),
    ({"pipelines_repeat": {"default": {"lead_stage": 5}}}, "pipelines_repeat.default.lead_stage"),
    (
        {"pipelines_repeat": {"default": {"lead_stage": "x" * 51}}},
        "pipelines_repeat.default.lead_stage",
    ),
    (
        {"pipelines_repeat": {"default": {"deal_stage": "NEW"}}},
        "pipelines_repeat.default.category_id",
    ),
    (
        {"pipelines_repeat": {"default": {"category_id": -1}}},
        "pipelines_repeat.default.category_id",
    ),
    ({"pipelines_repeat": {"default": {"more": ""}}}, "pipelines_repeat.default.more"),
    ({"transcript": "never"}, "transcript"),
    ({"filter": [{"verdict": "deny"}]}, "filter.0.verdict"),
    ({"filter": [{"when": {"items": [{}]}}]}, "filter.0.when.items.0.param"),
    ({"filter_default": "maybe"}, "filter_default"),
    ({"titles": []}, "titles"),
    ({"titles": {"contact": "x"}}, "titles.contact"),
    ({"titles": {"lead": 5}}, "titles.lead"),
    ({"titles": {"lead": "{nobody}"}}, "titles.lead"),
    ({"titles": {"activity": "x" * 501}}, "titles.activity"),
    ({"fields": [{"field": "a"}]}, "fields.0.entity"),
    ({"fields": [{"entity": "company", "field": "a"}]}, "fields.0.entity"),
    ({"fields": [{"entity": "deal", "value": "x"}]}, "fields.0.field"),
    ({"fields": [{"entity": "deal", "field": 5}]}, "fields.0.field"),
    ({"fields": [{"entity": "deal", "field": "a", "value": "{nobody}"}]}, "fields.0.value"),
    ({"fields": [{"entity": "deal", "field": "a", "value": 5}]}, "fields.0.value"),
    (
        {"fields": [{"entity": "deal", "field": "a"}, {"entity": "deal", "field": "a"}]},
        "fields.1.field",
    ),
    ({"deadline_minutes": 0}, "deadline_minutes"),
    ({"deadline_minutes": None}, "deadline_minutes"),
    ({"deadline_minutes": 1.5}, "deadline_minutes"),
    ({"deadline_minutes": 10**9}, "deadline_minutes"),
    ({"deadline_minutes": True}, "deadline_minutes"),
]


@pytest.mark.parametrize(("written", "path"), WRONG)
def test_wrong_value_is_refused_at_its_place(written: dict[str, Any], path: str) -> None:
    found = refusals(written)
    assert list(found) == [path]
    assert found[path].endswith(".")


@pytest.mark.parametrize("written", [None, 5, "x", []])
def test_no_object_is_refused(written: Any) -> None:
    assert list(refusals(written)) == ["document"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    written = {"active": 1, "transcript": "?", "responsibles": [{"user_id": 1}, {"user_id": "x"}]}
    assert set(refusals(written)) == {"active", "transcript", "responsibles.1.user_id"}


UNKNOWN: list[tuple[dict[str, Any], str]] = [
    ({"channels": [3, 5]}, "channels.1"),
    ({"responsible_id": 2}, "responsible_id"),
    ({"responsibles": [{"user_id": 1}, {"user_id": 2}]}, "responsibles.1.user_id"),
    (
        {"pipelines_primary": {"default": {"lead_stage": "OLD"}}},
        "pipelines_primary.default.lead_stage",
    ),
    (
        {"pipelines_primary": {"default": {"category_id": 5}}},
        "pipelines_primary.default.category_id",
    ),
    (
        {"pipelines_primary": {"default": {"category_id": 0, "deal_stage": "C4:NEW"}}},
        "pipelines_primary.default.deal_stage",
    ),
    (
        {"pipelines_repeat": {"rows": [{"stages": {"category_id": 4, "deal_stage": "NEW"}}]}},
        "pipelines_repeat.rows.0.stages.deal_stage",
    ),
    ({"fields": [{"entity": "deal", "field": "gone", "value": "x"}]}, "fields.0.field"),
    ({"fields": [{"entity": "lead", "field": "comments", "value": "x"}]}, "fields.0.field"),
    ({"fields": [{"entity": "deal", "field": "title", "value": "x"}]}, "fields.0.field"),
    ({"fields": [{"entity": "deal", "field": "UF_SIZE", "value": "large"}]}, "fields.0.value"),
    ({"fields": [{"entity": "deal", "field": "UF_SIZE"}]}, "fields.0.value"),
]


@pytest.mark.parametrize(("written", "path"), UNKNOWN)
def test_what_the_portal_has_not_is_refused(written: dict[str, Any], path: str) -> None:
    assert list(refusals(written, KNOWN)) == [path]


@pytest.mark.parametrize("written", [written for written, _ in UNKNOWN])
def test_unread_directory_refuses_nothing(written: dict[str, Any]) -> None:
    assert refusals(written, Known()) == {}


def test_empty_directory_is_not_an_unread_one() -> None:
    assert refusals({"responsible_id": 1}, Known(users=())) != {}


def test_lead_is_kept_where_leads_do_not_exist() -> None:
    assert read({"create_primary": ["lead"]}, Known(leads_exist=False)).create_primary == ("lead",)


def test_rows_without_ids_get_free_ones() -> None:
    rows = [{"user_id": 1}, {"id": "r1", "user_id": 1}, {"id": None, "user_id": 1}, {"user_id": 1}]
    found = read({"responsibles": rows}).responsibles
    assert [row.id for row in found] == ["r2", "r1", "r3", "r4"]


def test_lists_may_use_the_same_ids() -> None:
    written = {"responsibles": [{"id": "a", "user_id": 1}], "filter": [{"id": "a"}]}
    assert refusals(written) == {}


def test_two_hundred_rows_are_enough() -> None:
    assert len(read({"filter": [{}] * 200}).filter) == 200


def test_long_name_is_cut_in_the_refusal() -> None:
    assert [len(path) for path in refusals({"x" * 10_000: 1})] == [64]


def test_titles_are_templates_that_render() -> None:
    title = read({"titles": {"deal": "Chat {channel_name}"}}).titles["deal"]
    assert render(title, {"channel_name": "Shop"}) == "Chat Shop"


# --- properties ------------------------------------------------------------------------------

quick = settings(max_examples=30, deadline=None)


@quick
@given(made_documents())
def test_dumped_document_reads_back(document: Document) -> None:
    dumped = json.loads(json.dumps(dump(document), allow_nan=False))
    assert read(dumped) == document
    assert dump(read(dumped)) == dumped


@quick
@given(st.dictionaries(st.sampled_from([*documents.NAMES, "x"]), odd_values(), max_size=5))
def test_anything_is_read_or_refused_by_path(written: dict[str, Any]) -> None:
    found = refusals(written, KNOWN)
    assert all(path.split(".")[0] in written and said for path, said in found.items())
    assert found or read(written, KNOWN) == read(dump(read(written, KNOWN)), KNOWN)
