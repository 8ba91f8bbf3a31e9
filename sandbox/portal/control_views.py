"""What the control API shows: the portal at a glance, calls, events, cards, chats."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import request

from sandbox.portal import crm, openlines
from sandbox.portal.crm_fields import NAMES
from sandbox.portal.portal import Portal
from sandbox.portal.registry import number


class Views:
    """The GET half of the control API."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def routes(self) -> dict[str, Callable[..., Any]]:
        """Addresses and what answers them."""
        return {
            "/state": self.state,
            "/calls": self.calls,
            "/http": self.http,
            "/events": self.events,
            "/faults": self.portal.faults.items,
            "/switches": lambda: asdict(self.portal.switches),
            "/crm/<int:type_id>": self.cards,
            "/comments": self.comments,
            "/chats/<int:chat_id>": self.chat,
        }

    def state(self) -> dict[str, Any]:
        """The portal at a glance."""
        portal = self.portal
        return {
            "domain": portal.domain,
            "member_id": portal.settings.member_id,
            "installation": {**asdict(portal.installation), "seen": len(portal.installation.seen)},
            "handlers": [asdict(one) for one in portal.handlers],
            "placements": [asdict(one) for one in portal.placements],
            "connectors": [asdict(one) for one in portal.connectors.values() if one.own],
            "links": [{**asdict(one), "status": one.status} for one in portal.links.values()],
            "lines": [{"id": key, "name": row["LINE_NAME"]} for key, row in portal.lines.items()],
            "chats": [self.chat(one.id) for one in portal.chats.values()],
            "users": portal.employees(),
            "crm": {name: len(portal.items[key]) for key, name in NAMES.items()},
            "comments": len(portal.comments),
            "notifications": portal.notifications,
            "events_waiting": len(portal.outbox),
        }

    def calls(self) -> dict[str, Any]:
        """REST calls made, each command of a batch too."""
        method, since = request.args.get("method", "").lower(), number(request.args.get("since"))
        items = [one for one in self.portal.calls if one["n"] > since]
        if method:
            items = [one for one in items if one["method"].lower() == method]
        return {"items": items}

    def http(self) -> dict[str, Any]:
        """HTTP requests made to REST."""
        since = number(request.args.get("since"))
        return {"items": [one for one in self.portal.http if one["n"] > since]}

    def events(self) -> dict[str, Any]:
        """Events sent to the application and those still waiting."""
        sent = [{**asdict(one), "waiting": False} for one in self.portal.deliveries]
        waiting = [{**asdict(one), "waiting": True} for one in self.portal.outbox]
        return {"items": [_without_tokens(one) for one in sent + waiting]}

    def cards(self, type_id: int) -> dict[str, Any]:
        """Items of a CRM type."""
        return {"items": list(crm.items(self.portal, type_id).values())}

    def comments(self) -> dict[str, Any]:
        """Timeline comments with their cards."""
        return {"items": list(self.portal.comments.values())}

    def chat(self, chat_id: int) -> dict[str, Any]:
        """An Open Line chat with its messages."""
        chat = openlines.chat_by_id(self.portal, chat_id)
        messages = [self.portal.messages[one] for one in chat.message_ids]
        session = self.portal.sessions.get(chat.session_id)
        return {
            **asdict(chat),
            "user_code": chat.user_code,
            "session": asdict(session) if session else None,
            "messages": [
                {**asdict(one), "delivery": openlines.delivery(self.portal, one)}
                for one in messages
            ],
        }


def _without_tokens(entry: dict[str, Any]) -> dict[str, Any]:
    auth = entry["auth"]
    hidden = {key: value for key, value in auth.items() if not key.endswith("_token")}
    return {**entry, "auth": hidden, "has_token": "access_token" in auth}
