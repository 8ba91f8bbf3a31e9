"""/login, /oauth/callback, /app: the same pages outside Bitrix24, for whom it vouches.

A sign-in begins in a browser that gets a cookie, and ends in the same one: the state that
comes back with the code is ours, counts once and belongs to that cookie.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, redirect, request
from flask import render_template as rendered
from werkzeug.exceptions import HTTPException

from b24app import clock
from b24app.actions import portal_list, signin
from b24app.actions.portal_list import Asker, Door
from b24app.actions.portals import Verified
from b24app.bitrix import wire
from b24app.config import Config
from b24app.db import reading, transaction
from b24app.errors import AppError, Busy, Denied, Stranger
from b24app.i18n import LANGUAGES, N_, say
from b24app.models import Portal
from b24app.web import cookies, guard, refusals, shell, spent
from b24app.web.assets import NotBuilt
from b24app.web.guard import Viewer
from b24app.web.i18n import reader
from b24app.web.sealed import seal, unseal
from b24app.web.shell import Scene

DOOR_LIFE = timedelta(minutes=5)
UNFINISHED = N_("The sign-in was not finished in this browser, or was too long ago. Begin again.")
WRONG_ADDRESS = N_("This is no address of a Bitrix24. Enter it like company.bitrix24.com.")
OTHER_PERSON = N_("Sign in as the employee who opened this page in Bitrix24.")
TROUBLE = N_("Something went wrong here. Try again in a minute.")
PATHS = {"settings": "/app/settings", "workspace": "/app"}
BODY_LIMIT_BYTES = 16 * 1024

blueprint = Blueprint("signin", __name__)


def ticket(door: Door, asking: Viewer, now: datetime) -> str:
    """An address that takes its opener through the sign-in of a portal; it counts once."""
    told = {
        "origin": door.origin,
        "account": door.account_id,
        "invite": door.invite_id,
        "portal": asking.portal_id,
        "user": asking.user_id,
        "number": secrets.token_urlsafe(12),
    }
    config: Config = current_app.config["CALLGEAR"]
    return f"{config.public_url}/login/to/{seal('portal door', told, now + DOOR_LIFE)}"


@blueprint.before_request
def prepare() -> None:
    request.max_content_length = request.max_form_memory_size = BODY_LIMIT_BYTES
    chosen = request.values.get("lang")
    g.language = chosen if chosen in LANGUAGES else ""  # "": as the browser says


@blueprint.get("/login")
def ask() -> Response:
    return _form(cookies.remembered_domain())


@blueprint.post("/login")
def go() -> Response:
    guard.check_origin()
    config: Config = current_app.config["CALLGEAR"]
    given = request.form.get("domain", "")[:500]
    origin = wire.origin(given, config.allow_private_hosts)
    if not origin:
        return _form(given, WRONG_ADDRESS, 400)
    return _sent(origin, {"to": _wanted()}, clock.now())


@blueprint.get("/login/to/<door>")
def through(door: str) -> Response:
    """A portal opened from the list of portals."""
    now = clock.now()
    told = unseal("portal door", door, now)
    if told is None or not spent.spend(f"door:{told['number']}", _seconds(DOOR_LIFE)):
        raise Stranger(UNFINISHED, code="door_over")
    if told["invite"] is None:
        return _sent(told["origin"], {"to": "settings"}, now)
    return _together(told, now)


@blueprint.get(cookies.CALLBACK)
def back() -> Response:
    """The portal sends the browser back with a code."""
    now = clock.now()
    errand = _errand(now)
    code = request.args.get("code", "")[:500]
    if not code:
        raise Stranger(UNFINISHED, code="no_code")
    server = request.args.get("server_domain", "")[:255]
    seen = signin.sign_in(code, server, errand["host"], now)
    join = errand.get("join")
    if join is None:
        domain = errand["origin"].removeprefix("https://")
        return _let_in(seen, errand["to"], domain, now)
    return _asker_shown(join, seen, now) if join["first"] else _confirm(join, seen, now)


@blueprint.post("/login/join")
def join() -> Response:
    """The person agrees that two portals are looked after together."""
    guard.check_origin()
    now = clock.now()
    known = cookies.session(now)
    told = unseal("portals together", request.form.get("token"), now)
    if known is None or told is None or told["session"] != known.number:
        raise Stranger(UNFINISHED, code="join_over")
    asker = Asker(told["portal"], told["user"], True)
    with transaction():
        joining = Asker(known.portal_id, known.user_id, True)
        portal_list.join(told["invite"], asker, joining, now)
    return _redirect(PATHS["settings"])


@blueprint.get("/app")
def workspace() -> Response:
    return _page("workspace", "left_menu")


@blueprint.get("/app/settings")
def settings() -> Response:
    return _page("settings", "home")


@blueprint.get("/logout")
def leaving() -> Response:
    """A question: only the answer signs out, so no link of another page does."""
    return _drawn("logout")


@blueprint.post("/logout")
def leave() -> Response:
    guard.check_origin()
    answer = _redirect("/login")
    cookies.end(answer, clock.now())
    return answer


@blueprint.errorhandler(AppError)
def refused(error: AppError) -> Response:
    refusals.note("signin", error)
    own = error.status < 500 or isinstance(error, Busy | NotBuilt)
    return _drawn("notice", error.status, text=say(error.message if own else TROUBLE, reader()))


@blueprint.errorhandler(HTTPException)
def http_refused(error: HTTPException) -> Response:
    return _drawn("notice", error.code or 500, text=say(TROUBLE, reader()))


def _sent(origin: str, errand: dict[str, Any], now: datetime) -> Response:
    """To the portal, with a state that only this browser can bring back."""
    nonce = secrets.token_urlsafe(18)
    state = seal("sign-in state", {"nonce": nonce}, now + cookies.ERRAND_LIFE)
    answer = _redirect(signin.authorize_url(origin, state))
    told = {**errand, "nonce": nonce, "host": wire.host(origin), "origin": origin}
    cookies.keep_errand(answer, told, now)
    return answer


def _errand(now: datetime) -> dict[str, Any]:
    """What the sign-in that comes back was for.

    Raises:
        Stranger: the state is not ours, not this browser's, too old, or came back before.
    """
    state = unseal("sign-in state", request.args.get("state"), now)
    errand = cookies.errand(now)
    if state is None or errand is None:
        raise Stranger(UNFINISHED, code="state")
    if not hmac.compare_digest(state["nonce"], errand["nonce"]):
        raise Stranger(UNFINISHED, code="state")
    if not spent.spend(f"state:{state['nonce']}", _seconds(cookies.ERRAND_LIFE)):
        raise Stranger(UNFINISHED, code="state")
    return errand


def _together(told: dict[str, Any], now: datetime) -> Response:
    """Who adds a portal shows in this browser who they are: first at the portal they added
    it from (unless they are signed in there), then at the one they added."""
    home = _portal(told["portal"])
    known = cookies.session(now)
    shown = known and (known.portal_id, known.user_id) == (told["portal"], told["user"])
    origin = told["origin"] if shown else home.origin
    return _sent(origin, {"join": {**told, "first": not shown}}, now)


def _asker_shown(join: dict[str, Any], seen: Verified, now: datetime) -> Response:
    if (seen.portal_id, seen.user_id) != (join["portal"], join["user"]):
        raise Denied(OTHER_PERSON, code="other_person")
    if not seen.is_admin:
        raise Denied(portal_list.NO_ADMIN, code="not_admin")
    answer = _sent(join["origin"], {"join": {**join, "first": False}}, now)
    cookies.keep(answer, cookies.started(seen.portal_id, seen.user_id, reader(), now), now)
    return answer


def _confirm(join: dict[str, Any], seen: Verified, now: datetime) -> Response:
    """Administrator of both: now it is theirs to say whether the portals belong together."""
    if not seen.is_admin:
        raise Denied(portal_list.NO_ADMIN, code="not_admin")
    with reading():
        portal_list.waiting(join["invite"], join["account"])
    session = cookies.started(seen.portal_id, seen.user_id, reader(), now)
    names = ("invite", "portal", "user")
    told = {**{name: join[name] for name in names}, "session": session.number}
    token = seal("portals together", told, now + cookies.ERRAND_LIFE)
    here, there = _portal(join["portal"]).domain, _portal(seen.portal_id).domain
    answer = _drawn("join", token=token, here=here, there=there)
    cookies.keep(answer, session, now)
    cookies.drop_errand(answer)
    return answer


def _let_in(seen: Verified, to: str, domain: str, now: datetime) -> Response:
    answer = _redirect(PATHS[to])
    cookies.keep(answer, cookies.started(seen.portal_id, seen.user_id, reader(), now), now)
    cookies.remember_domain(answer, domain)
    cookies.drop_errand(answer)
    return answer


def _page(entry: str, placement: str) -> Response:
    """The shell for whom the cookie vouches; the way in for everybody else."""
    now = clock.now()
    known = cookies.session(now)
    try:
        found = cookies.viewer(known, placement) if known else None
    except Stranger:
        found = None
    if found is None:
        return _redirect(f"/login?to={entry}")
    viewer, status = found
    g.language = viewer.language
    if status != "active":
        raise Denied(guard.STOPPED, code=f"portal_{status}")
    if entry == "settings" and not guard.may_configure(viewer):
        return _redirect(PATHS["workspace"])
    return shell.page(Scene(entry, viewer, _conversation()), now)


def _conversation() -> str | None:
    number = request.args.get("conversation", "")
    return number if number.isascii() and number.isdecimal() and len(number) < 16 else None


def _portal(portal_id: int) -> Portal:
    with reading() as session:
        portal = session.get(Portal, portal_id, populate_existing=True)
        if portal is None:
            raise Denied(guard.STOPPED)
        session.expunge(portal)
    return portal


def _wanted() -> str:
    to = request.values.get("to", "")
    return to if to in PATHS else "settings"


def _form(domain: str, problem: str = "", status: int = 200) -> Response:
    told = say(problem, reader())
    return _drawn("login", status, domain=domain, to=_wanted(), problem=told)


def _drawn(name: str, status: int = 200, **told: Any) -> Response:
    html = rendered(f"standalone/{name}.html", language=reader(), **told)
    answer = shell.secured(make_response(html, status), _policy())
    # A browser that tells nobody where it comes from says `Origin: null` with our own forms.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def _policy() -> str:
    """Browsers check where a form's answer leads, too: to a portal, wherever it is."""
    config: Config = current_app.config["CALLGEAR"]
    portals = "https: http:" if config.allow_private_hosts else "https:"
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "img-src 'self'",
            f"form-action 'self' {portals}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _redirect(address: str) -> Response:
    """With a 303: whatever was posted is not posted there again."""
    answer = make_response(redirect(address, 303))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _seconds(life: timedelta) -> int:
    return int(life.total_seconds()) + 60
