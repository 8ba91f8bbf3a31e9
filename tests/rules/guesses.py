"""What hypothesis makes up for the rules: conditions, parameters, whole documents."""

from typing import Any

from hypothesis import strategies as st

from b24app.rules.conditions import OPERATORS, WITHOUT_VALUE, Condition, Group
from b24app.rules.documents import (
    CREATED,
    PRIORITIES,
    TRANSCRIPTS,
    VERDICTS,
    Document,
    FieldRow,
    FilterRow,
    PipelineRow,
    Pipelines,
    ResponsibleRow,
    Stages,
)
from b24app.rules.parameters import CATALOGUE

# Few words, so that some of them meet.
WORDS = {
    "text": ["ads", "mail", "big ads", "Реклама"],
    "number": [0, 1, 5, 4.5, -2],
    "bool": [True, False],
    "date": ["2026-05-01", "2026-05-01T10:00:00+03:00", "2026-05-02T00:00:00Z"],
    "phone": ["+79990000001", "8 999 000-00-01", "999"],
}
USED = ("utm_source", "rating", "is_transfer", "visit_date", "visitor_phone", "tags", "chat_type")
TEMPLATES = ["", "Chat", "Chat {channel_name}", "{custom.size} / {visitor_phone}"]
ids = st.integers(1, 2**40)


def values(name: str) -> st.SearchStrategy[Any]:
    return st.sampled_from(WORDS.get(CATALOGUE[name].type, WORDS["text"]))


def known_values() -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of an inquiry, some of them absent."""
    return st.fixed_dictionaries(
        {}, optional={name: values(name) | st.lists(values(name), max_size=2) for name in USED}
    )


def odd_values() -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(), max_size=12)
        | st.sampled_from([*(one for words in WORDS.values() for one in words), 10**400]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=2).map(tuple)
            | st.dictionaries(st.sampled_from(["join", "items", "param", "value", "x"]), inner)
        ),
        max_leaves=8,
    )


@st.composite
def one_condition(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from(USED))
    operator = draw(st.sampled_from(OPERATORS[CATALOGUE[name].type]))
    if operator in WITHOUT_VALUE:
        return Condition(name, operator)
    several = st.lists(values(name), min_size=1, max_size=3).map(tuple)
    return Condition(name, operator, draw(values(name) | several))


def _group(items: st.SearchStrategy[Any], fewest: int) -> st.SearchStrategy[Group]:
    some = st.lists(items, min_size=fewest, max_size=3).map(tuple)
    return st.builds(Group, st.sampled_from(["and", "or"]), some)


def groups() -> st.SearchStrategy[Group]:
    inner = _group(one_condition(), 1)
    deeper = _group(one_condition() | inner, 1)
    return _group(one_condition() | inner | deeper, 0)


def rows(make: Any, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A list of rows with ids of their own."""
    names = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
    return st.lists(
        st.builds(make, id=names, **columns), max_size=3, unique_by=lambda row: row.id
    ).map(tuple)


@st.composite
def stages(draw: st.DrawFn) -> Stages:
    lead_stage = draw(st.sampled_from(["", "NEW", "IN_PROCESS"]))
    category_id = draw(st.none() | st.integers(0, 9))
    inside = [""] if category_id is None else ["", f"C{category_id}:NEW"]
    return Stages(lead_stage, category_id, draw(st.sampled_from(inside)))


def pipelines() -> st.SearchStrategy[Pipelines]:
    verdicts = st.sampled_from(VERDICTS)
    own = rows(PipelineRow, when=groups(), verdict=verdicts, stages=stages())
    return st.builds(Pipelines, own, stages())


def chosen(*needed: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Of the cards in their order, at least one of those needed."""
    return (
        st.sets(st.sampled_from(CREATED))
        .filter(lambda names: not needed or bool(names & set(needed)))
        .map(lambda names: tuple(name for name in CREATED if name in names))
    )


def documents() -> st.SearchStrategy[Document]:
    texts = st.sampled_from(TEMPLATES)
    return st.builds(
        Document,
        active=st.booleans(),
        channels=st.none() | st.lists(ids, max_size=3, unique=True).map(tuple),
        responsible_id=st.none() | ids,
        responsibles=rows(ResponsibleRow, when=groups(), user_id=ids),
        create_primary=chosen("lead", "deal"),
        create_repeat=chosen(),
        comment_priority=st.sampled_from(PRIORITIES),
        pipelines_primary=pipelines(),
        pipelines_repeat=pipelines(),
        transcript=st.sampled_from(TRANSCRIPTS),
        copy_to_contact_company=st.booleans(),
        filter=rows(FilterRow, when=groups(), verdict=st.sampled_from(VERDICTS)),
        filter_default=st.sampled_from(VERDICTS),
        titles=st.fixed_dictionaries({"lead": texts, "deal": texts, "activity": texts}),
        fields=field_rows(),
        write_to_closed=st.booleans(),
        deadline_minutes=st.integers(1, 10_000),
    )


def field_rows() -> st.SearchStrategy[tuple[FieldRow, ...]]:
    """No two fill in the same field."""
    return rows(
        FieldRow,
        entity=st.sampled_from(["lead", "deal", "contact"]),
        field=st.sampled_from(["comments", "UF_CRM_1", "ufCrm_2"]),
        value=st.sampled_from(TEMPLATES),
    ).map(lambda made: tuple({(row.entity, row.field): row for row in made}.values()))
