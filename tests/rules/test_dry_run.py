"""Two documents on the same facts: what differs is named, what cannot be known is not guessed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from b24app.rules import documents, dry_run, inquiry_json
from b24app.rules.inquiry import decide
from b24app.rules.target import DEAL, Card, CrmFacts, Person
from b24app.rules.verdict import Inquiry

AT = datetime(2026, 11, 1, tzinfo=UTC)
TELEGRAM = {"items": [{"param": "channel_type", "operator": "equals", "value": "telegram"}]}
ANNA = Inquiry(
    "chat", 7, "chat:7", {"channel_type": "telegram", "visitor_name": "Anna"}, name="Anna"
)
OPEN_DEAL = CrmFacts(deals=(Card(DEAL, 11, True, AT, contact_ids=(5,)),), contacts=(Person(5, 2),))


def compared(
    draft: dict[str, Any], facts: CrmFacts | None = None, now: dict[str, Any] | None = None
) -> dry_run.Comparison:
    return dry_run.compare(
        ANNA, facts or CrmFacts(), documents.read(now or {}), documents.read(draft), {}
    )


@pytest.mark.parametrize(
    ("draft", "facts", "differences"),
    [
        ({}, CrmFacts(), ()),
        ({"create_primary": ["lead"]}, CrmFacts(), ("create", "targets", "titles")),
        ({"responsible_id": 3}, CrmFacts(), ("responsible_id",)),
        ({"responsible_id": 3}, OPEN_DEAL, ()),  # a found card keeps its own
        ({"titles": {"deal": "{channel_type}"}}, CrmFacts(), ("titles",)),
        ({"create_repeat": ["deal"]}, CrmFacts(), ()),
        ({"create_repeat": ["deal"]}, OPEN_DEAL, ("create", "targets", "titles")),
        (
            {"filter": [{"when": TELEGRAM, "verdict": "denied"}]},
            CrmFacts(),
            ("allowed", "kind", "create", "targets", "titles"),
        ),
        (
            {"pipelines_primary": {"default": {"category_id": 3}}},
            CrmFacts(),
            ("stages",),
        ),
    ],
)
def test_differences_are_named(
    draft: dict[str, Any], facts: CrmFacts, differences: tuple[str, ...]
) -> None:
    assert compared(draft, facts).differences == differences


def test_what_was_never_asked_is_not_guessed() -> None:
    kept_out = {"filter_default": "denied"}
    found = compared({}, CrmFacts(gathered=False), now=kept_out)
    assert found.after is None
    assert found.differences == ()


def test_what_stays_out_is_known_without_asking() -> None:
    kept_out = {"filter_default": "denied"}
    found = compared(kept_out, CrmFacts(gathered=False), now=kept_out)
    assert found.after is not None
    assert not found.after.allowed


def test_replay_is_the_live_decision() -> None:
    """A dry run of the rules that decided gives what was decided."""
    document = documents.read({"create_repeat": ["activity"], "comment_priority": "both"})
    live = decide(ANNA, OPEN_DEAL, document)
    asked = inquiry_json.inquiry_from_json(inquiry_json.inquiry_json(ANNA))
    facts = inquiry_json.facts_from_json(inquiry_json.facts_json(OPEN_DEAL))
    found = dry_run.compare(asked, facts, document, document, {})
    assert found.before == found.after == dry_run.outcome(live)


def test_outcome_is_json() -> None:
    found = compared({"create_primary": ["lead", "deal"]})
    assert found.after is not None
    told = found.after.as_json()
    assert told["targets"][0] == {"type": 1, "id": None} or told["targets"][0]["id"] is None
    assert told["stages"] == {"lead_stage": "", "category_id": None, "deal_stage": ""}
