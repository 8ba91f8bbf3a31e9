"""The API against its own description: whatever fits it is answered in the API's own words."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from b24app.db import db
from tests.web.test_strangers import Home, settled

EXAMPLES = 3
# They go out of the house: with nobody there each try would wait for its answer.
OUTWARD = {"POST /api/v1/channels", "POST /api/v1/channels/{number}/reconnect"}
AWAY = {"no_token", "busy"}  # there is no Bitrix24 behind the portal of this test
WORDS = {"code", "message", "fields"}

steadily = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def home(app: Flask) -> Iterator[Home]:
    yield settled(2)
    db.session.rollback()


def complaint(answer: Any) -> str:
    """What is wrong with an answer; "" if nothing is."""
    if answer.status_code == 204:
        return "a body" if answer.content else ""
    told = answer.json()
    if answer.status_code < 400:
        return "" if isinstance(told, dict) else f"no object: {told}"
    if set(told) != {"error"} or not set(told["error"]) <= WORDS:
        return f"not our words: {told}"
    away = told["error"]["code"] in AWAY
    return "" if answer.status_code < 500 or away else f"a failure: {told}"


def leads_home(case: Any, home: Home) -> None:
    """Every second example is about a thing that is there."""
    number = case.path_parameters.get("number")
    if isinstance(number, int) and number % 2:
        case.path_parameters["number"] = home.things.get(case.operation.path.split("/")[3], number)


def complaints(operation: Any, home: Home, mode: GenerationMode) -> list[str]:
    """Of an operation's answers to requests that fit its description, or that do not."""
    found = []

    @steadily
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        leads_home(case, home)
        answer = case.call(headers=home.headers)
        if said := complaint(answer):
            found.append(
                f"{answer.status_code} {said[:300]} to {case.query} {str(case.body)[:200]}"
            )

    tried()
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_api_keeps_its_word(app: Flask, home: Home, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    named = {f"{one.method.upper()} {one.path}": one for one in operations}
    wrong = {
        name: complaints(operation, home, mode)
        for name, operation in named.items()
        if name not in OUTWARD
    }
    assert len(wrong) > 50
    assert {name: told for name, told in wrong.items() if told} == {}
