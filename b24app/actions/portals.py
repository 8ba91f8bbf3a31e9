"""Portals: who calls is proven, and what the proof brings is kept."""

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from b24app.actions import books, proofs
from b24app.actions.books import Pair
from b24app.actions.clients import client, store
from b24app.actions.removal import uninstall
from b24app.bitrix.client import URGENT, Access
from b24app.bitrix.oauth import AppInfo
from b24app.bitrix.payloads import EventAuth, Frame, PortalEvent, whole
from b24app.bitrix.wire import host
from b24app.db import reading, transaction
from b24app.errors import BitrixError, Busy, Denied
from b24app.models import Portal

__all__ = [
    "Verified",
    "client",
    "install",
    "profile",
    "store",
    "uninstall",
    "verify_again",
    "verify_event",
    "verify_frame",
    "welcome",
]

LIFE_EVENTS = ("ONAPPINSTALL", "ONAPPUPDATE")
UNKNOWN_EVENT = "This event is not from a Bitrix24 that works with us."
ABSENT = "The application is not installed in this Bitrix24. An administrator can install it."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verified:
    """An employee for whom Bitrix24 vouches, on a portal of ours."""

    portal_id: int
    user_id: int
    is_admin: bool
    name: str
    status: str
    may_configure: bool = False


def verify_frame(frame: Frame, now: datetime) -> Verified:
    """Who opened one of our places; their tokens and name are kept.

    Raises:
        Denied: not proven, or the application is not installed there.
        Busy: the OAuth server does not answer.
    """
    info = _prove_frame(frame, now)
    with reading():
        portal = books.by_member(info.member_id)
        portal_id = portal.id if portal and portal.status != "deleted" else None
    if portal_id is None:
        raise Denied(ABSENT, code="not_installed")
    return welcome(portal_id, info, _frame_pair(frame, now), now)


def install(frame: Frame, now: datetime) -> Verified:
    """Who opened the installer; the portal is entered in our books, or entered again.

    Raises:
        Denied: not proven, or not an administrator.
        Busy: the OAuth server does not answer.
    """
    info = _prove_frame(frame, now)
    with transaction() as session:
        portal_id = books.enter(session, info, frame.lang, now)
        books.account(session, portal_id, now)
    verified = welcome(portal_id, info, _frame_pair(frame, now), now, master=True)
    if not verified.is_admin:
        raise Denied("Only an administrator of this Bitrix24 can install the application.")
    return verified


def verify_again(portal_id: int, user_id: int, token: str, now: datetime) -> Verified:
    """The same employee some time later, with a fresh token of theirs.

    Raises:
        Denied: it is not theirs, or the application has left the portal.
        Busy: the OAuth server does not answer.
    """
    with reading() as session:
        portal = session.get(Portal, portal_id)
        known = (portal.member_id, portal.oauth_url) if portal else ("", "")
        gone = portal is None or portal.status == "deleted"
    info = proofs.prove(token, known[1], now)
    if gone or info.member_id != known[0] or info.user_id != user_id:
        raise Denied(proofs.UNCONFIRMED)
    return welcome(portal_id, info, Pair(token, "", now, ""), now)


def _prove_frame(frame: Frame, now: datetime) -> AppInfo:
    info = proofs.prove(frame.auth_id, frame.server_endpoint, now)
    opened = host(f"{frame.protocol}://{frame.domain}")
    if info.member_id != frame.member_id or host(info.client_endpoint) != opened:
        log.warning("refused an opening: its portal is not that of its token")
        raise Denied(proofs.UNCONFIRMED)
    return info


def _frame_pair(frame: Frame, now: datetime) -> Pair:
    ends = now + _life(frame.auth_expires)
    return Pair(frame.auth_id, frame.refresh_id, ends, frame.application_token)


def welcome(
    portal_id: int,
    info: AppInfo,
    pair: Pair,
    now: datetime,
    *,
    master: bool = False,
    profile: dict[str, Any] | None = None,
) -> Verified:
    """Keep what a proven opening brings: employee, tokens, news of the portal.

    Args:
        profile: what the portal just said of the employee; None: it is asked.
    """
    if profile is None:
        access = Access(pair.access_token, info.user_id, info.client_endpoint)
        profile = _profile(portal_id, access)
    with transaction() as session:
        operator = books.remember(session, portal_id, info.user_id, profile, now)
        admin = operator.is_admin
        if pair.refresh_token:
            books.keep_tokens(session, portal_id, info, pair, admin, master, now)
        portal = session.get_one(Portal, portal_id, with_for_update=True)
        books.refresh(portal, info, pair.application_token, admin)
        named = admin or operator.may_configure
        return Verified(portal_id, info.user_id, admin, operator.name, portal.status, named)


class _Given:
    """A token that was just brought: it is used as it is."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def access(self, user_id: int | None) -> Access:
        return self._access

    def renew(self, failed: Access) -> Access:
        raise BitrixError("The token that was brought is over.", code="invalid_grant")

    def moved(self, access: Access, endpoint: str) -> None: ...

    def refused(self, access: Access, error: BitrixError) -> None: ...


def _profile(portal_id: int, access: Access) -> dict[str, Any]:
    """The same, or {} if the portal does not answer now."""
    try:
        return profile(portal_id, access)
    except BitrixError as error:
        log.warning("portal %s: no profile of user %s: %s", portal_id, access.user_id, error.code)
        return {}


def profile(portal_id: int, access: Access) -> dict[str, Any]:
    """The employee as the portal shows them to themselves; {} if it shows somebody else.

    Raises: BitrixError.
    """
    caller = client(portal_id, access.user_id, tokens=_Given(access))
    told = caller.call("profile", priority=URGENT).result
    known = isinstance(told, dict) and whole(told.get("ID")) == access.user_id
    return told if known else {}


def verify_event(event: PortalEvent, now: datetime) -> int:
    """The portal that an event is from.

    Raises:
        Denied: from nobody we know; what is wrong is not told.
        Busy: the OAuth server does not answer.
    """
    with reading():
        portal = books.by_member(event.auth.member_id)
        stored = (portal.application_token if portal else None) or ""
        portal_id = portal.id if portal and portal.status != "deleted" else None
    given = event.auth.application_token
    # An unknown portal costs the same comparison as a known one.
    same = hmac.compare_digest(given.encode(), (stored or _hash(given)).encode())
    if event.event in LIFE_EVENTS and event.auth.access_token:
        return _life_event(event, portal_id if same and stored else None, now)
    if portal_id is not None and not stored and event.auth.access_token:
        return _first_token(event, portal_id, now)
    if portal_id is None or not (same and stored):
        raise Denied(UNKNOWN_EVENT)
    return portal_id


def _life_event(event: PortalEvent, trusted_id: int | None, now: datetime) -> int:
    """An installation or update: proven by its token, which may bring a new application token."""
    auth = event.auth
    try:
        info = proofs.prove(auth.access_token, auth.server_endpoint, now)
        if info.member_id != auth.member_id:
            raise Denied(UNKNOWN_EVENT)
    except (Denied, Busy):
        if trusted_id is None:
            raise
        return trusted_id
    with transaction() as session:
        portal_id = books.enter(session, info, "", now)
    welcome(portal_id, info, _event_pair(auth, now), now)
    return portal_id


def _first_token(event: PortalEvent, portal_id: int, now: datetime) -> int:
    """An older portal's frames carry no application token, and its ONAPPINSTALL was lost:
    the first event is proven by the token of whoever caused it."""
    info = proofs.prove(event.auth.access_token, event.auth.server_endpoint, now)
    if info.member_id != event.auth.member_id:
        raise Denied(UNKNOWN_EVENT)
    with transaction() as session:
        portal = session.get_one(Portal, portal_id)
        portal.application_token = event.auth.application_token or None
    return portal_id


def _event_pair(auth: EventAuth, now: datetime) -> Pair:
    ends = now + _life(auth.expires_in)
    return Pair(auth.access_token, auth.refresh_token, ends, auth.application_token)


def _life(seconds: int) -> timedelta:
    return timedelta(seconds=min(max(seconds, 60), 86400))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
