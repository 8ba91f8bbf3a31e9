"""The workplace as an application of its own: its manifest, its worker, what it says offline.

The worker keeps nothing of anybody: one page without a word about who works here.
"""

from flask import Blueprint, Response, g, jsonify, make_response, request
from flask import render_template as rendered

from b24app.i18n import LANGUAGES, N_, say
from b24app.web import shell
from b24app.web.i18n import reader

NAME = N_("CallGear Chats")
ABOUT = N_("Chats with clients and requests of your Bitrix24")
REQUESTS = N_("Requests")
HOUR_SECONDS = 3600
THEME = "#0069e5"
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)

blueprint = Blueprint("installable", __name__)


@blueprint.before_request
def prepare() -> None:
    chosen = request.args.get("lang")
    g.language = chosen if chosen in LANGUAGES else ""  # "": as the browser says


@blueprint.get("/app/manifest.webmanifest")
def manifest() -> Response:
    """Source: w3.org/TR/appmanifest"""
    language = reader()
    told = {
        "id": "/app",
        "name": say(NAME, language),
        "short_name": say(NAME, language),
        "description": say(ABOUT, language),
        "lang": language,
        "start_url": "/app",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": THEME,
        "icons": [
            {"src": f"/static/img/{name}", "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
        "shortcuts": [{"name": say(REQUESTS, language), "url": "/app#/requests"}],
    }
    answer = jsonify(told)
    answer.mimetype = "application/manifest+json"
    return _for_an_hour(answer)


@blueprint.get("/app/worker.js")
def worker() -> Response:
    """Below /app, so it minds the workplace's pages and no others."""
    answer = make_response(rendered("standalone/worker.js", language=reader()))
    answer.mimetype = "text/javascript"
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = "/app"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.get("/app/offline")
def offline() -> Response:
    html = rendered("standalone/offline.html", language=reader())
    return shell.secured(make_response(html), shell.PLAIN_POLICY)


def _for_an_hour(answer: Response) -> Response:
    answer.headers["Cache-Control"] = f"public, max-age={HOUR_SECONDS}"
    answer.headers["Vary"] = "Accept-Language"
    return answer
