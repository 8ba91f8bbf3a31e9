"""A sandbox Bitrix24 portal: REST, OAuth, CRM, Open Lines, events; README.md tells what works."""

from urllib.parse import urlencode

from flask import Flask, Response, request

from sandbox.faults import BreakingWire
from sandbox.outside import Outside
from sandbox.portal import browser, files, methods, seed
from sandbox.portal.browser_page import USER_COOKIE
from sandbox.portal.clock import Clock
from sandbox.portal.control import control_blueprint
from sandbox.portal.oauth import OAuthServer, oauth_app
from sandbox.portal.portal import Portal
from sandbox.portal.rest import Rest
from sandbox.portal.settings import PortalSettings, Switches

__all__ = ["Clock", "OAuthServer", "Portal", "PortalSettings", "Switches", "create_portal"]

assert methods  # importing them registers the methods


def create_portal(
    settings: PortalSettings | None = None,
    *,
    oauth: OAuthServer | None = None,
    outside: Outside | None = None,
    clock: Clock | None = None,
) -> Portal:
    """A portal with its applications; several portals may share one OAuth server."""
    chosen = settings or PortalSettings()
    clock = clock or (oauth.clock if oauth else Clock())
    server = oauth or OAuthServer(chosen.oauth_url, clock)
    portal = Portal(chosen, server, outside or Outside(), clock)
    server.register(chosen.member_id, portal, chosen.client_id, chosen.client_secret)
    if chosen.seed:
        seed.sow(portal)
    portal.oauth_app = oauth_app(server)
    portal.app = _app(portal)
    return portal


def _app(portal: Portal) -> Flask:
    app = Flask("sandbox_portal", root_path=__path__[0])
    app.config["MAX_CONTENT_LENGTH"] = 200_000_000
    app.config["MAX_FORM_MEMORY_SIZE"] = 200_000_000
    rest = Rest(portal)
    app.add_url_rule("/rest/download.json", "download", lambda: _download(portal))
    app.add_url_rule("/oauth/authorize/", "authorize", lambda: _authorize(portal))
    app.register_blueprint(rest.blueprint())
    app.register_blueprint(control_blueprint(portal, rest))
    app.register_blueprint(browser.blueprint(portal))
    app.wsgi_app = BreakingWire(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _download(portal: Portal) -> Response:
    """A file by its signed address."""
    file = files.by_token(portal, request.args.get("token", ""))
    if file is None:
        return Response("No such file", 404)
    return Response(file.content, content_type=file.mime)


def _signed_in(portal: Portal, asked: str | None) -> int | None:
    """Who is signed in to the portal in this browser: by `user_id` (the SDK's tests), by the
    control API, by the menu's cookie, or the administrator; None: nobody who works there."""
    chosen = asked or request.cookies.get(USER_COOKIE) or 1
    if not asked and portal.browser_user is not None:
        chosen = portal.browser_user
    people = {int(user["ID"]): user for user in portal.employees() if user["ACTIVE"]}
    return int(chosen) if int(chosen) in people else None


def _authorize(portal: Portal) -> Response:
    """The full OAuth flow: straight back to the application with a code.

    Trouble is shown here and never told to the application (app.md 2.2).
    """
    settings, asked = portal.settings, request.args
    if asked.get("client_id") != settings.client_id or not portal.installation.present:
        return Response("Application is not installed on this portal", 404)
    if asked.get("redirect_uri", settings.redirect_uri) != settings.redirect_uri:
        return Response("redirect_uri_mismatch: it stands in the application's card", 400)
    user_id = _signed_in(portal, asked.get("user_id"))
    if user_id is None:
        return Response("Sign in to this portal first", 401)
    query = {
        "code": portal.oauth.code(settings.member_id, settings.client_id, user_id),
        "state": asked.get("state", ""),
        "domain": portal.domain,
        "member_id": settings.member_id,
        "scope": portal.installation.scope,
        "server_domain": portal.oauth.url.partition("://")[2],
    }
    address = f"{settings.redirect_uri}?{urlencode(query)}"
    return Response(status=302, headers={"Location": address})
