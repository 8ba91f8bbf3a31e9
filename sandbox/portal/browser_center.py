"""Contact Center: tiles of connectors and widgets, connecting a line, settings of lines."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from sandbox.portal import openlines
from sandbox.portal import openlines_events as tell
from sandbox.portal.browser_page import Pages, Refused, found
from sandbox.portal.state import Connector, LineLink

BUILT_IN = (
    ("phone", "Telephony", "#8a9bab"),
    ("mail", "Mail", "#8a9bab"),
    ("site", "Chat on the site", "#8a9bab"),
)
CREATIONS = (
    ("none", "Create nothing in CRM"),
    ("lead", "Create a lead"),
    ("deal", "Create a deal"),
)
TONE = "#2aabee"


def add_to(pages: Pages) -> None:
    """The pages and requests of this file."""
    pages.route("/contact_center/", center)
    pages.route("/contact_center/connector/", connector)
    pages.route("/contact_center/lines/", lines)
    pages.route("/contact_center/lines_edit/", line)
    pages.route("/_browser/center/disconnect", disconnect, "POST")
    pages.route("/_browser/center/line_add", line_add, "POST")
    pages.route("/_browser/center/line", line_save, "POST")
    pages.route("/_browser/center/line_delete", line_delete, "POST")


def center(pages: Pages) -> Response:
    """All tiles."""
    own = [_connector_tile(pages, known) for known in _visible(pages)]
    return pages.page(
        "center/index.html",
        pages.say("Contact Center"),
        {"tiles": "center/_tiles.html"},
        sections=[
            _section("own", pages.say("Messengers and channels"), [*own, *_built_in(pages)]),
            _section("partner", pages.say("Partner solutions"), _widget_tiles(pages)),
        ],
    )


def _visible(pages: Pages) -> list[Connector]:
    """Connectors of the application; like its widgets, not before it is installed."""
    known = pages.portal.connectors.values()
    return [one for one in known if one.own and pages.portal.installation.live]


def _section(key: str, title: str, tiles: list[dict[str, Any]]) -> dict[str, Any]:
    return {"key": key, "title": title if tiles else "", "tiles": tiles}


def _built_in(pages: Pages) -> list[dict[str, Any]]:
    return [
        {"key": f"built-in-{icon}", "title": pages.say(title), "icon": icon, "tone": tone}
        for icon, title, tone in BUILT_IN
    ]


def _connector_tile(pages: Pages, known: Connector) -> dict[str, Any]:
    return {
        "key": f"connector-{known.code}",
        "title": known.name,
        "url": f"/contact_center/connector/?ID={known.code}",
        "image": _image(known),
        "tone": _tone(known),
        "icon": "chat",
        "on": any(link.status for link in _links(pages, known.code)),
    }


def _image(known: Connector) -> str:
    """The connector's picture; only a picture may be named there."""
    image = str(known.icon.get("DATA_IMAGE") or "")
    return image if image.startswith("data:image/") else ""


def _tone(known: Connector) -> str:
    """The connector's colour; anything but a colour is not let into the page."""
    colour = str(known.icon.get("COLOR") or "")
    return colour if re.fullmatch(r"#[0-9a-fA-F]{3,8}|[a-z]{3,20}", colour) else TONE


def _links(pages: Pages, code: str) -> list[LineLink]:
    return [link for link in pages.portal.links.values() if link.connector == code]


def _widget_tiles(pages: Pages) -> list[dict[str, Any]]:
    return [
        {
            "key": f"widget-{known.id}",
            "title": pages.bound_title(known),
            "url": f"/marketplace/app/placement/{known.id}/",
            "tone": "#0b8fd8",
            "icon": "app",
        }
        for known in pages.bound("CONTACT_CENTER")
    ]


def connector(pages: Pages) -> Response:
    """One connector: the line, its state, and the application's settings once asked for.

    Raises:
        Missing: no such connector or line.
    """
    known = found(pages.portal.connectors, request.args.get("ID", ""))
    number = _chosen_line(pages, known)
    status = _status(pages, known.code, number)
    asked = request.args.get("open") == "Y" or status["ACTIVE_STATUS"]
    return pages.page(
        "center/connector.html",
        known.name,
        {"state": "center/_state.html", "controls": "center/_controls.html"},
        connector={
            "id": known.code,
            "name": known.name,
            "image": _image(known),
            "tone": _tone(known),
        },
        lines=[_option(pages, known, one) for one in pages.portal.lines],
        line=_line(pages, number) | {"connect_url": _page(pages, known, number, "Y")}
        if number is not None
        else None,
        status=status,
        opened=number is not None and asked,
        wanted={
            "placement": "SETTING_CONNECTOR",
            "connector": known.code,
            "options": {"CONNECTOR": known.code, "LINE": str(number), **status},
        },
    )


def _chosen_line(pages: Pages, known: Connector) -> int | None:
    """The line asked for, the first connected one, or the first there is."""
    if asked := request.args.get("LINE", type=int):
        found(pages.portal.lines, asked)
        return asked
    connected = [link.line for link in _links(pages, known.code) if link.active]
    return next(iter([*connected, *pages.portal.lines]), None)


def _page(pages: Pages, known: Connector, number: int | None, opened: str) -> str:
    query = {"ID": known.code, "LINE": number or "", "open": opened}
    return "/contact_center/connector/?" + urlencode(query | _framing(pages))


def _framing(pages: Pages) -> dict[str, str]:
    return {"IFRAME": "Y"} if pages.framed else {}


def _option(pages: Pages, known: Connector, number: int) -> dict[str, Any]:
    link = pages.portal.links.get((known.code, number))
    connected = link is not None and link.status
    url = _page(pages, known, number, "Y" if connected else "N")
    return {**_line(pages, number), "url": url, "on": connected}


def _status(pages: Pages, code: str, number: int | None) -> dict[str, bool]:
    """The flags of PLACEMENT_OPTIONS."""
    link = pages.portal.links.get((code, number or 0)) or LineLink(code, number or 0)
    return {
        "ACTIVE_STATUS": link.active,
        "CONNECTION_STATUS": link.configured,
        "REGISTER_STATUS": link.configured,
        "ERROR_STATUS": link.error,
        "STATUS": link.status,
    }


def _line(pages: Pages, number: int) -> dict[str, Any]:
    row = pages.portal.lines[number]
    return {
        "id": number,
        "name": row["LINE_NAME"],
        "settings_url": f"/contact_center/lines_edit/?ID={number}",
        "connectors": [
            _name(pages, link)
            for link in pages.portal.links.values()
            if link.line == number and link.status
        ],
    }


def _name(pages: Pages, link: LineLink) -> str:
    known = pages.portal.connectors.get(link.connector)
    return known.name if known else link.connector


def lines(pages: Pages) -> Response:
    """All Open Lines."""
    rows = [_line(pages, number) for number in pages.portal.lines]
    live = {"list": "center/_lines.html"}
    return pages.page("center/lines.html", pages.say("Open Lines"), live, lines=rows)


def line(pages: Pages) -> Response:
    """Settings of one line.

    Raises:
        Missing: no such line.
    """
    number = request.args.get("ID", 0, type=int)
    row = found(pages.portal.lines, number)
    create = row["CRM_CREATE"] if row.get("CRM") == "Y" else "none"
    shown = {
        **_line(pages, number),
        "create": create,
        "queue": openlines.queue(pages.portal, number),
    }
    creations = [(value, pages.say(text)) for value, text in CREATIONS]
    return pages.page("center/line.html", row["LINE_NAME"], line=shown, creations=creations)


def line_add(pages: Pages) -> Response:
    """A new line; asked for from a connector, that connector's page shows it."""
    name = request.form.get("name", "").strip()
    if not name:
        raise Refused("A name is needed.")
    number = int(pages.rest("imopenlines.config.add", PARAMS=_new_line(pages, name)))
    if code := request.form.get("connector"):
        query = urlencode({"ID": code, "LINE": number, "IFRAME": "Y"})
        return jsonify(url=f"/contact_center/connector/?{query}")
    return jsonify(ok=True)


def _new_line(pages: Pages, name: str) -> dict[str, Any]:
    """A line made by hand works at once: it is on, makes leads and has everybody in its queue."""
    everybody = _members(str(user["ID"]) for user in pages.portal.employees())
    made = {"LINE_NAME": name, "ACTIVE": "Y", "CRM": "Y", "CRM_CREATE": "lead"}
    return {**made, "QUEUE": everybody}


def _members(users: Iterable[str]) -> list[dict[str, str]]:
    return [{"ENTITY_TYPE": "user", "ENTITY_ID": user} for user in users]


def line_save(pages: Pages) -> Response:
    """Changed settings of a line."""
    create = request.form.get("create", "none")
    params = {
        "LINE_NAME": request.form.get("name", "").strip(),
        "CRM": "N" if create == "none" else "Y",
        "CRM_CREATE": create,
        "QUEUE": _members(request.form.getlist("queue")),
    }
    number = request.form.get("line", 0, type=int)
    pages.rest("imopenlines.config.update", CONFIG_ID=number, PARAMS=params)
    return jsonify(notice=pages.say("Saved"))


def line_delete(pages: Pages) -> Response:
    """The line goes, and the applications are told."""
    pages.rest("imopenlines.config.delete", CONFIG_ID=request.form.get("line", 0, type=int))
    return jsonify(close=True, url="/contact_center/lines/")


def disconnect(pages: Pages) -> Response:
    """The portal's own Disconnect button: the link goes, and the application is told."""
    pages.need_admin()
    code, number = request.form.get("connector", ""), request.form.get("line", 0, type=int)
    known = found(pages.portal.connectors, code)
    found(pages.portal.links, (code, number))
    del pages.portal.links[(code, number)]
    tell.tell_disconnect(pages.portal, code, number, pages.user_id)
    return jsonify(url=_page_in_slider(known, number))


def _page_in_slider(known: Connector, number: int) -> str:
    query = urlencode({"ID": known.code, "LINE": number, "IFRAME": "Y"})
    return f"/contact_center/connector/?{query}"
