"""What tests of the talk in CRM share: a chat in the world, and its timeline."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from b24app import clock
from b24app.actions import promises
from b24app.db import reading, transaction
from b24app.models import Conversation, Message
from tests.world import BORIS, World

LEAD, DEAL, CONTACT = 1, 2, 3


def chats() -> list[Conversation]:
    with reading() as session:
        rows = session.query(Conversation).order_by(Conversation.id).all()
        session.expunge_all()
        return rows


def comments(here: World) -> list[dict[str, Any]]:
    """Comments of the portal, oldest first."""
    return [here.portal.comments[number] for number in sorted(here.portal.comments)]


def words(here: World) -> list[str]:
    """Comments without files."""
    return [one["COMMENT"] for one in comments(here) if not one["FILES"]]


def cards(comment: dict[str, Any]) -> list[int]:
    """Types of the cards that show a comment."""
    return sorted(type_id for type_id, _ in comment["bindings"])


def said(comment: str) -> list[str]:
    """Lines of a comment without its head and the times."""
    return [line.partition(" ")[2] for line in comment.split("\n")[1:]]


def hear(chat: Conversation, texts: Iterable[str], **more: Any) -> None:
    """The client says all this; CRM is to hear of it."""
    now = clock.now()
    with transaction() as session:
        row = session.get_one(Conversation, chat.id)
        messages = [_message(row, text, more) for text in texts]
        session.add_all(messages)
        session.flush()
        row.last_message_id, row.last_at = messages[-1].id, now
        promises.crm(row, now)


def _message(row: Conversation, text: str, more: dict[str, Any]) -> Message:
    now = clock.now()
    told = {
        "direction": "in",
        "origin": "channel",
        "author_name": "Anna",
        "state": "received",
        "said_at": now,
        "created_at": now,
        **more,
    }
    return Message(
        portal_id=row.portal_id,
        channel_id=row.channel_id,
        conversation_id=row.id,
        text=text,
        external_ids=[],
        attachments=[],
        details={},
        **told,
    )


def close(here: World, number: int) -> None:
    here.open("LEFT_MENU", BORIS).post(f"/conversations/{number}/close")
    here.run()


def reopen(here: World, number: int) -> None:
    here.open("LEFT_MENU", BORIS).post(f"/conversations/{number}/reopen")
    here.run()


def edit(here: World, at: int, text: str) -> None:
    """Anna edits one of her messages."""
    number = here.phone()[at]["message_id"]
    body = {"bot": "100001:SANDBOX-TOKEN-ONE", "user_id": 42, "message_id": number, "text": text}
    here.telegram.test_client().post("/_sandbox/edit", json=body)
    here.run()


def delete_comment(here: World, number: int) -> None:
    del here.portal.comments[number]


def lost(here: World, match: str, **more: Any) -> None:
    """The portal carries it out and its answer is lost."""
    here.control("faults", {"match": match, "kind": "timeout_after", "times": 1, **more})


def refused(here: World, match: str, code: str, **more: Any) -> None:
    fault = {"match": match, "kind": "error", "error": code, "status": 400, "times": 1}
    here.control("faults", {**fault, "description": code, **more})


def age(chat: Conversation, hours: int) -> None:
    """The chat and its messages are this much older."""
    with transaction() as session:
        row = session.get_one(Conversation, chat.id)
        row.last_at -= timedelta(hours=hours)
        for message in session.query(Message).filter_by(conversation_id=chat.id):
            message.created_at -= timedelta(hours=hours)


def batches(here: World, before: int) -> Sequence[str]:
    """HTTP requests since, without those of opening a screen."""
    return [one for one in here.http_calls()[before:] if one != "profile"]
