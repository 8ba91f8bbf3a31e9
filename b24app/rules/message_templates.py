"""Templates that a messenger approved: what is missing in one, and what the client will read."""

import re
from collections.abc import Mapping, Sequence

from b24app.i18n import N_
from b24app.values import Filled, Template

HOLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
NOT_APPROVED = N_("The messenger has not approved this template.")
FILL = N_("Fill this in.")
NO_FILE = N_("This template needs a file above its words.")
VALUE_MAX = 1000


def wrong(template: Template, filled: Filled, kinds: Sequence[str]) -> dict[str, str]:
    """What is wrong with a filled template, by field; empty: it may go.

    Args:
        kinds: of the files that go with it.
    """
    if template.status != "approved":
        return {"template": NOT_APPROVED}
    given = [*filled.values, *[""] * (len(template.variables) - len(filled.values))]
    found = {
        f"values.{at}": FILL
        for at, value in enumerate(given[: len(template.variables)])
        if not value.strip() or len(value) > VALUE_MAX
    }
    if template.header_variable and not filled.header_value.strip():
        found["header_value"] = FILL
    if template.header in ("image", "video", "document") and not _fits(template.header, kinds):
        found["attachments"] = NO_FILE
    return found


def words(template: Template, filled: Filled) -> str:
    """The message as the client reads it: header, body, footer."""
    head = _filled(template.header_text, {template.header_variable: filled.header_value})
    body = _filled(template.body, dict(zip(template.variables, filled.values, strict=False)))
    return "\n\n".join(part for part in (head, body, template.footer) if part)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return HOLE.sub(lambda hole: values.get(hole[1], hole[0]), text)


def _fits(header: str, kinds: Sequence[str]) -> bool:
    return len(kinds) == 1 and (header == "document" or kinds[0] == header)
