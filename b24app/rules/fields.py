"""Fields of CRM items: which of them rules may fill in, and how a text becomes their value.

Source: apidocs.bitrix24.com/api-reference/crm/universal (crm.item.fields, values of user fields)
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from b24app.i18n import N_
from b24app.rules import templates
from b24app.rules.texts import e164

TEXT_LIMIT = 4000
FILE = "file"
# Communications of a lead or contact: one field `fm` in CRM, four fields to people.
MULTIFIELDS = {"PHONE": "phone", "EMAIL": "email", "WEB": "web", "IM": "im"}
# What the product decides by settings of its own: names, stages, responsible, links, origin.
OWN = frozenset(
    {"title", "stageId", "categoryId", "assignedById", "originatorId", "originId", "xmlId"}
    | {"contactId", "contactIds", "companyId", "companyIds", "leadId", "isManualOpportunity"}
)

NO_FIELD = N_("There is no such field in CRM.")
NOT_WRITABLE = N_("Rules cannot fill in this field.")
NOTHING_TO_WRITE = N_("Say what to write into the field.")
UNKNOWN_PARAMETER = N_("A name in braces is not a parameter.")
NOT_INTEGER = N_("The field takes a whole number.")
NOT_NUMBER = N_("The field takes a number.")
NOT_BOOLEAN = N_("The field takes yes or no.")
NOT_DATE = N_("The field takes a date.")
NOT_OPTION = N_("The list of this field has no such value.")
NOT_MONEY = N_("The field takes an amount, for example 300 or 300|RUB.")
NOT_URL = N_("The field takes an address that begins with http:// or https://.")
NOT_USER = N_("The field takes the number of an employee.")
NOT_CARD = N_("The field takes a card of CRM, for example C_5.")
NOT_CODE = N_("The field takes a code of a directory.")
NOT_CURRENCY = N_("The field takes a currency code, for example RUB.")
NOT_PHONE = N_("The field takes a phone number.")
NOT_EMAIL = N_("The field takes an e-mail address.")


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
    """A value as crm.item.add takes it. None: nothing is to be written; `problem` says why,
    "" if there simply was no data."""

    value: Any = None
    problem: str = ""


def from_item_fields(result: Mapping[str, Any], entity: str) -> dict[str, Field]:
    """Fields by code from the answer of crm.item.fields (`useOriginalUfNames=Y`)."""
    raise NotImplementedError


def writable(field: Field) -> bool:
    """Whether the field mapping may offer this field."""
    raise NotImplementedError


def fill(
    field: Field,
    template: str,
    parameters: Mapping[str, Any],
    *,
    zone: tzinfo,
    files: Sequence[tuple[str, str]] = (),
) -> Typed:
    """What a row of the field mapping writes into its field."""
    raise NotImplementedError


def typed(
    field: Field, rendered: str, *, zone: tzinfo, files: Sequence[tuple[str, str]] = ()
) -> Typed:
    """A text as the value of a field.

    Args:
        zone: of times that say none, and of dates.
        files: `(name, base64)` of the inquiry; a field for files takes them, whatever the text.
    """
    raise NotImplementedError


def as_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Typed values by code as `fields` of crm.item.add: phones and addresses become `fm`."""
    raise NotImplementedError


def check(row: Row, field: Field | None) -> str:
    """What is wrong with a row of the field mapping when it is saved; "" is fine."""
    raise NotImplementedError
