"""The pages inside Bitrix24's frames: boot data, a skeleton, the security headers."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, make_response, render_template
from sqlalchemy import select

from b24app import __version__
from b24app.config import Config
from b24app.db import reading
from b24app.errors import NotFound
from b24app.models import Operator, Portal
from b24app.web import assets, guard
from b24app.web.guard import Viewer

ORIGIN = re.compile(r"https?://[\w.-]+(:\d+)?", re.ASCII)
PLAIN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a page begins with.

    Args:
        entry: the front end's part: workspace, deal, connector, settings or install.
        conversation: the chat to open at once.
        connected: on a connector form, whether the line is served already.
    """

    entry: str
    viewer: Viewer
    conversation: str | None = None
    connected: bool = False


def page(scene: Scene, now: datetime) -> Response:
    """The shell of a frame for a verified viewer."""
    found = assets.entry(scene.entry)
    data = boot(scene, now)
    g.language = data["lang"]
    html = render_template("placement/shell.html", boot=data, assets=found, entry=scene.entry)
    policy = _policy(data["portal"]["origin"], framed=not scene.viewer.standalone)
    return secured(make_response(html), policy)


def plain(title: str, text: str, status: int, language: str) -> Response:
    """A page with a sentence and nothing else; it may be framed, for it holds nothing."""
    html = render_template("placement/plain.html", title=title, text=text, language=language)
    return secured(make_response(html, status), PLAIN_POLICY)


def boot(scene: Scene, now: datetime) -> dict[str, Any]:
    """What the front end knows before its first call."""
    viewer = scene.viewer
    portal, operator = _who(viewer)
    preferences = operator.preferences if operator else {}
    viewer = replace(viewer, language=preferences.get("lang") or viewer.language)
    return {
        "token": guard.mint(viewer, now),
        "expires_in": int(guard.TOKEN_LIFE.total_seconds()),
        "placement": viewer.placement,
        "lang": viewer.language,
        "theme": "dark" if preferences.get("theme") == "dark" else "light",
        "version": __version__,
        "portal": _portal(portal),
        "user": _user(viewer, operator),
        "entity": _entity(viewer),
        "connector": _connector(viewer, scene.connected),
        "live_after": portal.last_event,
        "preferences": preferences,
        "conversation": scene.conversation,
        "standalone": viewer.standalone,
    }


def _who(viewer: Viewer) -> tuple[Portal, Operator | None]:
    with reading() as session:
        portal = session.get(Portal, viewer.portal_id, populate_existing=True)
        operator = session.scalar(
            select(Operator).where(
                Operator.portal_id == viewer.portal_id, Operator.user_id == viewer.user_id
            )
        )
        session.expunge_all()
    if portal is None:
        raise NotFound("This Bitrix24 is not known here.")
    return portal, operator


def _portal(portal: Portal) -> dict[str, Any]:
    return {
        "id": str(portal.id),
        "domain": portal.domain,
        "origin": portal.origin,
        "status": portal.status,
    }


def _user(viewer: Viewer, operator: Operator | None) -> dict[str, Any]:
    return {
        "id": str(viewer.user_id),
        "name": operator.name if operator else "",
        "admin": viewer.is_admin,
        "may_configure": viewer.is_admin or bool(operator and operator.may_configure),
        "photo_url": (operator.photo_url if operator else "") or None,
    }


def _entity(viewer: Viewer) -> dict[str, str] | None:
    if viewer.entity is None:
        return None
    return {"type": viewer.entity.type, "id": str(viewer.entity.id)}


def _connector(viewer: Viewer, connected: bool) -> dict[str, Any] | None:
    if viewer.line is None:
        return None
    line = viewer.line
    return {"line": str(line.line_id), "connector": line.connector, "active": connected}


def _policy(portal_origin: str, *, framed: bool = True) -> str:
    """Only the verified portal may frame the page, and only it and we are talked to.

    Args:
        framed: False: nobody may frame it.
    Source: the policy that b24ui and b24jssdk run under without violations; Safari does
    not take 'self' for WebSockets, so ours are named.
    """
    config: Config = current_app.config["CALLGEAR"]
    own = urlsplit(config.public_url)
    portal = portal_origin if ORIGIN.fullmatch(portal_origin) else ""
    sockets = f"{'wss' if own.scheme == 'https' else 'ws'}://{own.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: https: {portal}",  # photos of people are on CDNs
            "media-src 'self' blob:",
            "font-src 'self'",
            *(() if framed else ("manifest-src 'self'", "worker-src 'self'")),
            f"connect-src 'self' {portal} {sockets}",
            f"frame-ancestors 'self' {portal}" if framed else "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


def secured(answer: Response, policy: str) -> Response:
    answer.headers["Content-Security-Policy"] = policy
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    return answer
