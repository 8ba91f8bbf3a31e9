"""What templates and field rows of the settings would write, before anything is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b24app.actions import directory
from b24app.i18n import say
from b24app.rules import conditions, fields, parameters, templates
from b24app.rules.parameters import CATALOGUE, GROUPS, Parameter, Value

# An inquiry that never was: enough for every template to show something.
EXAMPLE: Mapping[str, Value] = {
    "communication_type": "chat",
    "communication_id": "77",
    "communication_number": 1,
    "communication_kinds": "primary",
    "communication_date_time": "2026-11-21T10:15:00+00:00",
    "communication_page_url": "https://shop.example/catalogue?utm_source=mailing",
    "channel_type": "telegram",
    "channel_name": "Telegram «Shop»",
    "visitor_name": "Anna",
    "visitor_phone": "+79161234567",
    "visitor_email": "anna@client.example",
    "visitor_nickname": "anna",
    "first_message": "Good day",
    "site_domain_name": "shop.example",
    "utm_source": "mailing",
    "utm_medium": "email",
    "utm_campaign": "autumn",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A template to try. example: parameters that take the place of ours."""

    template: str
    entity: str = ""
    field: str = ""
    example: Mapping[str, Any] | None = None


def preview(portal_id: int, wish: Wish, language: str) -> dict[str, Any]:
    """`{"text", "unknown", "typed"?: {"value", "problem"}}`."""
    known = wish.example or EXAMPLE
    told: dict[str, Any] = {
        "text": templates.render(wish.template, known),
        "unknown": templates.unknown(wish.template),
    }
    if wish.field:
        typed = _typed(portal_id, wish, known)
        told["typed"] = {"value": typed.value, "problem": say(typed.problem, language)}
    return told


def parameter_groups(language: str) -> list[dict[str, Any]]:
    """The catalogue for the editor of conditions and templates, in the reader's words."""
    return [
        {
            "id": group,
            "title": say(title, language),
            "items": [_shown(one, language) for one in CATALOGUE.values() if one.group == group],
        }
        for group, title in GROUPS.items()
    ]


def _shown(one: Parameter, language: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": say(one.title, language),
        "type": one.type,
        "operators": list(conditions.OPERATORS[one.type]),
        "options": [value for value, _ in one.options],
        "option_titles": [say(title, language) for _, title in one.options],
    }


def _typed(portal_id: int, wish: Wish, known: parameters.Parameters) -> fields.Typed:
    found = directory.fields(portal_id).get(wish.entity, {}).get(wish.field)
    if found is None:
        return fields.Typed(problem=fields.NO_FIELD)
    return fields.fill(found, wish.template, known, zone=directory.zone(portal_id))
