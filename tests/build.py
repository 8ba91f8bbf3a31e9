"""Builders: rows complete by default; a test names only what matters to it.

Anna writes, Boris answers, Clara is of another portal.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from b24app.actions import inbox
from b24app.db import db
from b24app.models import (
    Channel,
    Conversation,
    Decision,
    Event,
    Identity,
    LineLink,
    Message,
    Operator,
    Portal,
)
from b24app.values import Incoming, Person, RemoteFile

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
BORIS, CLARA = 2, 3
_numbers = count(1)


def portal(**more: Any) -> Portal:
    number = next(_numbers)
    row = Portal(
        **{
            "member_id": f"member{number}",
            "domain": f"portal{number}.example",
            "client_endpoint": f"https://portal{number}.example/rest/",
            "oauth_url": "http://localhost:7201",
            "application_token": f"apptoken{number}",
            "status": "active",
            "created_at": NOW,
            **more,
        }
    )
    db.session.add(row)
    db.session.flush()
    return row


def operator(home: Portal, user_id: int = BORIS, **more: Any) -> Operator:
    row = Operator(
        **{
            "portal_id": home.id,
            "user_id": user_id,
            "name": f"Boris {user_id}",
            "preferences": {},
            "active": True,
            **more,
        }
    )
    db.session.add(row)
    db.session.flush()
    return row


def channel(home: Portal | None = None, **more: Any) -> Channel:
    home = home or portal()
    number = next(_numbers)
    row = Channel(
        **{
            "portal_id": home.id,
            "kind": "telegram",
            "name": "Telegram «Shop»",
            "external_id": f"bot{number}",
            "settings": {"token": "100001:SANDBOX-TOKEN-ONE"},
            "hook_key": f"hook{number}",
            "secret": f"secret{number}",
            "state": "working",
            "details": {},
            "created_at": NOW,
            **more,
        }
    )
    db.session.add(row)
    db.session.flush()
    return row


def line_link(of: Channel, line_id: int = 1, **more: Any) -> LineLink:
    row = LineLink(
        **{
            "portal_id": of.portal_id,
            "channel_id": of.id,
            "connector": "callgear_chats",
            "line_id": line_id,
            "active": True,
            "error": "",
            "linked_at": NOW,
            **more,
        }
    )
    db.session.add(row)
    db.session.flush()
    return row


def incoming(text: str = "Good day", **more: Any) -> Incoming:
    number = next(_numbers)
    return Incoming(
        **{
            "chat_id": "42",
            "message_id": str(1000 + number),
            "sent_at": NOW,
            "person": Person("42", name="Anna", username="anna"),
            "text": text,
            **more,
        }
    )


def photo(remote_id: str = "file-1") -> RemoteFile:
    return RemoteFile("image", remote_id, "photo.jpg", "image/jpeg", 10)


def heard(to: Channel | None = None, text: str = "Good day", **more: Any) -> Message:
    """A message of Anna's that came in by the usual way."""
    to = to or channel()
    message = inbox.hear(to, incoming(text, **more), NOW)
    assert message is not None
    return message


def conversation(of: Channel | None = None, **more: Any) -> Conversation:
    """A conversation that Anna began."""
    row = db.session.get_one(Conversation, heard(of).conversation_id)
    for name, value in more.items():
        setattr(row, name, value)
    db.session.flush()
    return row


def decision(conversation_id: int, home: Portal, **inquiry: Any) -> Decision:
    """A decision about a conversation that nothing came of."""
    row = Decision(
        portal_id=home.id,
        conversation_id=conversation_id,
        kind="crm",
        inquiry={"kind": "chat", "id": conversation_id, "origin": "", **inquiry},
        facts={},
        verdict={"kind": "none"},
        reasons=[],
        calls=[],
        outcome={},
        created_at=NOW,
    )
    db.session.add(row)
    db.session.flush()
    return row


def identity(row: Conversation) -> Identity:
    return db.session.get_one(Identity, row.identity_id)


def news() -> Sequence[Any]:
    """What screens were told; it is numbered and written at the end of a transaction."""
    db.session.commit()
    return rows(Event)


def rows(model: type[Any]) -> Sequence[Any]:
    return db.session.query(model).order_by(model.id).all()
