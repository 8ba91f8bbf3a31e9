"""Portals that one customer looks after together, and those named by hand that may join.

A portal joins an account when somebody has shown to be an administrator of it and of a portal
that is there already; its domain, which anybody can write, never counts.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete as erase
from sqlalchemy import exists, func, select

from b24app.actions import books, journal, settings
from b24app.actions.kept import PARTS
from b24app.bitrix.wire import host
from b24app.db import db
from b24app.errors import Conflict, Denied, Invalid, NotFound
from b24app.i18n import N_
from b24app.models import Account, Operator, Portal, PortalInvite
from b24app.models.event import announce

CLOUD = re.compile(r"[\w-]+\.bitrix24\.[a-z]{2,4}(\.[a-z]{2})?")
WAITING = "w"  # before the number of a portal that has not joined
MOST_WAITING = 100
NO_PORTAL = "There is no such portal in your list."
HERE_ALREADY = N_("This portal is in your list already.")
NO_ADMIN = "Only an administrator of both portals can bring them together."
SIGN_IN_THERE = "Open this portal and change it there: that shows that you may."


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks at the list, and from which portal."""

    portal_id: int
    user_id: int
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to change of a portal; None stays as it is."""

    name: str | None = None
    integration_active: bool | None = None
    parts: dict[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """Where to sign in to open a portal; `invite_id` if it has yet to join `account_id`."""

    origin: str
    account_id: int
    invite_id: int | None = None


def listed(asker: Asker, now: datetime) -> list[dict[str, Any]]:
    """The portals of the asker's account, then those that wait to join."""
    account_id = books.account(db.session(), asker.portal_id, now)
    rows = db.session.scalars(
        select(Portal).where(Portal.account_id == account_id).order_by(Portal.id)
    ).all()
    parts = settings.parts([row.id for row in rows])
    waiting = db.session.scalars(
        select(PortalInvite).where(PortalInvite.account_id == account_id).order_by(PortalInvite.id)
    )
    return [_shown(row, parts[row.id], asker) for row in rows] + [
        _shown_waiting(row, asker) for row in waiting
    ]


def add(asker: Asker, name: str, origin: str, now: datetime) -> dict[str, Any]:
    """Note a portal by its address; it joins when an administrator of it signs in there.

    Args:
        origin: scheme, host and port, checked by bitrix.wire.origin; "" for nonsense.
    Raises: Invalid.
    """
    if not origin:
        raise Invalid(fields={"domain": "Enter the address like https://company.bitrix24.com."})
    account_id = books.account(db.session(), asker.portal_id, now)
    if _known(account_id, origin):
        raise Invalid(fields={"domain": HERE_ALREADY})
    if _waiting_count(account_id) >= MOST_WAITING:
        raise Conflict("Too many portals wait to join: open them, or take some out.")
    row = PortalInvite(account_id=account_id, name=name, domain=origin, created_at=now)
    db.session.add(row)
    db.session.flush()  # the answer and the audit name its number
    told = {"domain": origin, "name": name}
    journal.audit(asker.portal_id, asker.user_id, "portal_added", told, now)
    return _shown_waiting(row, asker)


def change(asker: Asker, reference: str, wish: Wish, now: datetime) -> dict[str, Any]:
    """Rename any portal of the list; switch parts of one's own.

    Raises: NotFound, Denied.
    """
    row = _found(asker, reference, now)
    foreign = isinstance(row, PortalInvite) or row.id != asker.portal_id
    if foreign and (wish.integration_active is not None or wish.parts):
        raise Denied(SIGN_IN_THERE, code="sign_in_there")
    if wish.name is not None:
        row.name = wish.name
        told = {"portal": reference, "name": wish.name}
        journal.audit(asker.portal_id, asker.user_id, "portal_renamed", told, now)
    if isinstance(row, PortalInvite):
        return _shown_waiting(row, asker)
    _switch(asker, row, wish, now)
    return _shown(row, settings.parts([row.id])[row.id], asker)


def remove(asker: Asker, reference: str, now: datetime) -> None:
    """Take a portal out of the list; there it works on, in an account of its own.

    Raises: NotFound, Conflict.
    """
    row = _found(asker, reference, now)
    told = {"domain": row.domain}
    journal.audit(asker.portal_id, asker.user_id, "portal_removed", told, now)
    if isinstance(row, PortalInvite):
        db.session.delete(row)
        return
    if row.id == asker.portal_id:
        raise Conflict("You are in this portal: it cannot be taken out.", code="current_portal")
    row.account_id = None
    db.session.flush()  # an account of its own is made for who has none
    books.account(db.session(), row.id, now)
    journal.audit(row.id, None, "portal_left", {"account_of": asker.portal_id}, now)


def door(asker: Asker, reference: str, now: datetime) -> Door:
    """Where to sign in to open a portal of the list.

    Raises: NotFound, Denied.
    """
    row = _found(asker, reference, now)
    if isinstance(row, Portal):
        return Door(row.origin, row.account_id or 0)
    if not asker.is_admin:
        raise Denied(NO_ADMIN, code="not_admin")
    return Door(row.domain, row.account_id, row.id)


def waiting(invite_id: int, account_id: int) -> PortalInvite:
    """A portal that waits to join; NotFound if it was taken from the list, or has joined."""
    row = db.session.get(PortalInvite, invite_id)
    if row is None or row.account_id != account_id:
        raise NotFound(NO_PORTAL)
    return row


def join(invite_id: int, asker: Asker, joining: Asker, now: datetime) -> None:
    """Bring the portal of `joining` into the account of `asker`: both are the same person.

    Raises:
        NotFound: it does not wait any more.
        Denied: one of the two is no administrator (any more), or it is another portal.
    """
    home = db.session.get_one(Portal, asker.portal_id)
    row = waiting(invite_id, home.account_id or 0)
    portal = db.session.get_one(Portal, joining.portal_id)
    if not (_administers(asker, home) and _administers(joining, portal)):
        raise Denied(NO_ADMIN, code="not_admin")
    if host(portal.client_endpoint) != host(row.domain):
        raise Denied("This is another portal than the one that was added.", code="other_portal")
    left, portal.account_id = portal.account_id, home.account_id
    portal.name = portal.name or row.name
    db.session.delete(row)
    db.session.flush()  # the search below must see where the portal went
    if left != home.account_id:
        empty = ~exists().where(Portal.account_id == left)
        db.session.execute(erase(Account).where(Account.id == left, empty))
    told = {"domain": portal.domain, "account_of": home.id}
    journal.audit(home.id, asker.user_id, "portal_joined", told, now)
    journal.audit(portal.id, joining.user_id, "portal_joined", told, now)


def _administers(who: Asker, portal: Portal) -> bool:
    """As the rows say now, whatever was so when the person signed in."""
    return portal.works and bool(
        db.session.scalar(
            select(Operator.is_admin).where(
                Operator.portal_id == who.portal_id,
                Operator.user_id == who.user_id,
                Operator.active.is_(True),
            )
        )
    )


def _found(asker: Asker, reference: str, now: datetime) -> Portal | PortalInvite:
    """A row of the asker's list; NotFound for any other, as if there were none."""
    account_id = books.account(db.session(), asker.portal_id, now)
    number = int(reference.removeprefix(WAITING))
    if reference.startswith(WAITING):
        return waiting(number, account_id)
    row = db.session.get(Portal, number)
    if row is None or row.account_id != account_id:
        raise NotFound(NO_PORTAL)
    return row


def _waiting_count(account_id: int) -> int:
    counted = select(func.count()).where(PortalInvite.account_id == account_id)
    return db.session.scalar(counted) or 0


def _known(account_id: int, origin: str) -> bool:
    """Whether an address is in the list, joined or waiting."""
    endpoints = db.session.scalars(
        select(Portal.client_endpoint).where(Portal.account_id == account_id)
    )
    domains = db.session.scalars(
        select(PortalInvite.domain).where(PortalInvite.account_id == account_id)
    )
    return host(origin) in {host(one) for one in (*endpoints, *domains)}


def _switch(asker: Asker, portal: Portal, wish: Wish, now: datetime) -> None:
    if wish.integration_active not in (None, portal.integration_active):
        portal.integration_active = bool(wish.integration_active)
        told = {"active": portal.integration_active}
        journal.audit(portal.id, asker.user_id, "integration", told, now)
    for kind, active in (wish.parts or {}).items():
        settings.switch(portal.id, kind, active, asker.user_id, now)
    announce(portal.id, "settings", {"kind": "portal"}, now)


def _shown(row: Portal, parts: dict[str, bool], asker: Asker) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "domain": row.origin,
        "kind": _kind(row.domain),
        "status": row.status,
        "integration_active": row.integration_active,
        "parts": parts,
        "current": row.id == asker.portal_id,
        "may_open": row.works and row.id != asker.portal_id,
        "waiting": False,
    }


def _shown_waiting(row: PortalInvite, asker: Asker) -> dict[str, Any]:
    return {
        "id": f"{WAITING}{row.id}",
        "name": row.name,
        "domain": row.domain,
        "kind": _kind(host(row.domain)),
        "status": "waiting",
        "integration_active": False,
        "parts": dict.fromkeys(PARTS, False),
        "current": False,
        "may_open": asker.is_admin,
        "waiting": True,
    }


def _kind(domain: str) -> str:
    return "cloud" if CLOUD.fullmatch(domain) else "box"
