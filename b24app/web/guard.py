"""Who asks: the signed token of an opened frame, read and checked at every call."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, request
from itsdangerous import BadData, URLSafeSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import and_, select

from b24app import clock
from b24app.config import Config
from b24app.db import reading
from b24app.errors import Denied, Stranger
from b24app.i18n import N_
from b24app.models import Operator, Portal
from b24app.web import spent

TOKEN_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)
TICKET_LIFE = timedelta(seconds=30)
ALGORITHMS = ["HS256"]
TOKEN_LIMIT = 2000
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OVER = N_("This page was opened too long ago. Open it again from Bitrix24.")
STOPPED = N_("The application is not working in this Bitrix24 yet, or was stopped.")
UNNAMED = N_(
    "Only an administrator of this Bitrix24, or an employee named by one, may change the settings."
)
LIVES = (Portal.uninstalled_at, Portal.created_at)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Entity:
    """A CRM card that the viewer has shown they may read: deal, lead, contact or company."""

    type: str
    id: int


@dataclass(frozen=True, slots=True)
class LineRef:
    """The Open Line whose connector form was opened."""

    connector: str
    line_id: int


@dataclass(frozen=True, slots=True)
class Viewer:
    """An employee who looks at one opened frame.

    epoch: see epoch(); a session of another one is dead.
    auth_at: when Bitrix24 last vouched for the employee.
    standalone: signed in outside Bitrix24, where a cookie vouches; see web/signin.py.
    """

    portal_id: int
    user_id: int
    is_admin: bool
    placement: str
    auth_at: datetime
    epoch: int = 0
    language: str = "en"
    entity: Entity | None = None
    line: LineRef | None = None
    standalone: bool = False


def mint(viewer: Viewer, now: datetime) -> str:
    """A signed token that says who looks at what; good for TOKEN_LIFE."""
    claims = _claims(viewer, now + TOKEN_LIFE)
    return jwt.encode({"alg": "HS256"}, claims, _key(), algorithms=ALGORITHMS)


def read(token: str, now: datetime, *, may_be_stale: bool = False) -> Viewer:
    """The viewer that a token of ours names.

    Args:
        may_be_stale: a token past its time is read all the same (to renew the session).
    Raises:
        Stranger: not ours, changed on the way, or past its time.
    """
    if not token or len(token) > TOKEN_LIMIT:
        raise Stranger(OVER)
    try:
        claims = jwt.decode(token, _key(), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError) as error:
        raise Stranger(OVER) from error
    if not may_be_stale and claims["exp"] <= now.timestamp():
        raise Stranger(OVER)
    return _viewer(claims)


def mint_ticket(viewer: Viewer, now: datetime) -> str:
    """A one-time ticket to the live news, which is all that a WebSocket is shown."""
    return str(_tickets().dumps(_claims(viewer, now + TICKET_LIFE)))


def read_ticket(ticket: str, now: datetime) -> Viewer:
    """Who shows a ticket; it is worth nothing afterwards.

    Raises:
        Stranger: not ours, too old, or shown before.
    """
    try:
        claims = _tickets().loads(ticket[:TOKEN_LIMIT])
    except BadData as error:
        raise Stranger(OVER) from error
    seconds = int(TICKET_LIFE.total_seconds()) + 1
    if claims["exp"] <= now.timestamp() or not spent.spend(claims["jti"], seconds):
        raise Stranger("This ticket is not valid any more; get another one.")
    return _viewer(claims)


def viewer() -> Viewer:
    """Who asks, in a view under one of the decorators below."""
    known: Viewer = g.viewer
    return known


def employee(view: Callable[P, R]) -> Callable[P, R]:
    """For any employee of an active portal."""
    return _guarded(view, lambda asking, status: _demand_active(status))


def admin(view: Callable[P, R]) -> Callable[P, R]:
    """For administrators of an active portal."""

    def demand(asking: Viewer, status: str) -> None:
        _demand_active(status)
        _demand_admin(asking)

    return _guarded(view, demand)


def configurer(view: Callable[P, R]) -> Callable[P, R]:
    """For those who may change the settings of an active portal: see may_configure."""

    def demand(asking: Viewer, status: str) -> None:
        _demand_active(status)
        if not may_configure(asking):
            raise Denied(UNNAMED, code="not_configurer")

    return _guarded(view, demand)


def installer(view: Callable[P, R]) -> Callable[P, R]:
    """For administrators; the portal may still be installing us."""
    return _guarded(view, lambda asking, status: _demand_admin(asking))


def bearer() -> str:
    """The token of the running request, or an empty string."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def check_origin() -> None:
    """A page of another site may not change anything, even with a token it got hold of."""
    origin = request.headers.get("Origin")
    if origin is None or request.method in READING_METHODS:
        return
    if origin != own_origin():
        raise Denied("Calls from other sites are refused.", code="foreign_origin")


def own_origin() -> str:
    config: Config = current_app.config["CALLGEAR"]
    parts = urlsplit(config.public_url)
    return f"{parts.scheme}://{parts.netloc}"


def epoch(portal_id: int) -> int:
    """Changes whenever the portal uninstalls us, so that sessions of before are dead.

    It differs between portals too: a purged portal's number may be given out again.
    """
    with reading() as session:
        found = session.execute(select(*LIVES).where(Portal.id == portal_id)).one()
        return _epoch(found.uninstalled_at, found.created_at)


def status_of(asking: Viewer) -> str:
    """The status of the viewer's portal.

    Raises:
        Stranger: the portal threw us out since, or the employee was dismissed.
    """
    with reading() as session:
        found = session.execute(
            select(Portal.status, *LIVES, Operator.active)
            .outerjoin(
                Operator,
                and_(Operator.portal_id == Portal.id, Operator.user_id == asking.user_id),
            )
            .where(Portal.id == asking.portal_id)
        ).first()
    if found is None or found.status == "deleted" or _gone(found, asking):
        raise Stranger("The application was removed from this Bitrix24.")
    if found.active is False:
        raise Stranger("You no longer work in this Bitrix24.")
    status: str = found.status
    return status


def may_configure(asking: Viewer) -> bool:
    """An administrator, or an employee whom one has named and nobody has dismissed since."""
    if asking.is_admin:
        return True
    with reading() as session:
        named = session.scalar(
            select(Operator.may_configure).where(
                Operator.portal_id == asking.portal_id,
                Operator.user_id == asking.user_id,
                Operator.active.is_(True),
            )
        )
    return bool(named)


def _guarded(view: Callable[P, R], demand: Callable[[Viewer, str], None]) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        check_origin()
        asking = read(bearer(), clock.now())
        demand(asking, status_of(asking))
        g.viewer, g.language = asking, asking.language
        return view(*args, **kwargs)

    return guarded


def _demand_active(status: str) -> None:
    if status != "active":
        raise Denied(STOPPED, code=f"portal_{status}")


def _demand_admin(asking: Viewer) -> None:
    if not asking.is_admin:
        raise Denied("Only an administrator of this Bitrix24 may do this.", code="not_admin")


def _claims(viewer: Viewer, until: datetime) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "portal": viewer.portal_id,
        "user": viewer.user_id,
        "admin": viewer.is_admin,
        "placement": viewer.placement,
        "epoch": viewer.epoch,
        "lang": viewer.language,
        "auth_time": int(viewer.auth_at.timestamp()),
        "exp": int(until.timestamp()),
        "jti": secrets.token_urlsafe(9),
    }
    if viewer.entity:
        claims["entity"] = [viewer.entity.type, viewer.entity.id]
    if viewer.standalone:
        claims["alone"] = True
    if viewer.line:
        claims["line"] = [viewer.line.connector, viewer.line.line_id]
    return claims


def _viewer(claims: dict[str, Any]) -> Viewer:
    entity, line = claims.get("entity"), claims.get("line")
    return Viewer(
        portal_id=claims["portal"],
        user_id=claims["user"],
        is_admin=claims["admin"],
        placement=claims["placement"],
        auth_at=datetime.fromtimestamp(claims["auth_time"], UTC),
        epoch=claims["epoch"],
        language=claims["lang"],
        entity=Entity(*entity) if entity else None,
        line=LineRef(*line) if line else None,
        standalone=claims.get("alone") is True,
    )


def _gone(found: Any, asking: Viewer) -> bool:
    return _epoch(found.uninstalled_at, found.created_at) != asking.epoch


def _epoch(uninstalled_at: datetime | None, created_at: datetime) -> int:
    return int((uninstalled_at or created_at).timestamp() * 1000)


def _key() -> OctKey:
    secret = str(current_app.secret_key)
    return OctKey.import_key(sha256(f"frame session:{secret}".encode()).digest())


def _tickets() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="live ticket")
