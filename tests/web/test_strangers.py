"""Nothing of one portal is there for another: every route of the API with an id in its address.

The routes come from the application itself and the bodies from its description, so a new
route is tried by itself; one that names a new kind of thing fails until OBJECTS knows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from b24app import clock
from b24app.actions import requests
from b24app.db import db, transaction
from b24app.models import (
    ContactMerge,
    Conversation,
    Portal,
    QuickReply,
    Scheduled,
    Tag,
    Transfer,
)
from b24app.rules.forms import Given
from b24app.web import guard
from b24app.web.api import Body
from b24app.web.guard import Viewer
from tests import build
from tests.build import BORIS, CLARA, NOW

API = "/api/v1/"
# What the address of a thing is not the id of a row of ours: why nobody else's is reached.
OWN = {
    "colleagues": "the number of an employee in the asker's own Bitrix24",
    "install": "the name of a step of the asker's own installation",
    "lines": "the number of an Open Line in the asker's own Bitrix24",
    "settings": "the name of the asker's own settings",
}
# What not every thing has, so that not even whose it is finds it.
SELDOM = ("/layout",)  # of letters only
# Bodies that the description alone does not give.
LATER = {"client_uuid": "uuid-0001", "text": "Later", "due_at": "2099-01-01T00:00:00Z"}
PLANS = "/api/v1/conversations/<int:number>/scheduled"
BODIES: dict[str, dict[str, Any]] = {
    f"POST {PLANS}": LATER,
    f"PUT {PLANS}/<int:plan>": {"text": "Later", "due_at": LATER["due_at"]},
}


@dataclass
class Home:
    """A portal with one of everything. things: part of the address → id."""

    portal_id: int
    user_id: int
    things: dict[str, int] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        viewer = Viewer(
            portal_id=self.portal_id,
            user_id=self.user_id,
            is_admin=True,
            placement="left_menu",
            auth_at=clock.now(),
            epoch=guard.epoch(self.portal_id),
        )
        return {"Authorization": f"Bearer {guard.mint(viewer, clock.now())}"}


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    yield app.test_client()
    db.session.rollback()


def settled(user_id: int) -> Home:
    with transaction():
        channel = build.channel()
        portal_id = channel.portal_id
        home = db.session.get_one(Portal, portal_id)
        build.operator(home, user_id, is_admin=True)
        message = build.heard(channel)
        chat = db.session.get_one(Conversation, message.conversation_id)
        left = requests.keep(channel, Given(name="Anna", phone="+79000000001"), NOW)
        decided = build.decision(chat.id, home)
        tag = Tag(portal_id=portal_id, name="Urgent", created_at=NOW)
        offer = Transfer(
            portal_id=portal_id, conversation_id=chat.id, from_id=user_id, created_at=NOW
        )
        reply = QuickReply(portal_id=portal_id, title="Hours", text="To six", updated_at=NOW)
        plan = Scheduled(
            portal_id=portal_id,
            conversation_id=chat.id,
            user_id=user_id,
            client_uuid="uuid-0000",
            text="Later",
            due_at=NOW,
            created_at=NOW,
        )
        merge = ContactMerge(
            portal_id=portal_id,
            kept_id=chat.contact_id,
            gone_id=chat.contact_id,
            user_id=user_id,
            before={},
            after={},
            moved={},
            added=[],
            merged_at=NOW,
        )
        db.session.add_all([tag, offer, reply, plan, merge])
        db.session.flush()
        return Home(
            portal_id,
            user_id,
            {
                "channels": channel.id,
                "contacts": chat.contact_id,
                "conversations": chat.id,
                "decisions": decided.id,
                "merges": merge.id,
                "messages": message.id,
                "portals": portal_id,
                "quick-replies": reply.id,
                "requests": left.id,
                "scheduled": plan.id,
                "tags": tag.id,
                "transfers": offer.id,
            },
        )


def with_ids(app: Flask) -> list[Rule]:
    rules = [rule for rule in app.url_map.iter_rules() if str(rule).startswith(API)]
    return [rule for rule in rules if rule.arguments and str(rule).split("/")[3] not in OWN]


def address(rule: Rule, things: dict[str, int]) -> str:
    """The rule with the id of the thing that its first part names; what is inside is number 1."""
    parts: list[str] = []
    for part in str(rule).split("/"):
        if part.startswith("<"):
            part = str(things[parts[-1]] if len(parts) == 4 else things.get(parts[-1], 1))
        parts.append(part)
    return "/".join(parts)


def body(description: Any, rule: Rule, method: str) -> dict[str, Any] | None:
    """The smallest body that the description allows."""
    name = f"{method} {rule}"
    if name in BODIES:
        return BODIES[name]
    path = "/".join(
        f"{{{part.strip('<>').split(':')[-1]}}}" if part.startswith("<") else part
        for part in str(rule).split("/")
    )
    wanted = description["paths"][path][method.lower()].get("requestBody")
    if wanted is None:
        return None
    (content,) = wanted["content"].values()
    given: dict[str, Any] = smallest(content["schema"], description)
    return given


def smallest(schema: dict[str, Any], description: Any) -> Any:
    if reference := schema.get("$ref"):
        return smallest(description["components"]["schemas"][reference.split("/")[-1]], description)
    if options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return smallest(options[0], description)
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if schema.get("type") == "object":
        wanted = schema.get("required", ())
        return {name: smallest(schema["properties"][name], description) for name in wanted}
    if schema.get("type") == "string":
        return ("1" * 8) if "d" in schema.get("pattern", "") else "a" * 8
    plain = {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}
    return plain.get(str(schema.get("type")), [])


def tried(client: FlaskClient, description: Any, home: Home, asker: Home) -> dict[str, int]:
    """What each route answers the asker about the things of a home; they are read first."""
    answers = {}
    ways = [
        (method, rule)
        for rule in with_ids(client.application)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    for method, rule in sorted(ways, key=lambda way: way[0] != "GET"):
        answer = client.open(
            address(rule, home.things),
            method=method,
            json=body(description, rule, method),
            headers=asker.headers,
        )
        answers[f"{method} {rule}"] = answer.status_code
    return answers


def test_bodies_have_names_of_their_own(client: FlaskClient) -> None:
    """Two of one name would be one in the description."""
    names = sorted(one.__name__ for one in Body.__subclasses__())
    assert len(names) > 10
    assert names == sorted(set(names))


def test_stranger_finds_nothing(client: FlaskClient) -> None:
    description = client.get("/api/v1/openapi.json").json
    answers = tried(client, description, settled(BORIS), settled(CLARA))
    assert len(answers) > 25
    assert {name: status for name, status in answers.items() if status != 404} == {}


def test_whose_it_is_finds_it(client: FlaskClient) -> None:
    """The other test would be worth nothing with addresses that lead nowhere."""
    description = client.get("/api/v1/openapi.json").json
    home = settled(BORIS)
    answers = tried(client, description, home, home)
    reads = {name: status for name, status in answers.items() if name.startswith("GET")}
    reads = {name: status for name, status in reads.items() if not name.endswith(SELDOM)}
    assert {name: status for name, status in reads.items() if status == 404} == {}


def test_lists_hold_nothing_of_others(client: FlaskClient) -> None:
    home, asker = settled(BORIS), settled(CLARA)
    for name in ("channels", "contacts", "conversations", "decisions", "requests"):
        listed = client.get(f"{API}{name}", headers=asker.headers).json["items"]
        assert str(home.things[name]) not in {one["id"] for one in listed}, name
        assert str(asker.things[name]) in {one["id"] for one in listed}, name
