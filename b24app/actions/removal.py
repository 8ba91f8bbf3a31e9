"""Portals that leave: stopped at once, forgotten when the OAuth server confirms it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from b24app import clock, media
from b24app.actions import promises, proofs
from b24app.actions.clients import oauth, store, watch
from b24app.actions.tokens import NEEDS_REAUTH
from b24app.bitrix import errors
from b24app.bitrix.client import Access
from b24app.bitrix.payloads import PortalEvent, wants_clean
from b24app.db import db, reading, ring_after_commit, transaction
from b24app.errors import BitrixError
from b24app.models import Attachment, Job, Portal, Token
from b24app.models.job import LATER, SOON, promise

RECHECK = timedelta(minutes=15)
RETENTION = timedelta(days=30)
NO_TOKEN = "no_token"  # noqa: S105
UNINSTALLED = "UNINSTALLED: Bitrix24 says that the application was removed."


def uninstall(portal: Portal, clean: bool, now: datetime) -> None:
    """Stop at once; what is kept goes when the OAuth server confirms the removal.

    An employee can read the application token, so an event alone must not delete anything.
    """
    if portal.status == "deleted":
        return
    portal.status, portal.error, portal.uninstalled_at = "blocked", UNINSTALLED, now
    ring_after_commit(f"portal:{portal.id}:gone")
    payload = {"portal_id": portal.id, "clean": clean}
    _promise_check("uninstall", portal.id, payload, now, now)


def confirm_uninstall(job: Job) -> None:
    """Ask the OAuth server whether we were removed; then forget the portal, or serve it again."""
    payload = _payload(job)
    portal_id, now = payload["portal_id"], clock.now()
    answer = _asked(portal_id)
    if answer in errors.GONE:
        return _forget(portal_id, bool(payload.get("clean")), now)
    if answer:
        return None  # unpaid, or no token to ask with: it rests, and nothing is deleted
    with transaction() as session:
        _serve_again(session.get(Portal, portal_id))
        if not payload.get("again"):  # the OAuth server may be late to know
            _promise_check("uninstall", portal_id, payload | {"again": True}, now, now + RECHECK)
    return None


def purge(job: Job) -> None:
    """Delete what is left of a portal that is gone, unless it came back."""
    payload = _payload(job)
    with transaction() as session:
        portal = session.get(Portal, payload["portal_id"])
        keys = _drop(session, portal) if portal and portal.status == "deleted" else []
    for key in keys:
        media.delete(key)


def probe(job: Job) -> None:
    """Look whether a portal that rests may be served again; look again later if not."""
    payload = _payload(job)
    portal_id, now = payload["portal_id"], clock.now()
    answer = _asked(portal_id)
    if answer in errors.GONE - {"invalid_grant"}:  # its ONAPPUNINSTALL was lost
        return _forget(portal_id, False, now)
    with transaction() as session:
        portal = session.get(Portal, portal_id)
        if not answer:
            _serve_again(portal)
            return None
        rests = portal is not None and portal.status == "blocked"
    if rests and answer != NO_TOKEN:
        watch(portal_id)
    return None


def _asked(portal_id: int) -> str:
    """ "" if the OAuth server says that we are installed; else the code of its refusal.

    Raises:
        BitrixError: it could not be asked.
    """
    with reading() as session:
        token = session.scalar(
            select(Token)
            .where(Token.portal_id == portal_id, Token.dead.is_(False))
            .order_by(Token.is_master.desc(), Token.is_admin.desc(), Token.renewed_at.desc())
            .limit(1)
        )
        portal = session.get(Portal, portal_id)
        if token is None or portal is None:
            return NO_TOKEN
        access = Access(token.access_token, token.user_id, portal.client_endpoint)
        server = portal.oauth_url
    return _refusal(portal_id, access, server)


def _refusal(portal_id: int, access: Access, server: str) -> str:
    """A token that is over says nothing yet: the refresh token tells for certain."""
    try:
        oauth().app_info(access.token, server)
    except BitrixError as error:
        if error.code in errors.GONE or not _says_something(error):
            return _code(error)
    else:
        return ""
    try:
        store(portal_id).renew(access)
    except BitrixError as error:
        return _code(error)
    return ""


def _says_something(error: BitrixError) -> bool:
    return error.code == "expired_token" or error.code in errors.STRANGE_TOKEN


def _code(error: BitrixError) -> str:
    """The code of a refusal; trouble on the way is no refusal and is raised."""
    known = errors.meaning(error.code)
    if known.permanent or known.token or known.portal:
        return error.code
    raise error


def _serve_again(portal: Portal | None) -> None:
    if portal and portal.status == "blocked" and not portal.error.startswith(NEEDS_REAUTH):
        portal.status, portal.error = "active" if portal.installed_at else "new", ""


def _forget(portal_id: int, clean: bool, now: datetime) -> None:
    """The portal is gone: its tokens at once, the rest now or after the time we promise."""
    proofs.forget()
    with transaction() as session:
        portal = session.get_one(Portal, portal_id)
        session.execute(delete(Token).where(Token.portal_id == portal_id))
        portal.status, portal.error, portal.application_token = "deleted", "", None
        promises.messengers(portal_id, "leave_messenger", now)
        payload = {"portal_id": portal_id}
        _promise_check("purge", portal_id, payload, now, now if clean else now + RETENTION)


def _drop(session: Session, portal: Portal) -> list[str]:
    """Delete a portal with all its rows; the keys of its files."""
    keys = session.scalars(
        select(Attachment.media_key).where(
            Attachment.portal_id == portal.id, Attachment.media_key != ""
        )
    ).all()
    session.execute(delete(Portal).where(Portal.id == portal.id))
    return list(keys)


def _payload(job: Job) -> dict[str, Any]:
    """What a job says; reading it opened a transaction, which must not wait for the network."""
    payload = dict(job.payload)
    db.session.rollback()
    return payload


def _promise_check(
    kind: str, portal_id: int, payload: dict[str, Any], now: datetime, due_at: datetime
) -> None:
    """Outside the portal's own jobs, which go with it."""
    again = ":again" if payload.get("again") else ""
    promise(
        kind,
        f"{kind}:{portal_id}{again}",
        now,
        portal_id=None,
        priority=SOON if kind == "uninstall" else LATER,
        due_at=due_at,
        payload=payload,
    )


def _uninstalled(portal: Portal, event: PortalEvent, now: datetime) -> None:
    uninstall(portal, wants_clean(event), now)


EVENTS = {"ONAPPUNINSTALL": _uninstalled}
JOBS = {"uninstall": confirm_uninstall, "purge": purge, "probe": probe}
