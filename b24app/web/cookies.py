"""Cookies of the pages outside Bitrix24: who is signed in, a sign-in under way, the last portal.

They are read where a page is opened and where a session is renewed, and nowhere else: the
API asks for a bearer token, so another site has nothing to ride on.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, current_app, request
from sqlalchemy import select

from b24app.config import Config
from b24app.db import reading
from b24app.errors import Stranger
from b24app.models import Operator
from b24app.web import guard, spent
from b24app.web.guard import Viewer
from b24app.web.sealed import seal, unseal

SESSION, ERRAND, DOMAIN = "callgear_session", "callgear_signin", "callgear_portal"
SESSION_LIFE = guard.SESSION_LIFE
ERRAND_LIFE = timedelta(minutes=10)
DOMAIN_LIFE = timedelta(days=365)
CALLBACK = "/oauth/callback"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in in this browser; `number` is the session's own."""

    portal_id: int
    user_id: int
    epoch: int
    auth_at: datetime
    number: str
    language: str


def started(portal_id: int, user_id: int, language: str, now: datetime) -> Session:
    """A session for whom Bitrix24 has just vouched."""
    return Session(
        portal_id=portal_id,
        user_id=user_id,
        epoch=guard.epoch(portal_id),
        auth_at=now,
        number=secrets.token_urlsafe(12),
        language=language,
    )


def keep(answer: Response, session: Session, now: datetime) -> None:
    """Let the browser in for SESSION_LIFE; it must sign in again afterwards."""
    told = {
        "portal": session.portal_id,
        "user": session.user_id,
        "epoch": session.epoch,
        "at": int(session.auth_at.timestamp()),
        "number": session.number,
        "lang": session.language,
    }
    _set(answer, SESSION, seal("browser session", told, now + SESSION_LIFE), SESSION_LIFE)


def session(now: datetime) -> Session | None:
    """Who is signed in in the browser that asks; None: nobody, or no longer."""
    told = unseal("browser session", request.cookies.get(SESSION), now)
    if told is None or spent.spent(f"session:{told['number']}"):
        return None
    return Session(
        portal_id=told["portal"],
        user_id=told["user"],
        epoch=told["epoch"],
        auth_at=datetime.fromtimestamp(told["at"], UTC),
        number=told["number"],
        language=told["lang"],
    )


def viewer(known: Session, placement: str) -> tuple[Viewer, str]:
    """The signed-in employee as they are today, and their portal's status.

    Raises:
        Stranger: dismissed, or the portal threw us out since.
    """
    with reading() as rows:
        admin = rows.scalar(
            select(Operator.is_admin).where(
                Operator.portal_id == known.portal_id, Operator.user_id == known.user_id
            )
        )
    if admin is None:
        raise Stranger("You no longer work in this Bitrix24.")
    found = Viewer(
        portal_id=known.portal_id,
        user_id=known.user_id,
        is_admin=admin,
        placement=placement,
        auth_at=known.auth_at,
        epoch=known.epoch,
        language=known.language,
        standalone=True,
    )
    return found, guard.status_of(found)


def end(answer: Response, now: datetime) -> None:
    """Sign out: the cookie goes, and a copy of it is worth nothing either."""
    known = session(now)
    if known:
        spent.spend(f"session:{known.number}", int(SESSION_LIFE.total_seconds()))
    answer.delete_cookie(SESSION, path="/")


def keep_errand(answer: Response, told: dict[str, Any], now: datetime) -> None:
    """What a sign-in is for, in the browser that began it."""
    sealed = seal("sign-in errand", told, now + ERRAND_LIFE)
    _set(answer, ERRAND, sealed, ERRAND_LIFE, path=CALLBACK)


def errand(now: datetime) -> dict[str, Any] | None:
    return unseal("sign-in errand", request.cookies.get(ERRAND), now)


def drop_errand(answer: Response) -> None:
    answer.delete_cookie(ERRAND, path=CALLBACK)


def remember_domain(answer: Response, domain: str) -> None:
    """So that the form is filled in the next time."""
    _set(answer, DOMAIN, domain, DOMAIN_LIFE, path="/login")


def remembered_domain() -> str:
    return request.cookies.get(DOMAIN, "")[:255]


def _set(answer: Response, name: str, value: str, life: timedelta, path: str = "/") -> None:
    config: Config = current_app.config["CALLGEAR"]
    answer.set_cookie(
        name,
        value,
        max_age=life,
        path=path,
        secure=config.public_url.startswith("https:"),
        httponly=True,
        samesite="Lax",
    )
