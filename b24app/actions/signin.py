"""Signing in outside Bitrix24: a code that a portal gave becomes an employee we know.

Source: apidocs.bitrix24.com/settings/oauth (the full OAuth 2.0 flow)
"""

import logging
from datetime import datetime

from b24app.actions import books, portals, proofs
from b24app.actions.books import Pair
from b24app.actions.clients import oauth
from b24app.actions.portals import ABSENT, Verified
from b24app.bitrix import errors
from b24app.bitrix.client import Access
from b24app.bitrix.oauth import TOO_LATE, AppInfo, TokenPair
from b24app.bitrix.wire import host
from b24app.db import reading
from b24app.errors import BitrixError, Busy, Denied, Stranger

NOT_EMPLOYEES = ("authorization_error", "user_access_error", "allowed_only_intranet_user")
LATE = "Bitrix24's confirmation came too late or was used before. Sign in again."
NOT_HERE = "You do not work in this Bitrix24 any more, or may not use the application."
SILENT = "Bitrix24 does not answer. Try again in a minute."
STOPPED = "The application is not working in this Bitrix24 yet, or was stopped."
ELSEWHERE = "You came back from another Bitrix24 than the one you named. Enter its own address."
log = logging.getLogger(__name__)


def authorize_url(origin: str, state: str) -> str:
    """Where a browser is sent to be told who its user is."""
    return oauth().authorize_url(origin, state)


def sign_in(code: str, server: str, named: str, now: datetime) -> Verified:
    """The employee whom a code names; their tokens are kept as those of frames are.

    Args:
        server: what the portal calls its OAuth server; it only chooses among ours.
        named: the host that the person was sent to. What counts is whom the token names;
            another portal's answer under this name is a trap or a renaming.
    Raises:
        Stranger: the code is over.
        Denied: not installed there, stopped, not an employee, another portal.
        Busy: Bitrix24 does not answer.
    """
    pair = _redeemed(code, server)
    info = proofs.prove(pair.access_token, oauth().server(server), now)
    if info.member_id != pair.member_id or pair.user_id not in (None, info.user_id):
        log.error("the OAuth server gave a pair of one and says it is another's")
        raise Denied(proofs.UNCONFIRMED)
    portal_id = _portal(info)
    if host(info.client_endpoint) != named:
        raise Denied(ELSEWHERE, code="other_portal")
    profile = _profile(portal_id, Access(pair.access_token, info.user_id, info.client_endpoint))
    kept = Pair(pair.access_token, pair.refresh_token, pair.expires_at, "")
    return portals.welcome(portal_id, info, kept, now, profile=profile)


def _redeemed(code: str, server: str) -> TokenPair:
    try:
        return oauth().redeem(code, server)
    except BitrixError as error:
        log.warning("the OAuth server did not take a code: %s", error.code)
        if error.code in TOO_LATE:
            raise Stranger(LATE, code="code_over") from error
        if error.code in errors.GONE:
            raise Denied(ABSENT, code="not_installed") from error
        if errors.meaning(error.code).permanent or errors.meaning(error.code).portal:
            raise Denied(proofs.UNCONFIRMED) from error
        raise Busy(SILENT) from error


def _portal(info: AppInfo) -> int:
    """The portal by its own name, never by an address."""
    with reading():
        portal = books.by_member(info.member_id)
        status = portal.status if portal else "deleted"
        portal_id = portal.id if portal else 0
    if status == "deleted":
        raise Denied(ABSENT, code="not_installed")
    if status != "active":
        raise Denied(STOPPED, code=f"portal_{status}")
    return portal_id


def _profile(portal_id: int, access: Access) -> dict[str, object]:
    """The employee as the portal shows them to themselves, or nobody gets in."""
    try:
        profile = portals.profile(portal_id, access)
    except BitrixError as error:
        log.warning("portal %s: no profile of user %s: %s", portal_id, access.user_id, error.code)
        if error.code in NOT_EMPLOYEES:
            raise Denied(NOT_HERE, code="not_employee") from error
        raise Busy(SILENT) from error
    if not profile:
        raise Denied(NOT_HERE, code="not_employee")
    return profile
