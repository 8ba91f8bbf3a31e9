"""The client of a portal, put together: tokens, budget, log and this thread's session."""

import logging
from datetime import timedelta

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from b24app import clock, http
from b24app.actions import budget, line_checks
from b24app.actions.apart import apart
from b24app.actions.tokens import TokenStore
from b24app.bitrix.client import Client, LogEntry, TokenSource
from b24app.bitrix.oauth import OAuth
from b24app.config import Config
from b24app.db import db, transaction
from b24app.models import RestCall
from b24app.models.job import LATER, promise

PROBE = timedelta(hours=1)
log = logging.getLogger(__name__)


class RestLog:
    """Keeps every request and answer, whatever becomes of the caller's transaction."""

    def __init__(self, portal_id: int, engine: Engine) -> None:
        self._portal_id = portal_id
        self._engine = engine

    def write(self, entry: LogEntry) -> None:
        try:
            with apart(self._engine) as session:
                session.add(
                    RestCall(
                        portal_id=self._portal_id,
                        request_id=entry.request_id,
                        method=entry.method[:80],
                        request=entry.request,
                        response=entry.response,
                        status=entry.status,
                        error=entry.error[:200],
                        milliseconds=entry.milliseconds,
                        at=entry.at,
                    )
                )
        except SQLAlchemyError as error:  # the call itself was made, and that is what counts
            log.warning("portal %s: a REST call was not logged: %s", self._portal_id, error)


def client(
    portal_id: int, user_id: int | None = None, *, tokens: TokenSource | None = None
) -> Client:
    """A client of the portal; calls use the token of `user_id`, or an administrator's.

    For this thread and not for keeping: its session belongs to the thread. No database
    transaction may be open while it calls.
    """
    return Client(
        tokens or store(portal_id),
        budget.governor(portal_id),
        RestLog(portal_id, db.engine),
        http.session(),
        user_id=user_id,
    )


def store(portal_id: int) -> TokenStore:
    private = _config().allow_private_hosts
    return TokenStore(portal_id, db.engine, oauth, stopped=watch, allow_http=private)


def watch(portal_id: int) -> None:
    """Look after a portal that was stopped: it may be well again by itself."""
    now = clock.now()
    with transaction():
        promise(
            "probe",
            f"probe:{portal_id}",
            now,
            portal_id=None,
            priority=LATER,
            due_at=now + PROBE,
            payload={"portal_id": portal_id},
        )
        line_checks.ask(portal_id, now)  # events of these days are lost


def oauth() -> OAuth:
    """The configured OAuth servers, asked by this thread's session."""
    config = _config()
    return OAuth(config.client_id, config.client_secret, config.oauth_urls, http.session())


def _config() -> Config:
    config: Config = current_app.config["CALLGEAR"]
    return config
