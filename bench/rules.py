"""Dry run of other rules on a thousand inquiries: no REST call, goal at least 1,000 a second."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from b24app.rules import documents, dry_run, inquiry_json
from b24app.rules.target import DEAL, LEAD, Card, CrmFacts, Person
from b24app.rules.verdict import Inquiry
from bench.figures import say, spread

INQUIRIES = 1_000
ROWS = 20
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
CHANNELS = ("telegram", "whatsapp", "viber", "webchat", "email")


def rules(pipeline: int) -> dict[str, Any]:
    """A document as a busy customer has it: twenty rows in each list, four fields."""
    return {
        "create_primary": ["lead", "deal"],
        "create_repeat": ["activity"],
        "comment_priority": "both",
        "write_to_closed": True,
        "responsibles": [{"id": f"u{n}", "when": when(n), "user_id": n + 1} for n in range(ROWS)],
        "pipelines_primary": {
            "rows": [
                {
                    "id": f"p{n}",
                    "when": when(n),
                    "verdict": "allow" if n % 3 else "denied",
                    "stages": {"category_id": pipeline, "deal_stage": f"C{pipeline}:NEW"},
                }
                for n in range(ROWS)
            ],
            "default": {"category_id": 0, "deal_stage": "NEW"},
        },
        "filter": [{"id": "f", "when": when(99), "verdict": "denied"}],
        "titles": {"deal": "{channel_type}: {visitor_name} ({visitor_phone}) {communication_id}"},
        "fields": [
            {"id": f"m{n}", "entity": "deal", "field": f"UF_CRM_{n}", "value": "{utm_source}"}
            for n in range(4)
        ],
    }


def when(number: int) -> dict[str, Any]:
    texts = ("includes", "equals")
    return {
        "join": "or" if number % 2 else "and",
        "items": [
            {
                "param": "channel_type",
                "operator": texts[number % 2],
                "value": CHANNELS[number % len(CHANNELS)],
            },
            {"param": "utm_source", "operator": "equals", "value": f"source{number}"},
            {"param": "visitor_phone", "operator": "includes", "value": f"79{number:02}"},
        ],
    }


def kept() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Inquiries and facts as the journal keeps them."""
    for number in range(INQUIRIES):
        asked = Inquiry(
            "chat",
            number,
            f"chat:{number}",
            {
                "channel_type": CHANNELS[number % len(CHANNELS)],
                "channel_name": "Shop",
                "communication_id": str(number),
                "visitor_name": f"Client {number}",
                "visitor_phone": f"+79{number:09}",
                "utm_source": f"source{number % 40}",
            },
            name=f"Client {number}",
            phone=f"+79{number:09}",
        )
        yield inquiry_json.inquiry_json(asked), inquiry_json.facts_json(facts(number))


def facts(number: int) -> CrmFacts:
    """A third has nothing in CRM, the others up to twelve deals and leads."""
    if number % 3 == 0:
        return CrmFacts()
    deals, leads = (tuple(card(kind, n) for n in range(number % 7)) for kind in (DEAL, LEAD))
    return CrmFacts(leads, deals, contacts=(Person(7, 2),))


def card(kind: int, number: int) -> Card:
    return Card(
        kind,
        kind * 1_000 + number,
        opened=number % 2 == 0,
        created_at=BEGAN + timedelta(days=number),
        contact_ids=(7,),
    )


def main() -> None:
    rows = list(kept())
    now, draft = documents.read(rules(0)), documents.read(rules(3))
    took, changed = [], 0
    began = time.monotonic()
    for asked, known in rows:
        start = time.monotonic()
        found = dry_run.compare(
            inquiry_json.inquiry_from_json(asked),
            inquiry_json.facts_from_json(known),
            now,
            draft,
            {},
        )
        changed += bool(found.differences)
        took.append(time.monotonic() - start)
    seconds = time.monotonic() - began
    say(f"{len(rows)} inquiries under two documents", f"{seconds:.2f} s, {changed} changed")
    say("an inquiry", spread(took))
    say("inquiries a second", f"{len(rows) / seconds:,.0f}  (goal 1,000)")
