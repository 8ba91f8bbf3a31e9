"""Fields of CRM items: which of them rules may fill in, and how a text becomes their value.

Source: apidocs.bitrix24.com/api-reference/crm/universal (crm.item.fields, values of user fields)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Protocol

from b24app.i18n import N_
from b24app.rules import templates
from b24app.rules.field_values import CONVERTERS, Asked, Unfit

TEXT_LIMIT = 4000
FILE = "file"
# Communications of a lead or contact: one field `fm` in CRM, four fields to people.
MULTIFIELDS = {"PHONE": "phone", "EMAIL": "email", "WEB": "web", "IM": "im"}
# What the product decides by settings of its own: names, stages, responsible, links, origin.
OWN = frozenset(
    {"title", "stageId", "categoryId", "assignedById", "originatorId", "originId", "xmlId"}
    | {"contactId", "contactIds", "companyId", "companyIds", "leadId", "isManualOpportunity"}
)

_LIST = re.compile(r",\s+|;\s*|\n")
_LINES = re.compile(r";\s*|\n")
MULTIFIELD_TITLES = {
    "PHONE": N_("Phone"),
    "EMAIL": N_("E-mail"),
    "WEB": N_("Website"),
    "IM": N_("Messenger"),
}
TIMES = frozenset({"date", "datetime"})
WHOLE_TEXTS = frozenset({"text", "address"})  # commas belong to them

NO_FIELD = N_("There is no such field in CRM.")
NOT_WRITABLE = N_("Rules cannot fill in this field.")
NOTHING_TO_WRITE = N_("Say what to write into the field.")
UNKNOWN_PARAMETER = N_("A name in braces is not a parameter.")


class Row(Protocol):
    """A row of the field mapping as the rules document keeps it."""

    @property
    def entity(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def value(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Field:
    """A field of leads, deals or contacts.

    items: `(id, name)` of the options of a list or the entries of a directory.
    codes: `(XML_ID, id)` of the same options, where the portal told them.
    """

    code: str
    entity: str
    title: str
    type: str
    multiple: bool = False
    required: bool = False
    read_only: bool = False
    items: tuple[tuple[str, str], ...] = ()
    status_type: str = ""
    codes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """A value as crm.item.add takes it.

    None: nothing is to be written; `problem` says why, "" if there simply was no data.
    """

    value: Any = None
    problem: str = ""


def from_item_fields(result: Mapping[str, Any], entity: str) -> dict[str, Field]:
    """Fields by code from the answer of crm.item.fields (`useOriginalUfNames=Y`)."""
    told = result.get("fields")
    found: dict[str, Field] = {}
    for code, about in (told if isinstance(told, Mapping) else {}).items():
        if not isinstance(about, Mapping) or _yes(about.get("isDeprecated")):
            continue
        if about.get("type") == "crm_multifield":
            found |= _communications(entity)
        else:
            found[str(code)] = _field(str(code), entity, about)
    return found


def writable(field: Field) -> bool:
    """Whether the field mapping may offer this field."""
    known = field.type == FILE or field.type in CONVERTERS
    return known and not field.read_only and field.code not in OWN


def fill(
    field: Field,
    template: str,
    parameters: Mapping[str, Any],
    *,
    zone: tzinfo,
    files: Sequence[tuple[str, str]] = (),
) -> Typed:
    """What a row of the field mapping writes into its field."""
    exact = field.type in TIMES
    rendered = templates.render(template, parameters, limit=TEXT_LIMIT, exact=exact)
    return typed(field, rendered, zone=zone, files=files)


def typed(
    field: Field, rendered: str, *, zone: tzinfo, files: Sequence[tuple[str, str]] = ()
) -> Typed:
    """A text as the value of a field.

    Args:
        zone: of times that say none, and of dates.
        files: `(name, base64)` of the inquiry; a field for files takes them, whatever the text.
    """
    if not writable(field):
        return Typed(problem=NOT_WRITABLE)
    if field.type == FILE:
        return Typed(_attached(field, files))
    text = rendered.strip()
    if not text:
        return Typed()
    asked, convert = Asked(zone, _by_name(field)), CONVERTERS[field.type]
    try:
        values = [convert(part, asked) for part in _parts(field, text, asked)]
    except Unfit as wrong:
        return Typed(problem=str(wrong))
    many = field.multiple or field.code in MULTIFIELDS
    return Typed(values if many else values[0])


def as_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values by code as `fields` of crm.item.add: phones and addresses become `fm`."""
    plain = {code: value for code, value in values.items() if code not in MULTIFIELDS}
    fm = [entry for code in MULTIFIELDS for entry in values.get(code) or ()]
    return {**plain, "fm": [*plain.get("fm", ()), *fm]} if fm else plain


def check(row: Row, field: Field | None) -> str:
    """What is wrong with a row of the field mapping when it is saved; "" is fine."""
    if field is None or field.entity != row.entity:
        return NO_FIELD
    if not writable(field):
        return NOT_WRITABLE
    if field.type == FILE:
        return ""
    if not row.value.strip():
        return NOTHING_TO_WRITE
    if templates.unknown(row.value):
        return UNKNOWN_PARAMETER
    plain = not templates.names(row.value)
    return fill(field, row.value, {}, zone=UTC).problem if plain else ""


# -- What the portal tells --------------------------------------------------------------


def _field(code: str, entity: str, about: Mapping[str, Any]) -> Field:
    options = _options(about.get("items"))
    return Field(
        code=code,
        entity=entity,
        title=str(about.get("title") or code),
        type=str(about.get("type") or ""),
        multiple=_yes(about.get("isMultiple")),
        required=_yes(about.get("isRequired")),
        read_only=_yes(about.get("isReadOnly")),
        items=tuple((_said(one, "ID"), _said(one, "VALUE")) for one in options),
        status_type=str(about.get("statusType") or ""),
        codes=tuple(
            (_said(one, "XML_ID"), _said(one, "ID")) for one in options if one.get("XML_ID")
        ),
    )


def _communications(entity: str) -> dict[str, Field]:
    """`fm` as people know it: phones, e-mails, sites, messengers."""
    return {
        code: Field(code, entity, MULTIFIELD_TITLES[code], kind, multiple=True)
        for code, kind in MULTIFIELDS.items()
    }


def _options(told: Any) -> list[Mapping[str, Any]]:
    """PHP makes a list, or a map with numbers."""
    rows = told.values() if isinstance(told, Mapping) else told
    given = rows if isinstance(told, list | Mapping) else ()
    return [one for one in given if isinstance(one, Mapping) and "ID" in one]


def _said(one: Mapping[str, Any], name: str) -> str:
    return str(one.get(name) or "")


def _yes(told: Any) -> bool:
    return told is True or str(told).lower() in ("y", "1", "true")


# -- From text to value -----------------------------------------------------------------


def _parts(field: Field, text: str, asked: Asked) -> list[str]:
    """The values in a text: one, or several for a field that takes several."""
    if not field.multiple or asked.option(text):
        return [text]
    between = _LINES if field.type in WHOLE_TEXTS else _LIST
    return [part for part in (one.strip() for one in between.split(text)) if part] or [text]


def _by_name(field: Field) -> dict[str, str]:
    """Ids of options by whatever they may be called; a name counts before a code or an id."""
    ids = [(option, option) for option, _ in field.items]
    names = [(name, option) for option, name in field.items]
    return {name.strip().casefold(): option for name, option in (*ids, *field.codes, *names)}


def _attached(field: Field, files: Sequence[tuple[str, str]]) -> Any:
    """`[name, base64]`, a list of them for several; None without files."""
    pairs = [[name, content] for name, content in files]
    if not pairs:
        return None
    return pairs if field.multiple else pairs[0]
