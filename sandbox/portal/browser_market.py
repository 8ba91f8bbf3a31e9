"""The news page, the market, the application's page, people: where an administrator installs."""

import json
from typing import Any

from flask import Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.portal.browser_page import APP_PAGE, SWITCHES, Missing, Pages, Refused, found
from sandbox.portal.state import Placement

IN_SLIDER = "IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER"


def add_to(pages: Pages) -> None:
    """The pages and requests of this file."""
    pages.route("/", front)
    pages.route("/stream/", stream)
    pages.route("/company/personal/user/<int:number>/", employee)
    pages.route("/market/", market)
    pages.route("/market/detail/<code>/", detail)
    pages.route(APP_PAGE, app_page)
    pages.route("/marketplace/app/placement/<int:number>/", widget)
    pages.route("/marketplace/view/<code>/", deep_link)
    pages.route("/_browser/install", install, "POST")
    pages.route("/_browser/update", update, "POST")
    pages.route("/_browser/uninstall", uninstall, "POST")


def front(pages: Pages) -> AnyResponse:
    """The portal opens at its news."""
    return redirect("/stream/")


def stream(pages: Pages) -> Response:
    """A greeting and where to go."""
    starts = [
        (f"/market/detail/{pages.portal.settings.app_code}/", "Market", "market", "#0b8fd8"),
        ("/crm/deal/", "Deals", "deal", "#2f8f6d"),
        ("/contact_center/", "Contact Center", "center", "#8a5fb8"),
        ("/online/", "Open Lines", "lines", "#b8622f"),
    ]
    links = [{"url": u, "title": pages.say(t), "icon": i, "tone": c} for u, t, i, c in starts]
    return pages.page("stream.html", pages.say("News"), starts=links)


def employee(pages: Pages, number: int) -> Response:
    """Somebody's profile.

    Raises:
        Missing: there is no such user.
    """
    found(pages.portal.users, number)
    person = pages.person(number)
    return pages.page("user.html", person["name"], person=person)


def market(pages: Pages) -> Response:
    """What the market offers: one application."""
    return pages.page("market/index.html", pages.say("Market"), app=_app(pages))


def detail(pages: Pages, code: str) -> Response:
    """The application's page on the market."""
    _check_code(pages, code)
    features = [
        {"icon": icon, "title": pages.say(title), "text": pages.say(text)}
        for icon, title, text in FEATURES
    ]
    return pages.page("market/detail.html", pages.say("Market"), app=_app(pages), features=features)


FEATURES = (
    ("chat", "All channels", "Telegram, the chat on your site and other messengers in one list."),
    ("deal", "In the deal", "Read and answer the client without leaving the deal card."),
    ("lines", "Open Lines", "The same chat lives in Open Lines if you use them."),
)


def _check_code(pages: Pages, code: str) -> None:
    settings = pages.portal.settings
    if code not in (settings.app_code, settings.client_id):
        raise Missing(code)


def _app(pages: Pages) -> dict[str, Any]:
    settings, installation = pages.portal.settings, pages.portal.installation
    return {
        "title": settings.app_title,
        "url": f"/market/detail/{settings.app_code}/",
        "page": APP_PAGE,
        "scope": settings.scope.split(","),
        "version": installation.version,
        "present": installation.present,
        "finished": installation.finished,
    }


def app_page(pages: Pages) -> Response:
    """The application itself, its installer, or a word to who must wait for the administrator."""
    installation = pages.portal.installation
    if not installation.present or not (installation.finished or pages.admin):
        return _stub(pages)
    return _framed(pages, {"placement": "DEFAULT", "options": _given_options()})


def _given_options() -> dict[str, Any]:
    """Parameters of openApplication, or the mirrored query of the page."""
    if given := request.args.get("options"):
        return _object(given)
    return {name: value for name, value in request.args.items() if name not in SWITCHES}


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Refused("The parameters cannot be read.") from error
    if not isinstance(value, dict):
        raise Refused("The parameters cannot be read.")
    return value


def widget(pages: Pages, number: int) -> Response:
    """A page of one widget: the left menu's, Contact Center's, a toolbar's.

    Raises:
        Missing: no such widget, or the application is not installed.
    """
    bound = _bound(pages, number)
    options = {name: value for name, value in request.args.items() if name in OWN_OPTIONS}
    if bound.code == "CONTACT_CENTER":
        options["ID"] = str(bound.id)
    wanted = {"placement": bound.code, "binding": bound.id, "options": options}
    return _framed(pages, wanted, pages.bound_title(bound))


OWN_OPTIONS = ("ID", "ENTITY_ID", "dialogId", "messageId")


def _bound(pages: Pages, number: int) -> Placement:
    if not pages.portal.installation.live:
        raise Missing(str(number))
    return found({known.id: known for known in pages.portal.placements}, number)


def deep_link(pages: Pages, code: str) -> Response:
    """The application opened by a link with `params[name]=value`."""
    _check_code(pages, code)
    if not pages.portal.installation.live:
        return _stub(pages)
    options = {name[7:-1]: value for name, value in request.args.items() if _is_param(name)}
    for bound in pages.bound("REST_APP_URI"):
        return _framed(pages, {"placement": bound.code, "binding": bound.id, "options": options})
    return _framed(pages, {"placement": "DEFAULT", "options": options})


def _is_param(name: str) -> bool:
    return name.startswith("params[") and name.endswith("]")


def _framed(pages: Pages, wanted: dict[str, Any], title: str = "") -> Response:
    return pages.page("app/page.html", title or pages.app_title(), wanted=wanted)


def _stub(pages: Pages) -> Response:
    return pages.page(
        "app/stub.html",
        pages.app_title(),
        present=pages.portal.installation.present,
        market_url=f"/market/detail/{pages.portal.settings.app_code}/",
    )


def install(pages: Pages) -> Response:
    """The Install button: the application is registered and its installer opens in a slider."""
    pages.need_admin()
    if not (request.form.get("license") and request.form.get("privacy")):
        raise Refused("Accept both agreements first.")
    if not pages.portal.installation.present:
        pages.portal.install(pages.user_id)
    return jsonify(slider=f"{APP_PAGE}?{IN_SLIDER}")


def update(pages: Pages) -> Response:
    """The Update button: a new version; its installer opens in a slider."""
    pages.need_admin()
    if not pages.portal.installation.present:
        raise Refused("The application is not installed on this portal.")
    pages.portal.update(pages.user_id)
    return jsonify(slider=f"{APP_PAGE}?{IN_SLIDER}")


def uninstall(pages: Pages) -> Response:
    """The Delete button."""
    pages.need_admin()
    pages.portal.uninstall(pages.user_id, clean=request.form.get("clean") == "Y")
    return jsonify(url=f"/market/detail/{pages.portal.settings.app_code}/")
