"""What all pages share: who looks and in which language, the menu, live parts, the answers."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from sandbox.portal.browser_texts import RUSSIAN, SCRIPT_TEXTS
from sandbox.portal.portal import Portal
from sandbox.portal.registry import METHODS, Call, Page, RestError
from sandbox.portal.state import Placement

LANGS = ("ru", "en")
USER_COOKIE = "portal_user"
LANG_COOKIE = "portal_lang"
APP_PAGE = "/marketplace/app/1/"
TONES = ("#3f7fb5", "#8a5fb8", "#b8622f", "#2f8f6d", "#b04a6a", "#5a6f86")
SWITCHES = ("user", "lang", "frame_mode", "_live")

ASSETS = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

View = Callable[..., Any]
Key = TypeVar("Key")
Value = TypeVar("Value")


class Refused(Exception):
    """A deed the portal does not allow now; the text is for the person who tried."""


class Missing(Exception):
    """There is no such page, item or line on this portal."""


def found(known: Mapping[Key, Value], key: Key) -> Value:
    """What is known under a key.

    Raises:
        Missing: nothing is.
    """
    if key not in known:
        raise Missing(str(key))
    return known[key]


class Pages:
    """Makes pages of one portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.blueprint = Blueprint("browser", __name__, template_folder="templates")
        self.blueprint.after_request(self._seal)
        self.blueprint.add_url_rule("/_static/<name>", "asset", asset)

    def route(self, rule: str, view: View, *methods: str) -> None:
        """A page or a request under `rule`; the portal stands still while it is answered."""
        endpoint = f"{view.__module__.rsplit('.', 1)[-1]}_{view.__name__}_{rule.strip('/')}"
        endpoint = endpoint.replace(".", "_")
        self.blueprint.add_url_rule(
            rule, endpoint, self._guarded(view), methods=list(methods or ("GET",))
        )

    def _guarded(self, view: View) -> View:
        @wraps(view)
        def guarded(**parts: Any) -> Any:
            try:
                with self.portal.lock:
                    return view(self, **parts)
            except Missing:
                return self._wrong(404, self.say("There is no such page on this portal."))
            except Refused as error:
                return self._wrong(400, self.say(str(error)))
            except RestError as error:
                return self._wrong(400, f"{error.code}: {error}")

        return guarded

    def _wrong(self, status: int, text: str) -> Response:
        if request.path.startswith("/_browser/") or "_live" in request.args:
            return make_response(jsonify(error=text), status)
        page = self.page("wrong.html", self.say("Not found"), text=text, still=True)
        page.status_code = status
        return page

    def rest(self, name: str, /, **params: Any) -> Any:
        """What a REST method answers to who looks: a page's deeds are the portal's own.

        Raises:
            RestError: the portal refuses.
        """
        answer = METHODS[name.lower()].run(Call(self.portal, name, params, self.user_id))
        return answer.items if isinstance(answer, Page) else answer

    @property
    def user_id(self) -> int:
        """Who looks: chosen by `?user=`, then by the cookie; the administrator at first."""
        for chosen in (request.args.get("user"), request.cookies.get(USER_COOKIE)):
            if chosen and chosen.isdigit() and self._is_employee(int(chosen)):
                return int(chosen)
        return int(self.portal.employees()[0]["ID"])

    def _is_employee(self, user_id: int) -> bool:
        return any(int(user["ID"]) == user_id for user in self.portal.employees())

    @property
    def admin(self) -> bool:
        """Whether who looks administers the portal."""
        return self.portal.is_admin(self.user_id)

    @property
    def lang(self) -> str:
        """The language of the page: chosen by `?lang=`, by the cookie, or the portal's."""
        for chosen in (request.args.get("lang"), request.cookies.get(LANG_COOKIE)):
            if chosen in LANGS:
                return chosen
        return self.portal.settings.lang

    @property
    def framed(self) -> bool:
        """Whether the page is shown in a slider."""
        return request.args.get("IFRAME") == "Y"

    def say(self, text: str) -> str:
        """The words in the language of the page."""
        return RUSSIAN[text] if self.lang == "ru" else text

    def need_admin(self) -> None:
        """Stop who does not administer the portal.

        Raises:
            Refused: the user is not an administrator.
        """
        if not self.admin:
            raise Refused("This needs an administrator of the portal.")

    def person(self, user_id: int) -> dict[str, Any]:
        """A user as pages draw one."""
        user = self.portal.users.get(user_id, {})
        name = self.portal.user_name(user_id)
        return {
            "id": user_id,
            "name": name or "–",
            "position": user.get("WORK_POSITION") or "",
            "email": user.get("EMAIL") or "",
            "admin": self.portal.is_admin(user_id),
            **face(name, user_id),
        }

    def people(self) -> list[dict[str, Any]]:
        """The employees."""
        return [self.person(int(user["ID"])) for user in self.portal.employees()]

    def app_title(self) -> str:
        """The application's name on the market and in the menu."""
        return self.portal.settings.app_title

    def bound(self, code: str) -> list[Placement]:
        """What the application bound to a place; nothing before its installation is finished."""
        if not self.portal.installation.live:
            return []
        mine = (0, self.user_id)
        return [known for known in self.portal.placements if _is(known, code, mine)]

    def bound_title(self, placement: Placement) -> str:
        """A widget's name in the viewer's language."""
        texts = placement.lang_all or {}
        for lang in (self.lang, "en"):
            if title := texts.get(lang, {}).get("TITLE"):
                return str(title)
        return placement.title or self.app_title()

    def page(
        self,
        template: str,
        title: str,
        live: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """A page, or those of its live parts (name → template) that its script asks for."""
        everything = self._everything(title) | context
        parts = {"menu": "_menu.html", **(live or {})}
        if wanted := request.args.get("_live"):
            return _news({name: found(parts, name) for name in wanted.split(",")}, everything)
        return make_response(render_template(template, **everything))

    def _everything(self, title: str) -> dict[str, Any]:
        return {
            "_": self.say,
            "lang": self.lang,
            "title": title,
            "framed": self.framed,
            "user": self.person(self.user_id),
            "people": self.people(),
            "menu": self._menu(),
            "background": self._background(),
            "script_texts": {text: self.say(text) for text in SCRIPT_TEXTS},
            "with_query": with_query,
            "still": False,
        }

    def _menu(self) -> list[dict[str, Any]]:
        say = self.say
        groups = [
            ("", [("/stream/", say("News"), "stream"), ("/online/", say("Open Lines"), "lines")]),
            ("CRM", [(f"/crm/{k}/", say(t), k) for k, t in CRM_MENU]),
            ("", [("/contact_center/", say("Contact Center"), "center")]),
            ("", [("/market/", say("Market"), "market")]),
            (say("Applications"), self._app_links()),
        ]
        return [
            {"name": name, "links": [self._link(*link) for link in links]}
            for name, links in groups
            if links
        ]

    def _app_links(self) -> list[tuple[str, str, str]]:
        if not self.portal.installation.present:
            return []
        widgets = [
            (f"/marketplace/app/placement/{known.id}/", self.bound_title(known), "chat")
            for known in self.bound("LEFT_MENU")
        ]
        return [*widgets, (APP_PAGE, self.app_title(), "app")]

    def _link(self, url: str, title: str, icon: str) -> dict[str, Any]:
        return {
            "url": url,
            "title": title,
            "icon": icon,
            "key": f"menu-{url.strip('/').replace('/', '-')}",
            "active": request.path.startswith(url),
            "count": self._waiting() if url == "/online/" else 0,
        }

    def _waiting(self) -> int:
        return sum(session.status == "new" for session in self.portal.sessions.values())

    def _background(self) -> list[dict[str, Any]]:
        return [
            {"placement": known.code, "binding": known.id, "options": {"ID": str(known.id)}}
            for known in self.bound("PAGE_BACKGROUND_WORKER")
        ]

    def _seal(self, response: Response) -> Response:
        for name, cookie in (("user", USER_COOKIE), ("lang", LANG_COOKIE)):
            if request.args.get(name):
                chosen = self.user_id if name == "user" else self.lang
                response.set_cookie(cookie, str(chosen), samesite="Lax")
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = self._policy()
            response.headers["Cache-Control"] = "no-store"
        return response

    def _policy(self) -> str:
        own = " ".join(sorted({origin_of(url) for url in self._app_urls()}))
        return "; ".join(
            (
                "default-src 'self'",
                f"img-src 'self' data: blob: {own}",
                "style-src 'self' 'unsafe-inline'",
                f"frame-src 'self' {own}",
                f"form-action 'self' {own}",
                "frame-ancestors 'self'",
                "base-uri 'none'",
            )
        )

    def _app_urls(self) -> list[str]:
        settings = self.portal.settings
        bound = [known.handler for known in self.portal.placements]
        handlers = [known.handler for known in self.portal.connectors.values()]
        return [settings.app_url, settings.installer_url, *bound, *filter(None, handlers)]


CRM_MENU = (
    ("deal", "Deals"),
    ("lead", "Leads"),
    ("contact", "Contacts"),
    ("company", "Companies"),
)


def _is(placement: Placement, code: str, users: tuple[int, int]) -> bool:
    return placement.code == code and placement.user_id in users


def asset(name: str) -> Response:
    """A style, script or picture of the pages, always as it is on the disk now."""
    path = ASSETS / name
    if path.suffix not in KINDS or not path.is_file():
        return Response("No such file", 404)
    return Response(path.read_bytes(), mimetype=KINDS[path.suffix])


def _news(parts: Mapping[str, str], context: Mapping[str, Any]) -> Response:
    html = {name: render_template(part, **context) for name, part in parts.items()}
    body = json.dumps(html)
    version = hashlib.sha256(body.encode()).hexdigest()[:20]
    if request.headers.get("X-Known") == version:
        return Response(status=204)
    return Response(body, mimetype="application/json", headers={"X-Version": version})


def face(name: str, number: int) -> dict[str, Any]:
    """Initials and a colour for whoever has no photo."""
    initials = "".join(word[0] for word in name.split()[:2]).upper()
    return {"initials": initials or "?", "tone": TONES[number % len(TONES)]}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_query(**changes: Any) -> str:
    """The address of this page with some parameters changed."""
    query = {k: v for k, v in request.args.items() if k not in SWITCHES}
    return f"{request.path}?{urlencode({**query, **changes})}"
