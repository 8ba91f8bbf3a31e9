"""Search over names, phones, addresses and every word of the logs, within a portal.

PostgreSQL is asked in a materialized part of its own that knows the words only: with an
order or the portal beside them its planner walks the whole log instead of using the index.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import TextClause, or_, select, text

from b24app.actions import shown
from b24app.db import db
from b24app.models import Contact, Conversation, Message, Portal
from b24app.models import search as index
from b24app.rules import search as rules
from b24app.rules.search import Asked

HITS = 500  # of each kind, the newest; who finds more says more words
SHOWN = 20  # of a group
GROUPS = ("new", "active", "closed", "others")


def grouped(portal_id: int, words: str, user_id: int, *, others: bool) -> dict[str, Any]:
    """What is found, by group: new, in work, finished, and colleagues' (only if `others`).

    An item has the chat and, if it was found by what was said, that message.
    """
    asked = rules.asked(words)
    said = _said(portal_id, asked)
    rows = _rows(portal_id, [*_of_people(portal_id, asked), *said])
    groups: dict[str, list[Conversation]] = {name: [] for name in GROUPS}
    for row in rows:
        groups[_group(row, user_id)].append(row)
    if not others:
        groups["others"] = []
    people = shown.operators(portal_id, [row.responsible_id for row in rows])
    portal = db.session.get_one(Portal, portal_id)
    places = _places(said, [row.id for found in groups.values() for row in found[:SHOWN]], asked)
    return {
        name: {
            "items": [
                {
                    "conversation": shown.conversation(row, people, portal),
                    "found": places.get(row.id),
                }
                for row in found[:SHOWN]
            ],
            "more": len(found) > SHOWN,
        }
        for name, found in groups.items()
    }


def chats(portal_id: int, words: str) -> list[int]:
    """Ids of the chats that the words find."""
    asked = rules.asked(words)
    return [*_of_people(portal_id, asked), *_said(portal_id, asked)]


def _said(portal_id: int, asked: Asked) -> dict[int, int]:
    """Chat → the newest message in it that has all the words."""
    if not asked.words:
        return {}
    hits = db.session.execute(messages(), _question(portal_id, asked)).all()
    return {chat: number for number, chat in reversed(hits)}


def messages() -> TextClause:
    """`id, conversation_id` of messages with the words, the newest first."""
    if _dialect() == "postgresql":
        return text(
            "WITH hits AS MATERIALIZED (SELECT id, conversation_id, portal_id FROM message "
            f"WHERE {index.document('message')} @@ to_tsquery('simple', :words) "
            "AND deleted_at IS NULL) SELECT id, conversation_id FROM hits "
            "WHERE portal_id = :portal ORDER BY id DESC LIMIT :most"
        )
    return text(
        "SELECT message.id, message.conversation_id FROM "
        "(SELECT rowid FROM search_message WHERE search_message MATCH :words "
        "ORDER BY rowid DESC LIMIT :most) AS hits CROSS JOIN message ON message.id = hits.rowid "
        "WHERE message.portal_id = :portal ORDER BY message.id DESC"
    )


def names(table: str) -> TextClause:
    """Ids of contacts or identities with the words in their names and addresses."""
    if _dialect() == "postgresql":
        return text(
            f"WITH hits AS MATERIALIZED (SELECT id, portal_id FROM {table} "
            f"WHERE {index.document(table)} @@ to_tsquery('simple', :words)) "
            "SELECT id FROM hits WHERE portal_id = :portal ORDER BY id DESC LIMIT :most"
        )
    return text(
        f"SELECT {table}.id FROM (SELECT rowid FROM search_{table} "
        f"WHERE search_{table} MATCH :words ORDER BY rowid DESC LIMIT :most) AS hits "
        f"CROSS JOIN {table} ON {table}.id = hits.rowid "
        f"WHERE {table}.portal_id = :portal ORDER BY {table}.id DESC"
    )


def phones(portal_id: int, digits: Sequence[str]) -> Any:
    """Contacts whose phone has the digits; the index of a portal's phones holds all it takes."""
    fitting = [Contact.phone.like(f"%{one}%") for one in digits]
    return (
        select(Contact.id)
        .where(Contact.portal_id == portal_id, Contact.phone != "", or_(*fitting))
        .limit(HITS)
    )


def _of_people(portal_id: int, asked: Asked) -> list[int]:
    """Chats of clients who are called so or have such a phone."""
    contacts = list(db.session.scalars(phones(portal_id, asked.digits))) if asked.digits else []
    identities: list[int] = []
    if asked.words:
        question = _question(portal_id, asked)
        contacts += db.session.scalars(names("contact"), question)
        identities += db.session.scalars(names("identity"), question)
    found = [
        column.in_(numbers)
        for column, numbers in (
            (Conversation.contact_id, contacts),
            (Conversation.identity_id, identities),
        )
        if numbers
    ]
    if not found:
        return []
    return list(
        db.session.scalars(
            select(Conversation.id)
            .where(Conversation.portal_id == portal_id, or_(*found))
            .order_by(Conversation.last_at.desc())
            .limit(HITS)
        )
    )


def _rows(portal_id: int, numbers: Sequence[int]) -> Sequence[Conversation]:
    if not numbers:
        return []
    return db.session.scalars(
        select(Conversation)
        .where(Conversation.portal_id == portal_id, Conversation.id.in_(set(numbers)))
        .order_by(Conversation.last_at.desc(), Conversation.id.desc())
    ).all()


def _places(said: dict[int, int], chats: Sequence[int], asked: Asked) -> dict[int, Any]:
    """Chat → where in its log it was found."""
    wanted = [said[one] for one in chats if one in said]
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Message.id, Message.conversation_id, Message.text, Message.said_at).where(
            Message.id.in_(wanted)
        )
    )
    return {
        row.conversation_id: {
            "message_id": str(row.id),
            "text": rules.excerpt(row.text, asked.words),
            "at": shown.moment(row.said_at),
        }
        for row in rows
    }


def _group(row: Conversation, user_id: int) -> str:
    foreign = row.status == "active" and row.responsible_id not in (None, user_id)
    return "others" if foreign else row.status


def _question(portal_id: int, asked: Asked) -> dict[str, Any]:
    make = rules.tsquery if _dialect() == "postgresql" else rules.fts5
    return {"words": make(portal_id, asked.words), "portal": portal_id, "most": HITS}


def _dialect() -> str:
    return db.engine.dialect.name
