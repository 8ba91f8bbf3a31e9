"""No address of the API shows or changes anything of another portal, whoever asks."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

from b24app.actions import requests
from b24app.db import reading, transaction
from b24app.models import (
    Attachment,
    Channel,
    Conversation,
    Decision,
    DirectoryPage,
    Identity,
    LineLink,
    Message,
    OfflineRequest,
    Operator,
    Tag,
    Transfer,
)
from b24app.rules.forms import Given
from tests import build
from tests.reliability.stage import Stage
from tests.world import ADMIN, BORIS, Screen

MARK = "Clarissa"
NOWHERE = (400, 403, 404)
LINE = 77
UUID = "11111111-2222-3333-4444-555555555555"
TABLES = (
    Channel,
    Conversation,
    Identity,
    Message,
    Attachment,
    LineLink,
    OfflineRequest,
    Operator,
    Decision,
    DirectoryPage,
    Tag,
    Transfer,
)
Foreign = dict[str, int]

# Addresses without anybody's number in them: what they answer must not name the stranger.
OPEN = {
    ("GET", "/channels"): {},
    ("GET", "/channels/abilities"): {},
    ("GET", "/channels/kinds"): {},
    ("GET", "/contacts"): {"query_string": {"search": MARK}},
    ("GET", "/conversations"): {"query_string": {"status": "new", "search": MARK}},
    ("GET", "/conversations/counters"): {},
    ("GET", "/events"): {"query_string": {"after": "0"}},
    ("GET", "/install"): {},
    ("GET", "/lines"): {},
    ("GET", "/lines/strays"): {},
    ("GET", "/lines/settings/catalogue"): {},
    ("GET", "/me"): {},
    ("GET", "/outreach/addresses"): {},
    ("GET", "/quick-replies"): {},
    ("GET", "/colleagues"): {},
    ("GET", "/search"): {"query_string": {"text": MARK}},
    ("GET", "/tags"): {},
    ("GET", "/transfers"): {},
    ("GET", "/workplace"): {},
    ("GET", "/openapi.json"): {},
    ("GET", "/operators"): {},
    ("GET", "/requests"): {"query_string": {"status": "new"}},
    ("GET", "/requests/counters"): {},
    ("GET", "/configurers"): {},
    ("GET", "/decisions"): {},
    ("GET", "/directory"): {},
    ("GET", "/portals"): {},
    ("GET", "/settings/parameters"): {},
    ("GET", "/settings/<string:kind>"): {"path": "/settings/chats"},
    ("GET", "/settings/<string:kind>/compare"): {"path": "/settings/chats/compare?from=0&to=1"},
    ("GET", "/settings/<string:kind>/versions"): {"path": "/settings/chats/versions"},
}
# They make something new or change the asker's own: there is nobody's number to give.
OWN = {
    ("POST", "/channels"),
    ("POST", "/channels/look"),
    ("POST", "/lines"),
    ("POST", "/outreach/search"),
    ("POST", "/outreach/start"),  # a channel of others: tests/actions/test_outreach.py
    ("POST", "/quick-replies"),
    ("POST", "/files"),
    ("POST", "/install/<step>"),
    ("POST", "/install/finish"),
    ("POST", "/live/ticket"),
    ("POST", "/directory/refresh"),
    ("POST", "/settings/<string:kind>/dry_run"),
    ("POST", "/session/renew"),
    ("PUT", "/preferences"),
    ("PUT", "/workplace/status"),
    ("POST", "/presence"),
    ("POST", "/tags"),
    ("PUT", "/configurers"),
    ("POST", "/portals"),
    # Portals of other accounts: tests/web/test_portals.py.
    ("DELETE", "/portals/<string:reference>"),
    ("PUT", "/portals/<string:reference>"),
    ("POST", "/portals/<string:reference>/open"),
    ("PUT", "/settings/<string:kind>"),
    ("DELETE", "/settings/<string:kind>/draft"),
    ("PUT", "/settings/<string:kind>/draft"),
    ("POST", "/settings/<string:kind>/check"),
    ("POST", "/settings/<string:kind>/preview"),
    ("POST", "/settings/<string:kind>/rollback"),
}
BODIES: dict[str, dict[str, Any]] = {
    "api_channels.rename": {"name": "Taken"},
    "api_channels.reconnect": {"settings": {"token": "100002:SANDBOX-TOKEN-TWO"}},
    "api_conversations.send": {"client_uuid": UUID, "text": "Hello"},
    "api_conversations.read": {"message_id": "1"},
    "api_conversations.draft": {"text": "Hello"},
    "api_lines.connect": {"channels": []},
    "api_line_settings.change": {"document": {"active": True}},
    "api_pins.pin": {"type": "deal", "id": "1"},
    "api_marks.note": {"client_uuid": UUID, "text": "Hello"},
    "api_marks.mark": {"tags": []},
    "api_marks.change": {"name": "Taken"},
    "api_transfers.offer": {"to": "1"},
    "api_workplace.appoint": {"role": "manager"},
}


@pytest.fixture(scope="module")
def foreign(lasting: Stage) -> Foreign:
    """What Clara's portal holds."""
    with transaction() as session:
        home = build.portal(domain=f"{MARK}.example")
        channel = build.channel(home, name=f"{MARK} bot")
        said = build.heard(channel, text=f"{MARK} speaks")
        file = Attachment(
            portal_id=home.id,
            owner=f"operator:{BORIS}",
            kind="document",
            name=f"{MARK}.pdf",
            media_key="0" * 32,
            state="stored",
            created_at=build.NOW,
        )
        session.add(file)
        # As spam: CRM of a portal without tokens would be tried again and again.
        given = Given(name=MARK, phone="+79000000009", spam=True)
        left = requests.keep(channel, given, build.NOW)
        build.operator(home, BORIS, name=MARK)
        colleague = build.operator(home, 999, name=MARK)
        tag = Tag(portal_id=home.id, name=MARK, created_at=build.NOW)
        talk = session.get_one(Conversation, said.conversation_id)
        talk.status, talk.responsible_id = "active", 999
        offer = Transfer(
            portal_id=home.id,
            conversation=talk,
            from_id=999,
            holder_id=999,
            to_id=BORIS,
            comment=MARK,
            created_at=build.NOW,
        )
        session.add_all([tag, offer])
        build.line_link(channel, LINE)
        decided = build.decision(said.conversation_id, home, name=MARK)
        session.add(DirectoryPage(portal_id=home.id, kind="users", document=[{"name": MARK}]))
        session.flush()
        return {
            "decision": decided.id,
            "channel": channel.id,
            "conversation": said.conversation_id,
            "contact": session.get_one(Conversation, said.conversation_id).contact_id,
            "message": said.id,
            "file": file.id,
            "request": left.id,
            "colleague": colleague.user_id,
            "tag": tag.id,
            "transfer": offer.id,
        }


@pytest.fixture(params=[ADMIN, BORIS], ids=["admin", "employee"])
def asker(here: Stage, request: pytest.FixtureRequest) -> Iterator[Screen]:
    placement = "DEFAULT" if request.param == ADMIN else "LEFT_MENU"
    return here.here.open(placement, request.param)


def rules(here: Stage) -> list[tuple[str, Rule]]:
    """Every verb of every address of the API."""
    return [
        (verb, rule)
        for rule in here.here.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for verb in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def path_of(rule: Rule) -> str:
    return rule.rule.removeprefix("/api/v1")


def foreign_path(rule: Rule, foreign: Foreign) -> str:
    """The address with the stranger's numbers in it."""
    subjects = {
        "/channels": "channel",
        "/colleagues": "colleague",
        "/contacts": "contact",
        "/decisions": "decision",
        "/requests": "request",
        "/tags": "tag",
        "/transfers": "transfer",
    }
    (subject,) = [name for start, name in subjects.items() if path_of(rule).startswith(start)] or [
        "conversation"
    ]
    numbers = {
        "<int:number>": foreign[subject],
        "<int:message>": foreign["message"],
        "<int:note>": 1,
        "<int:plan>": 1,
    }
    path = path_of(rule).replace("<int:line>", str(LINE))
    for part, number in numbers.items():
        path = path.replace(part, str(number))
    return path


def snapshot() -> list[tuple[Any, ...]]:
    """All rows of everybody, as the database holds them."""
    with reading() as session:
        tables = [model.__table__ for model in TABLES]
        return [tuple(row) for table in tables for row in session.execute(table.select())]


def test_every_address_has_its_case(here: Stage) -> None:
    known = {*OPEN, *OWN}
    free = {(verb, path_of(rule)) for verb, rule in rules(here) if "<int:" not in rule.rule}
    assert free == known, "a new address of the API needs a case here"


def test_foreign_numbers_lead_nowhere(here: Stage, asker: Screen, foreign: Foreign) -> None:
    before = snapshot()
    for verb, rule in rules(here):
        if "<int:" not in rule.rule:
            continue
        answer = asker.ask(verb, foreign_path(rule, foreign), json=BODIES.get(rule.endpoint))
        harmless = "<int:line>" in rule.rule and answer.status_code == 200  # our own line 77
        assert answer.status_code in NOWHERE or harmless, (verb, rule.rule, answer.text)
        assert MARK not in answer.text, (verb, rule.rule)
    assert snapshot() == before


@pytest.mark.parametrize("case", OPEN, ids=lambda case: " ".join(case))
def test_lists_show_no_strangers(
    here: Stage, asker: Screen, foreign: Foreign, case: tuple[str, str]
) -> None:
    more = dict(OPEN[case])
    answer = asker.ask(case[0], more.pop("path", case[1]), **more)
    assert MARK not in answer.text


def test_strangers_things_cannot_be_sent(here: Stage, foreign: Foreign) -> None:
    client = here.client()
    client.say(client.text("one"))
    here.rest()
    path = f"/conversations/{client.chat()['id']}"
    for more in ({"attachments": [str(foreign["file"])]}, {"quote_id": str(foreign["message"])}):
        body = {"client_uuid": UUID, "text": "Hi", **more}
        assert here.screen.ask("POST", f"{path}/messages", json=body).status_code in NOWHERE
    read = {"message_id": str(foreign["message"])}
    here.screen.ask("POST", f"{path}/read", json=read)
    with reading() as session:
        assert session.get_one(Message, foreign["message"]).state == "received"


def test_strangers_channel_cannot_be_linked(here: Stage, foreign: Foreign) -> None:
    form = here.here.open("SETTING_CONNECTOR", ADMIN, LINE="2", CONNECTOR="callgear_chats")
    before = snapshot()
    answer = form.ask("PUT", "/lines/2", json={"channels": [str(foreign["channel"])]})
    assert answer.status_code in NOWHERE
    assert snapshot() == before


def test_portals_cards_are_ones_own(here: Stage, foreign: Foreign) -> None:
    with transaction() as session:
        session.get_one(Conversation, foreign["conversation"]).deal_id = 5
    query = {"entity_type": "deal", "entity_id": "5"}
    assert here.screen.get("/conversations", **query)["items"] == []
