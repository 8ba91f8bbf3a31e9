"""What the page asks its server on behalf of an application's frame."""

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Response, jsonify, request

from sandbox.portal import install
from sandbox.portal.browser_page import APP_PAGE, Pages, Refused, found, origin_of
from sandbox.portal.state import Frame

MODES = ("", "silent", "late", "twice", "objects", "foreign")
SHAPES: dict[str, Any] = {"options_empty": "", "options_list": [], "options_text": '{"ID":"1"}'}
EVENTS = {"PAGE_BACKGROUND_WORKER": ["BackgroundCallCard::initialized"]}


def add_to(pages: Pages) -> None:
    """The requests of this file."""
    pages.route("/_browser/frame", open_frame, "POST")
    pages.route("/_browser/first_run", first_run, "POST")
    pages.route("/_browser/refresh", refresh, "POST")
    pages.route("/_browser/install_finish", install_finish, "POST")
    pages.route("/_browser/option", option, "POST")
    pages.route("/_browser/users", users)
    pages.route("/_browser/access", access)


def open_frame(pages: Pages) -> Response:
    """Everything the page needs to draw a frame and to answer its messages."""
    placement, mode = request.form.get("placement", ""), request.form.get("mode", "")
    denied = _denied(mode)
    frame = install.frame_form(
        pages.portal,
        placement,
        _options(placement),
        pages.user_id,
        handler=_handler(pages, placement),
        lang=pages.lang,
    )
    return jsonify(
        sid=frame.sid,
        name=_name(pages, frame.sid, mode),
        url=frame.url,
        origin=origin_of(frame.url),
        fields=_shaped_fields(pages, frame, mode),
        init=_shaped_init(pages, frame, mode),
        placement=frame.placement,
        events=EVENTS.get(frame.placement, []),
        app_page=APP_PAGE,
        title=pages.app_title(),
        mode=mode,
        denied=denied,
    )


def _denied(mode: str) -> list[str]:
    if mode.startswith("deny:"):
        return mode.removeprefix("deny:").split(",")
    if mode not in MODES and mode not in SHAPES:
        raise Refused("There is no such frame mode.")
    return []


def _options(placement: str) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(request.form.get("options") or "{}")
    if placement != "DEFAULT" and "dialogId" not in options:
        options["URI"] = request.form.get("uri", "")
    return options


def _handler(pages: Pages, placement: str) -> str | None:
    """Only what the application registered is ever opened, never an address from the page."""
    if placement == "DEFAULT":
        return None
    if placement == "SETTING_CONNECTOR":
        return found(pages.portal.connectors, request.form.get("connector", "")).handler
    bound = {known.id: known for known in pages.bound(placement)}
    return found(bound, request.form.get("binding", 0, type=int)).handler


def _name(pages: Pages, sid: str, mode: str) -> str:
    domain = "elsewhere.invalid" if mode == "foreign" else urlsplit(pages.portal.origin).netloc
    return f"{domain}|{1 if pages.portal.settings.secure else 0}|{sid}"


def _shaped_fields(pages: Pages, frame: Frame, mode: str) -> dict[str, str]:
    fields = pages.portal.form_fields(frame)
    if mode in SHAPES:
        fields["PLACEMENT_OPTIONS"] = json.dumps(SHAPES[mode])
    return fields


def _shaped_init(pages: Pages, frame: Frame, mode: str) -> dict[str, Any]:
    init = {**pages.portal.init_data(frame.sid), "LANG": pages.lang}
    if mode in SHAPES:
        init["PLACEMENT_OPTIONS"] = SHAPES[mode]
    return init


def _frame(pages: Pages) -> Frame:
    return found(pages.portal.frames, request.form.get("sid", ""))


def first_run(pages: Pages) -> Response:
    """setInstall: the user has seen this version."""
    pages.portal.first_run_over(_frame(pages).sid)
    return jsonify(ok=True)


def refresh(pages: Pages) -> Response:
    """refreshAuth: a fresh pair of tokens."""
    return jsonify(pages.portal.refresh_frame(_frame(pages).sid))


def install_finish(pages: Pages) -> Response:
    """setInstallFinish: the installation is over, the page goes to the application."""
    pages.need_admin()
    if not _frame(pages).install:
        raise Refused("The installation is finished already.")
    pages.portal.finish_install(pages.user_id)
    return jsonify(url=APP_PAGE)


def option(pages: Pages) -> Response:
    """setAppOption and setUserOption; answers all options of that kind."""
    installation, name = pages.portal.installation, request.form.get("name", "")
    value = json.loads(request.form.get("value") or "null")
    if request.form.get("kind") == "app":
        pages.need_admin()
        installation.options[name] = value
        return jsonify(installation.options)
    own = installation.user_options.setdefault(pages.user_id, {})
    own[name] = value
    return jsonify(own)


def users(pages: Pages) -> Response:
    """Who may be chosen in selectUser."""
    return jsonify(items=[_selectable(person) for person in pages.people()])


def _selectable(person: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(person["id"]),
        "name": person["name"],
        "photo": "",
        "position": person["position"],
        "url": f"/company/personal/user/{person['id']}/",
        "sub": False,
        "sup": False,
    }


def access(pages: Pages) -> Response:
    """What may be chosen in selectAccess: everyone, departments, people."""
    everyone = [{"id": "AU", "name": pages.say("All employees")}]
    departments = [
        {"id": f"{letter}{number}", "name": str(known.get("NAME", number))}
        for number, known in pages.portal.departments.items()
        for letter in ("D", "DR")
    ]
    people = [{"id": f"U{one['id']}", "name": one["name"]} for one in pages.people()]
    return jsonify(items=[*everyone, *departments, *people])
