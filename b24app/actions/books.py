"""The rows of a portal and its employees, written from what was proven."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from b24app.actions.apart import insert
from b24app.actions.tokens import NEEDS_REAUTH
from b24app.bitrix.oauth import AppInfo
from b24app.bitrix.wire import host
from b24app.db import db
from b24app.models import Account, Operator, Portal, Token


@dataclass(frozen=True, slots=True)
class Pair:
    """The tokens that an opening or an event brings."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    application_token: str = field(repr=False)


def by_member(member_id: str) -> Portal | None:
    return db.session.scalar(select(Portal).where(Portal.member_id == member_id))


def enter(session: Session, info: AppInfo, lang: str, now: datetime) -> int:
    """The portal's row: made, or opened again after a removal."""
    fresh = insert(session, Portal).values(
        member_id=info.member_id,
        domain=host(info.client_endpoint),
        client_endpoint=info.client_endpoint,
        oauth_url=info.oauth_url,
        status="new",
        error="",
        scope=info.scope,
        lang=lang or "en",
        app_status=info.status,
        app_version=info.version,
        integration_active=True,
        last_event=0,
        created_at=now,
    )
    session.execute(fresh.on_conflict_do_nothing(index_elements=["member_id"]))
    again = {"status": "new", "error": "", "application_token": None}
    session.execute(
        update(Portal)
        .where(Portal.member_id == info.member_id, Portal.status == "deleted")
        .values(again | ({"lang": lang} if lang else {}))
        .execution_options(synchronize_session=False)
    )
    return session.scalars(select(Portal.id).where(Portal.member_id == info.member_id)).one()


def account(session: Session, portal_id: int, now: datetime) -> int:
    """The account that the portal belongs to; it gets one of its own while it has none."""
    portal = session.get_one(Portal, portal_id, with_for_update=True)
    if portal.account_id is None:
        own = Account(created_at=now)
        session.add(own)
        session.flush()  # the portal names its number
        portal.account_id = own.id
    return portal.account_id


def refresh(portal: Portal, info: AppInfo, application_token: str, is_admin: bool) -> None:
    """What a proven opening tells of the portal itself."""
    portal.client_endpoint = info.client_endpoint
    portal.domain = host(info.client_endpoint)
    portal.oauth_url = info.oauth_url
    portal.scope, portal.app_status = info.scope, info.status
    portal.app_version = info.version or portal.app_version
    _take_application_token(portal, application_token, is_admin)
    if portal.status == "blocked" and (is_admin or not portal.error.startswith(NEEDS_REAUTH)):
        portal.status, portal.error = "active" if info.installed else "new", ""


def _take_application_token(portal: Portal, given: str, is_admin: bool) -> None:
    """The first one is taken from anybody proven, another one from administrators only.

    It is a field of the opened page: an employee could change it and mute the events.
    """
    stored = portal.application_token or ""
    if given and not hmac.compare_digest(given, stored) and (is_admin or not stored):
        portal.application_token = given


def keep_tokens(
    session: Session,
    portal_id: int,
    info: AppInfo,
    pair: Pair,
    is_admin: bool,
    master: bool,
    now: datetime,
) -> None:
    values = {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_at": pair.expires_at,
        "is_admin": is_admin,
        "dead": False,
        "error": "",
        "renewed_at": now,
        "endpoint": info.client_endpoint,
        "renewing_until": None,
        "renewing_by": "",
    }
    fresh = insert(session, Token).values(
        portal_id=portal_id, user_id=info.user_id, is_master=master and is_admin, **values
    )
    again = values | ({"is_master": True} if master and is_admin else {})
    session.execute(
        fresh.on_conflict_do_update(index_elements=["portal_id", "user_id"], set_=again)
    )


def remember(
    session: Session, portal_id: int, user_id: int, profile: dict[str, Any], now: datetime
) -> Operator:
    """The employee's row; what the portal did not tell this time stays as it was."""
    told = _person(profile)
    fresh = insert(session, Operator).values(
        {
            "portal_id": portal_id,
            "user_id": user_id,
            "name": f"#{user_id}",
            "photo_url": "",
            "is_admin": False,
            "active": True,
            "preferences": {},
            "seen_at": now,
        }
        | told
    )
    again = told | {"seen_at": now, "active": True}
    session.execute(
        fresh.on_conflict_do_update(index_elements=["portal_id", "user_id"], set_=again)
    )
    return session.scalars(
        select(Operator)
        .where(Operator.portal_id == portal_id, Operator.user_id == user_id)
        .execution_options(populate_existing=True)
    ).one()


def _person(profile: dict[str, Any]) -> dict[str, Any]:
    if not profile:
        return {}
    names = (str(profile.get(part) or "").strip() for part in ("NAME", "LAST_NAME"))
    photo = profile.get("PERSONAL_PHOTO")
    told = {
        "is_admin": profile.get("ADMIN") is True or str(profile.get("ADMIN")).upper() == "Y",
        "photo_url": photo[:1000] if isinstance(photo, str) and photo.startswith("http") else "",
    }
    name = " ".join(filter(None, names))[:200]
    return told | ({"name": name} if name else {})
