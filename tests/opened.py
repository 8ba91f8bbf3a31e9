"""A sandbox portal at the application's door, its openings and its events."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from b24app import clock, http
from b24app.actions import portals
from b24app.actions.portals import Verified
from b24app.bitrix.payloads import Frame, PortalEvent
from b24app.db import db, transaction
from b24app.models import Portal as PortalRow
from sandbox.portal import create_portal
from sandbox.portal.events import auth_block
from sandbox.portal.oauth import OAuthServer
from sandbox.portal.portal import Portal
from sandbox.portal.settings import PortalSettings
from sandbox.wsgi_adapter import WsgiAdapter

SECRET = "sandbox-secret"
HOME, AWAY = "localhost:7200", "localhost:7230"
ANNA, BORIS, VERA = 1, 2, 3


@contextmanager
def portal(domain: str = HOME, oauth: OAuthServer | None = None, **more: Any) -> Iterator[Portal]:
    """A portal that answers in this process; the first one brings the OAuth server along."""
    settings = PortalSettings(domain=domain, client_secret=SECRET, **more)
    made = create_portal(settings, oauth=oauth)
    doors = {f"http://{domain}": made.app}
    if oauth is None:
        doors[settings.oauth_url] = made.oauth_app
    for address, app in doors.items():
        http.mount(address, WsgiAdapter(app))
    yield made
    for address in doors:
        http.unmount(address)


@contextmanager
def mounted(domain: str, home: Portal) -> Iterator[None]:
    """The same portal at another address."""
    http.mount(f"http://{domain}", WsgiAdapter(home.app))
    yield
    http.unmount(f"http://{domain}")


def frame(
    home: Portal,
    user_id: int = ANNA,
    *,
    query: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Frame:
    """An opening by an employee; `query` and `form` forge parts of it."""
    url, fields = home.frame_form(user_id=user_id)
    asked = dict(parse_qsl(urlsplit(url).query))
    return Frame.from_request(asked | dict(query or {}), fields | dict(form or {}))


def installed(home: Portal) -> Verified:
    """The application installed by Anna, to the end."""
    home.install(ANNA)
    verified = portals.install(frame(home), clock.now())
    home.finish_install(ANNA)
    with transaction() as session:
        row = session.get_one(PortalRow, verified.portal_id)
        row.status, row.installed_at = "active", clock.now()
    return verified


def event(
    home: Portal, name: str, data: Any = None, user_id: int = ANNA, **auth: str
) -> PortalEvent:
    """An event of the portal; `auth` forges parts of its block."""
    block = {key: str(value) for key, value in auth_block(home, name, user_id).items()}
    return PortalEvent.from_form({"event": name, "data": data or {}, "auth": block | auth})


def row(portal_id: int) -> PortalRow:
    """The portal's row as it is now; nothing stays open behind it."""
    db.session.rollback()
    found = db.session.get_one(PortalRow, portal_id, populate_existing=True)
    db.session.expunge(found)
    db.session.rollback()
    return found
