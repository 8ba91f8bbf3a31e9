"""Tokens of a portal: given out, renewed once for everybody, declared dead.

A renewal is claimed under the row's lock (`SELECT … FOR UPDATE`; on SQLite `BEGIN
IMMEDIATE`) by a lease written into the row, and the lock is let go before the network
is asked: on SQLite it would be everybody's. Who finds the lease waits for it, or takes
over when it has run out. The new pair is committed alone before anybody uses it.

Killed between the renewal and the commit, we hold a refresh token that is used up: the
next try is answered `invalid_grant`, and that token is dead, once, without a loop.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from b24app import clock
from b24app.actions.apart import apart, refuse_open_transaction
from b24app.bitrix import errors
from b24app.bitrix.client import Access
from b24app.bitrix.oauth import OAuth, TokenPair
from b24app.bitrix.wire import endpoint, host
from b24app.errors import BitrixError
from b24app.models import Portal, Token

LEASE = timedelta(seconds=60)  # longer than the OAuth server may take to answer
LOOK_SECONDS = 0.1
NEEDS_REAUTH = "needs re-authorisation"
log = logging.getLogger(__name__)

_turns: dict[tuple[int, int], threading.Lock] = {}
_turns_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to renew one pair until the lease runs out."""

    holder: str
    refresh_token: str = field(repr=False)
    oauth_url: str
    member_id: str


class TokenStore:
    """Tokens of one portal; see bitrix.client.TokenSource."""

    def __init__(
        self,
        portal_id: int,
        engine: Engine,
        oauth: Callable[[], OAuth],
        *,
        stopped: Callable[[int], None] = lambda portal_id: None,
        allow_http: bool = False,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._portal_id = portal_id
        self._engine = engine
        self._oauth = oauth
        self._stopped = stopped
        self._allow_http = allow_http
        self._now = now
        self._sleep = sleep

    def access(self, user_id: int | None) -> Access:
        """This employee's token; None: of the administrator who installed us, or another.

        Raises:
            BitrixError: there is none, or the portal must not be called.
        """
        refuse_open_transaction()
        with apart(self._engine) as session:
            portal = session.get(Portal, self._portal_id)
            _refuse_stopped(portal)
            token = self._token(session, user_id)
            if token is None or portal is None:
                raise _no_token(user_id)
            return Access(token.access_token, token.user_id, portal.client_endpoint)

    def renew(self, failed: Access) -> Access:
        """A younger token than `failed`, renewed by us or by whoever was faster.

        Raises:
            BitrixError: `invalid_grant` when it can never be renewed again.
        """
        end = self._now() + LEASE
        with _turn(self._portal_id, failed.user_id):
            while self._now() < end:
                found = self._claim(failed)
                if isinstance(found, Access):
                    return found
                if found is not None:
                    return self._renewed(failed, found)
                self._sleep(LOOK_SECONDS)
        raise BitrixError("The token is being renewed.", code="renewing", retry_after=5.0)

    def moved(self, access: Access, endpoint_url: str) -> None:
        """The portal was renamed: Location and the OAuth server agree."""
        place = endpoint(endpoint_url, self._allow_http)
        if not place:
            raise BitrixError("The portal moved to an address we do not call.", code="redirected")
        with apart(self._engine) as session:
            portal = self._portal(session)
            portal.client_endpoint, portal.domain = place, host(place)

    def refused(self, access: Access, error: BitrixError) -> None:
        """Remember that a token, or the whole portal, is of no use until somebody mends it."""
        with apart(self._engine) as session:
            portal = self._portal(session)
            token = self._locked(session, access.user_id)
            rests = errors.stops_portal(error) and _stop(portal, error.message)
            if errors.meaning(error.code).token and token and token.access_token == access.token:
                self._bury(session, token, error.code)
        if rests:
            self._stopped(self._portal_id)

    def _claim(self, failed: Access) -> Access | Claim | None:
        """A younger token, the right to get one, or None: somebody else is at it."""
        now = self._now()
        with apart(self._engine) as session:
            portal = self._portal(session)
            token = self._locked(session, failed.user_id)
            if token is None or token.dead:
                raise _dead(token)
            if token.access_token != failed.token:
                return self._given(token, portal)
            if token.renewing_until is not None and token.renewing_until > now:
                return None
            token.renewing_until, token.renewing_by = now + LEASE, secrets.token_hex(8)
            return Claim(token.renewing_by, token.refresh_token, portal.oauth_url, portal.member_id)

    def _renewed(self, failed: Access, claim: Claim) -> Access:
        """Ask the OAuth server and keep the answer before anybody uses it."""
        try:
            pair = self._oauth().renew(claim.refresh_token, claim.oauth_url)
        except BitrixError as error:
            return self._not_renewed(failed, claim, error)
        except BaseException:
            self._let_go(failed, claim)
            raise
        if pair.member_id != claim.member_id or pair.user_id not in (None, failed.user_id):
            log.error(
                "portal %s: the OAuth server answered with a stranger's pair", self._portal_id
            )
            strange = BitrixError("The OAuth server answered for another.", code="invalid_grant")
            return self._not_renewed(failed, claim, strange)
        return self._keep(failed, claim, pair)

    def _keep(self, failed: Access, claim: Claim, pair: TokenPair) -> Access:
        with apart(self._engine) as session:
            portal = self._portal(session)
            token = self._locked(session, failed.user_id)
            if token is None:
                raise _dead(token)
            if token.access_token == failed.token:
                token.access_token, token.refresh_token = pair.access_token, pair.refresh_token
                token.expires_at, token.renewed_at = pair.expires_at, self._now()
                token.endpoint = endpoint(pair.client_endpoint, self._allow_http)
                token.dead, token.error = False, ""
            # else: the employee opened a page meanwhile, and that pair is the youngest
            _release(token, claim)
            return self._given(token, portal)

    def _not_renewed(self, failed: Access, claim: Claim, error: BitrixError) -> Access:
        """Look once more whether somebody stored a younger token; else say what is wrong."""
        known = errors.meaning(error.code)
        with apart(self._engine) as session:
            portal = self._portal(session)
            token = self._locked(session, failed.user_id)
            if token is None:
                raise _dead(token)
            _release(token, claim)
            if token.access_token != failed.token:
                return self._given(token, portal)
            rests = known.portal and _stop(portal, error.message)
            if known.token:
                self._bury(session, token, error.code)
        if rests:
            self._stopped(self._portal_id)
        raise error

    def _let_go(self, failed: Access, claim: Claim) -> None:
        with apart(self._engine) as session:
            if token := self._locked(session, failed.user_id):
                _release(token, claim)

    def _bury(self, session: Session, token: Token, code: str) -> None:
        """The token is dead; without a living administrator's the portal must wait."""
        token.dead, token.error = True, code[:200]
        session.flush()  # the search below must not find it
        if self._token(session, None) is None:
            _stop(self._portal(session), f"{NEEDS_REAUTH}: {code}")

    def _given(self, token: Token, portal: Portal) -> Access:
        return Access(token.access_token, token.user_id, token.endpoint or portal.client_endpoint)

    def _token(self, session: Session, user_id: int | None) -> Token | None:
        wanted = select(Token).where(Token.portal_id == self._portal_id, Token.dead.is_(False))
        if user_id is not None:
            return session.scalar(wanted.where(Token.user_id == user_id))
        admins = wanted.where(Token.is_admin.is_(True))
        return session.scalar(
            admins.order_by(Token.is_master.desc(), Token.renewed_at.desc()).limit(1)
        )

    def _locked(self, session: Session, user_id: int) -> Token | None:
        return session.scalar(
            select(Token)
            .where(Token.portal_id == self._portal_id, Token.user_id == user_id)
            .with_for_update()
        )

    def _portal(self, session: Session) -> Portal:
        portal = session.get(Portal, self._portal_id)
        if portal is None:
            raise _gone()
        return portal


def _turn(portal_id: int, user_id: int) -> threading.Lock:
    """Threads of one process wait here instead of asking the database again and again."""
    with _turns_guard:
        return _turns.setdefault((portal_id, user_id), threading.Lock())


def _release(token: Token, claim: Claim) -> None:
    if token.renewing_by == claim.holder:
        token.renewing_until, token.renewing_by = None, ""


def _stop(portal: Portal, reason: str) -> bool:
    """Let the portal rest; False if it rests already."""
    if portal.status not in ("new", "active"):
        return False
    portal.status, portal.error = "blocked", reason[:500]
    return True


def _refuse_stopped(portal: Portal | None) -> None:
    if portal is None or portal.status == "deleted":
        raise _gone()
    if portal.status == "blocked":
        raise BitrixError(
            f"The portal rests: {portal.error}",
            code="portal_blocked",
            retry_after=errors.MEND_WAIT_SECONDS,
        )


def _gone() -> BitrixError:
    return BitrixError("The portal has left us.", code="portal_deleted", permanent=True)


def _dead(token: Token | None) -> BitrixError:
    return BitrixError(
        "This employee must open the application again.",
        code="invalid_grant",
        permanent=token is None,
        retry_after=None if token is None else errors.MEND_WAIT_SECONDS,
    )


def _no_token(user_id: int | None) -> BitrixError:
    if user_id is None:
        return BitrixError(
            "No administrator's token is at hand: an administrator must open the application.",
            code="no_token",
            retry_after=errors.MEND_WAIT_SECONDS,
        )
    return BitrixError(
        "This employee has not opened the application yet.", code="no_token", permanent=True
    )
