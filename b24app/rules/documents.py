"""The rules of a portal for chats or for offline requests, as one document.

A Document has no more than its fields say: read it once at the door, then trust it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from b24app.errors import Invalid
from b24app.i18n import N_
from b24app.rules import conditions, fields, templates
from b24app.rules.conditions import Group
from b24app.rules.fields import Field
from b24app.rules.reading import LIST, MANY, NUMBER, TWICE, Part, whole

CREATED = ("lead", "deal", "activity")
TITLED = ("lead", "deal", "activity")
ENTITIES = ("lead", "deal", "contact")
PRIORITIES = ("deal", "lead", "both")
TRANSCRIPTS = ("online", "at_close", "off")
VERDICTS = ("allow", "denied")
CHANNELS_MAX = 1_000
TEMPLATE_MAX = 500
STAGE_MAX = 50
CODE_MAX = 100
DEADLINE_MAX = 60 * 24 * 365  # minutes

NO_FIT = N_("The settings do not fit.")
NOBODY = N_("Nobody with this number works in this Bitrix24.")
NO_USER = N_("Choose who answers for it.")
NO_CHANNEL = N_("There is no such channel.")
NO_STAGE = N_("There is no such stage in this Bitrix24.")
NO_PIPELINE = N_("There is no such pipeline in this Bitrix24.")
PIPELINE_FIRST = N_("Choose the pipeline of this stage.")
NO_CARD = N_("A first inquiry needs a lead or a deal.")
FILLED_TWICE = N_("Another row fills in this field already.")


@dataclass(frozen=True, slots=True)
class Stages:
    """Where new cards stand; "" and None: where the portal itself puts them."""

    lead_stage: str = ""
    category_id: int | None = None
    deal_stage: str = ""


@dataclass(frozen=True, slots=True)
class ResponsibleRow:
    id: str
    when: Group
    user_id: int


@dataclass(frozen=True, slots=True)
class FilterRow:
    """verdict: allow or denied."""

    id: str
    when: Group
    verdict: str


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """verdict: allow takes the row's stages, denied those by default."""

    id: str
    when: Group
    verdict: str = "allow"
    stages: Stages = Stages()


@dataclass(frozen=True, slots=True)
class Pipelines:
    rows: tuple[PipelineRow, ...] = ()
    default: Stages = Stages()


@dataclass(frozen=True, slots=True)
class FieldRow:
    """value: a template, `{visitor_phone}`, or plain text."""

    id: str
    entity: str
    field: str
    value: str


def _our_titles() -> dict[str, str]:
    return dict.fromkeys(TITLED, "")


@dataclass(frozen=True, slots=True)
class Document:
    """Settings of the kinds `chats` and `requests`.

    channels: None: all of them.
    responsible_id: None: who takes the chat, else who installed us.
    comment_priority: counts only where a repeat inquiry makes no lead or deal.
    titles: templates by entity; "" is our own wording.
    write_to_closed: off: closed leads and deals are not seen at all.
    deadline_minutes: until when an offline request's to-do is due.
    """

    active: bool = True
    channels: tuple[int, ...] | None = None
    responsible_id: int | None = None
    responsibles: tuple[ResponsibleRow, ...] = ()
    create_primary: tuple[str, ...] = ("deal",)
    create_repeat: tuple[str, ...] = ()
    comment_priority: str = "deal"
    pipelines_primary: Pipelines = Pipelines()
    pipelines_repeat: Pipelines = Pipelines()
    transcript: str = "online"
    copy_to_contact_company: bool = False
    filter: tuple[FilterRow, ...] = ()
    filter_default: str = "allow"
    titles: Mapping[str, str] = field(default_factory=_our_titles)
    fields: tuple[FieldRow, ...] = ()
    write_to_closed: bool = False
    deadline_minutes: int = 60


NAMES = tuple(Document.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Known:
    """What the portal has; None: not known just now, so not checked.

    pipelines: stage ids by category id.
    fields: by entity and code.
    """

    users: Collection[int] | None = None
    channels: Collection[int] | None = None
    lead_stages: Collection[str] | None = None
    pipelines: Mapping[int, Collection[str]] | None = None
    fields: Mapping[str, Mapping[str, Field]] | None = None
    leads_exist: bool = True


def read(given: Mapping[str, Any], known: Known | None = None) -> Document:
    """The document somebody wrote; names that are missing take their defaults.

    Raises: Invalid with a sentence for each wrong value by its path, `responsibles.0.user_id`.
    """
    part = Part(given if isinstance(given, Mapping) else {"document": given})
    part.only(*NAMES)
    document = _document(part, known or Known())
    if part.wrong:
        raise Invalid(NO_FIT, fields=part.wrong)
    return document


def dump(document: Document) -> dict[str, Any]:
    """The document as JSON; ids are strings."""
    return {name: _json(getattr(document, name)) for name in NAMES} | {
        "channels": None if document.channels is None else [str(one) for one in document.channels],
        "responsible_id": _id(document.responsible_id),
        "titles": {**_our_titles(), **document.titles},
    }


def _document(part: Part, known: Known) -> Document:
    return Document(
        active=part.flag("active", True),
        channels=_channels(part, known),
        responsible_id=_user(part, "responsible_id", known),
        responsibles=_responsibles(part, known),
        create_primary=_create_primary(part),
        create_repeat=part.choices("create_repeat", CREATED, ()),
        comment_priority=part.choice("comment_priority", PRIORITIES, "deal"),
        pipelines_primary=_pipelines(part.part("pipelines_primary"), known),
        pipelines_repeat=_pipelines(part.part("pipelines_repeat"), known),
        transcript=part.choice("transcript", TRANSCRIPTS, "online"),
        copy_to_contact_company=part.flag("copy_to_contact_company", False),
        filter=_filter(part),
        filter_default=part.choice("filter_default", VERDICTS, "allow"),
        titles=_titles(part.part("titles")),
        fields=_fields(part, known),
        write_to_closed=part.flag("write_to_closed", False),
        deadline_minutes=part.number("deadline_minutes", 60, 1, DEADLINE_MAX),
    )


def _channels(part: Part, known: Known) -> tuple[int, ...] | None:
    given = part.given.get("channels")
    if given is None:
        return None
    if not isinstance(given, list | tuple):
        part.refuse("channels", LIST)
        return None
    if len(given) > CHANNELS_MAX:
        part.refuse("channels", MANY)
        return None
    found = [_channel(part, f"channels.{at}", one, known) for at, one in enumerate(given)]
    if len(set(found)) < len(found):
        part.refuse("channels", TWICE)
    return tuple(found)


def _channel(part: Part, at: str, given: Any, known: Known) -> int:
    number = whole(given)
    if number is None or number < 1:
        part.refuse(at, NUMBER)
    elif known.channels is not None and number not in known.channels:
        part.refuse(at, NO_CHANNEL)
    return number or 0


def _user(part: Part, name: str, known: Known) -> int | None:
    number = part.id(name)
    if number is not None and known.users is not None and number not in known.users:
        part.refuse(name, NOBODY)
    return number


def _create_primary(part: Part) -> tuple[str, ...]:
    chosen = part.choices("create_primary", CREATED, ("deal",))
    if not {"lead", "deal"} & set(chosen):
        part.refuse("create_primary", NO_CARD)
    return chosen


def _responsibles(whole_part: Part, known: Known) -> tuple[ResponsibleRow, ...]:
    rows = []
    for part, row_id in whole_part.rows("responsibles"):
        part.only("id", "when", "user_id")
        user_id = _user(part, "user_id", known)
        if user_id is None:
            part.refuse("user_id", NO_USER)
        rows.append(ResponsibleRow(row_id, _when(part), user_id or 0))
    return tuple(rows)


def _filter(whole_part: Part) -> tuple[FilterRow, ...]:
    rows = []
    for part, row_id in whole_part.rows("filter"):
        part.only("id", "when", "verdict")
        rows.append(FilterRow(row_id, _when(part), part.choice("verdict", VERDICTS, "allow")))
    return tuple(rows)


def _pipelines(whole_part: Part, known: Known) -> Pipelines:
    whole_part.only("rows", "default")
    rows = []
    for part, row_id in whole_part.rows("rows"):
        part.only("id", "when", "verdict", "stages")
        verdict = part.choice("verdict", VERDICTS, "allow")
        rows.append(PipelineRow(row_id, _when(part), verdict, _stages(part.part("stages"), known)))
    return Pipelines(tuple(rows), _stages(whole_part.part("default"), known))


def _stages(part: Part, known: Known) -> Stages:
    part.only("lead_stage", "category_id", "deal_stage")
    lead_stage, deal_stage = part.text("lead_stage", STAGE_MAX), part.text("deal_stage", STAGE_MAX)
    category_id = part.id("category_id", lowest=0)
    if lead_stage and known.lead_stages is not None and lead_stage not in known.lead_stages:
        part.refuse("lead_stage", NO_STAGE)
    if deal_stage and category_id is None:
        part.refuse("category_id", PIPELINE_FIRST)
    if category_id is not None and known.pipelines is not None:
        _check_pipeline(part, category_id, deal_stage, known.pipelines)
    return Stages(lead_stage, category_id, deal_stage)


def _check_pipeline(
    part: Part, category_id: int, stage: str, pipelines: Mapping[int, Collection[str]]
) -> None:
    if category_id not in pipelines:
        part.refuse("category_id", NO_PIPELINE)
    elif stage and stage not in pipelines[category_id]:
        part.refuse("deal_stage", NO_STAGE)


def _titles(part: Part) -> dict[str, str]:
    part.only(*TITLED)
    return {name: _template(part, name) for name in TITLED}


def _template(part: Part, name: str) -> str:
    template = part.text(name, TEMPLATE_MAX)
    if templates.unknown(template):
        part.refuse(name, fields.UNKNOWN_PARAMETER)
    return template


def _fields(whole_part: Part, known: Known) -> tuple[FieldRow, ...]:
    rows: list[FieldRow] = []
    for part, row_id in whole_part.rows("fields"):
        part.only("id", "entity", "field", "value")
        entity = part.choice("entity", ENTITIES, "")
        row = FieldRow(row_id, entity, part.text("field", CODE_MAX), _template(part, "value"))
        if any((one.entity, one.field) == (row.entity, row.field) for one in rows):
            part.refuse("field", FILLED_TWICE)
        _check_field(part, row, known)
        rows.append(row)
    return tuple(rows)


def _check_field(part: Part, row: FieldRow, known: Known) -> None:
    if not row.field:
        part.refuse("field", fields.NO_FIELD)
    if known.fields is None or row.entity not in known.fields:
        return
    found = known.fields[row.entity].get(row.field)
    wrong = fields.check(row, found)
    if wrong:
        part.refuse("value" if found and fields.writable(found) else "field", wrong)


def _when(part: Part) -> Group:
    return conditions.read_part(part.part("when"))


def _json(value: Any) -> Any:
    """Rows and groups as they are written; plain values stay."""
    if isinstance(value, Group):
        return conditions.as_json(value)
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    names = getattr(value, "__dataclass_fields__", None)
    if names is None:
        return value
    shown = {name: _json(getattr(value, name)) for name in names}
    return shown | {name: _id(shown[name]) for name in ("user_id", "category_id") if name in shown}


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
