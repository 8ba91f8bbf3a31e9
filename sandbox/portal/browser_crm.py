"""CRM pages: lists, cards with stages, fields and tabs of the application, the timeline."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, request
from markupsafe import Markup

from sandbox.portal import browser_layout, crm
from sandbox.portal.browser_bbcode import render
from sandbox.portal.browser_page import CRM_MENU, Pages, Refused, found
from sandbox.portal.crm_fields import COMPANY, CONTACT, DEAL, LEAD, NAMES, SHORT
from sandbox.portal.files import path_of

KINDS = {"deal": DEAL, "lead": LEAD, "contact": CONTACT, "company": COMPANY}
SINGULAR = {DEAL: "Deal", LEAD: "Lead", CONTACT: "Contact", COMPANY: "Company"}
COLOURS = ("#39a8ef", "#2fc6f6", "#55d0e0", "#47e4c2", "#ffa900")
FINAL_COLOURS = {"S": "#7bd500", "F": "#ff5752"}
Row = dict[str, Any]


def add_to(pages: Pages) -> None:
    """The pages and requests of this file."""
    pages.route("/crm/<kind>/", listing)
    pages.route("/crm/<kind>/list/", listing)
    pages.route("/crm/<kind>/details/<int:number>/", card)
    pages.route("/_browser/crm", selectable)
    pages.route("/_browser/crm/<kind>/add", add, "POST")
    pages.route("/_browser/crm/<kind>/<int:number>/stage", stage, "POST")
    pages.route("/_browser/crm/<kind>/<int:number>/responsible", responsible, "POST")
    pages.route("/_browser/crm/<kind>/<int:number>/comment", comment, "POST")
    pages.route("/_browser/crm/activity/<int:number>", press, "POST")


def _url(type_id: int, number: int) -> str:
    return f"/crm/{NAMES[type_id].lower()}/details/{number}/"


def _title(row: Row) -> str:
    person = f"{row.get('name') or ''} {row.get('lastName') or ''}".strip()
    return str(row.get("title") or person or f"№ {row['id']}")


def _values(row: Row, kind: str) -> list[str]:
    return [str(one["value"]) for one in row.get("fm", ()) if one["typeId"] == kind]


def _phone(pages: Pages, row: Row) -> str:
    """The item's own phone, or that of its first contact."""
    contacts = [pages.portal.items[CONTACT].get(one) for one in row.get("contactIds", ())]
    holders = [row, *[one for one in contacts if one]]
    return next((phone for holder in holders for phone in _values(holder, "PHONE")), "")


def _stages(pages: Pages, type_id: int, row: Row) -> list[Row]:
    if type_id not in (DEAL, LEAD):
        return []
    directory = crm.stage_directory(type_id, int(row.get("categoryId") or 0))
    rows = crm.stages(pages.portal, directory)
    ids = [one["STATUS_ID"] for one in rows]
    current = ids.index(row["stageId"]) if row["stageId"] in ids else 0
    return [_stage(one, place, current) for place, one in enumerate(rows)]


def _stage(status: Row, place: int, current: int) -> Row:
    final = FINAL_COLOURS.get(status["SEMANTICS"] or "")
    return {
        "id": status["STATUS_ID"],
        "name": status["NAME"],
        "color": final or status["COLOR"] or COLOURS[place % len(COLOURS)],
        "past": place < current and not final,
        "current": place == current,
    }


def listing(pages: Pages, kind: str) -> Response:
    """All items of a kind, newest first."""
    type_id = found(KINDS, kind)
    rows = sorted(pages.portal.items[type_id].values(), key=lambda row: -int(row["id"]))
    titles = dict(CRM_MENU)
    return pages.page(
        "crm/list.html",
        pages.say(titles[kind]),
        {"list": "crm/_list.html"},
        kind=kind,
        kinds=[
            {"url": f"/crm/{name}/", "title": pages.say(text), "active": name == kind}
            for name, text in CRM_MENU
        ],
        staged=type_id in (DEAL, LEAD),
        icon_name=kind,
        rows=[_listed(pages, type_id, row) for row in rows],
    )


def _listed(pages: Pages, type_id: int, row: Row) -> Row:
    current = [one for one in _stages(pages, type_id, row) if one["current"]]
    return {
        "key": f"item-{row['id']}",
        "id": row["id"],
        "url": _url(type_id, row["id"]),
        "title": _title(row),
        "stage": current[0] if current else None,
        "phone": _phone(pages, row),
        "responsible": pages.person(int(row["assignedById"])),
        "created": row["createdTime"],
    }


def card(pages: Pages, kind: str, number: int) -> Response:
    """One item with its tabs and timeline."""
    type_id = found(KINDS, kind)
    row = found(pages.portal.items[type_id], number)
    live = {"stages": "crm/_stages.html", "fields": "crm/_fields.html"}
    return pages.page(
        "crm/card.html",
        _title(row),
        {**live, "timeline": "crm/_timeline.html"},
        kind=kind,
        kind_name=pages.say(SINGULAR[type_id]),
        item=_item(pages, type_id, row),
        stages=_stages(pages, type_id, row),
        tabs=_tabs(pages, type_id, number),
        tools=_tools(pages, type_id, number),
        timeline=_timeline(pages, type_id, number),
    )


def _item(pages: Pages, type_id: int, row: Row) -> Row:
    semantic = row.get("stageSemanticId")
    words = {"S": pages.say("Closed with success"), "F": pages.say("Closed without success")}
    return {
        "id": row["id"],
        "fields": [
            {"label": pages.say(label), "shown": shown}
            for label, shown in _fields(pages, type_id, row)
        ]
        + [{"label": name, "shown": [_text(row[name])]} for name in _own_fields(row)],
        "closed": words.get(semantic or "", ""),
        "closed_tone": "good" if semantic == "S" else "bad",
        "responsible": pages.person(int(row["assignedById"])),
        "created": row["createdTime"],
    }


def _own_fields(row: Row) -> list[str]:
    return [name for name in row if name.startswith("UF_") and row[name]]


def _fields(pages: Pages, type_id: int, row: Row) -> Iterator[tuple[str, list[Row]]]:
    if type_id == DEAL:
        yield "Amount", [_text(f"{row['opportunity']} {row['currencyId']}")]
        yield "Pipeline", [_text(pages.portal.categories[DEAL][int(row["categoryId"])]["name"])]
    if type_id in (LEAD, CONTACT):
        yield "Person", [_text(_person(row))] if _person(row) else []
    if "fm" in row:
        yield "Phone", [_text(value) for value in _values(row, "PHONE")]
        yield "E-mail", [_text(value) for value in _values(row, "EMAIL")]
        yield "Messengers", [_text(value) for value in _values(row, "IM")]
    if "contactIds" in row:
        yield "Contacts", [_linked(pages, CONTACT, one) for one in row["contactIds"]]
    if row.get("companyId"):
        yield "Company", [_linked(pages, COMPANY, row["companyId"])]
    if type_id == CONTACT:
        yield "Deals", list(_deals(pages, row["id"]))
    yield "Source", [_text(_source(pages, row))] if row.get("sourceId") else []
    if row.get("comments"):
        yield "Comment", [_text(row["comments"])]


def _person(row: Row) -> str:
    names = (row.get("name"), row.get("secondName"), row.get("lastName"))
    return " ".join(str(name) for name in names if name)


def _text(value: Any) -> Row:
    return {"text": str(value), "url": "", "note": ""}


def _linked(pages: Pages, type_id: int, number: int) -> Row:
    row = pages.portal.items[type_id].get(number)
    if row is None:
        return _text(f"№ {number}")
    note = ", ".join(_values(row, "PHONE"))
    return {"text": _title(row), "url": _url(type_id, number), "slider": True, "note": note}


def _deals(pages: Pages, contact: int) -> Iterator[Row]:
    for row in pages.portal.items[DEAL].values():
        if contact in row["contactIds"]:
            yield {"text": _title(row), "url": _url(DEAL, row["id"]), "slider": True, "note": ""}


def _source(pages: Pages, row: Row) -> str:
    for status in crm.stages(pages.portal, "SOURCE"):
        if status["STATUS_ID"] == row["sourceId"]:
            return str(status["NAME"])
    return str(row["sourceId"])


def _tabs(pages: Pages, type_id: int, number: int) -> list[Row]:
    code = f"CRM_{NAMES[type_id]}_DETAIL_TAB"
    return [
        {
            "key": f"app-{known.id}",
            "title": pages.bound_title(known),
            "frame": {"placement": code, "binding": known.id, "options": {"ID": str(number)}},
        }
        for known in pages.bound(code)
    ]


def _tools(pages: Pages, type_id: int, number: int) -> list[Row]:
    return [
        {
            "url": f"/marketplace/app/placement/{known.id}/?ID={number}",
            "title": pages.bound_title(known),
        }
        for known in pages.bound(f"CRM_{NAMES[type_id]}_DETAIL_TOOLBAR")
    ]


def _timeline(pages: Pages, type_id: int, number: int) -> list[Row]:
    owner = (type_id, number)
    sources = (_history, _activities, _log, _comments)
    entries = [entry for source in sources for entry in source(pages, owner)]
    # Things of one second keep the order of their sources, the newest on top.
    return sorted(entries, key=lambda entry: str(entry["at"]))[::-1]


def _entry(key: str, kind: str, icon: str, title: str, at: str, **more: Any) -> Row:
    entry = {"key": key, "kind": kind, "icon": icon, "title": title, "at": at}
    blank: Row = {"author": "", "body": "", "files": [], "tags": [], "lines": [], "buttons": []}
    return {**entry, **blank, **more}


def _comments(pages: Pages, owner: tuple[int, int]) -> Iterator[Row]:
    for row in pages.portal.comments.values():
        if owner in row["bindings"]:
            yield _entry(
                f"comment-{row['ID']}",
                "comment",
                "comment",
                pages.say("Comment"),
                row["CREATED"],
                author=pages.portal.user_name(int(row["AUTHOR_ID"])),
                body=render(row["COMMENT"]),
                files=[_file(pages, int(number)) for number in row["FILES"]],
            )


def _file(pages: Pages, number: int) -> Row:
    known = pages.portal.files[number]
    return {"name": known.name, "url": path_of(known)}


def _log(pages: Pages, owner: tuple[int, int]) -> Iterator[Row]:
    for row in pages.portal.log_messages.values():
        if owner in row["bindings"]:
            author = pages.portal.user_name(int(row["authorId"]))
            yield _entry(
                f"log-{row['id']}",
                "chat",
                "chat",
                row["title"],
                row["created"],
                author=author,
                body=render(row["text"]),
            )


def _history(pages: Pages, owner: tuple[int, int]) -> Iterator[Row]:
    """Creation, and every stage since; the first record is the stage at creation."""
    row = pages.portal.items[owner[0]][owner[1]]
    author = pages.portal.user_name(int(row["createdBy"]))
    title = f"{pages.say(SINGULAR[owner[0]])}: {pages.say('created')}"
    yield _entry("created", "", "check", title, row["createdTime"], author=author)
    names = {one["id"]: one["name"] for one in _stages(pages, owner[0], row)}
    for record in pages.portal.stage_history:
        mine = (record["entityTypeId"], record["OWNER_ID"]) == owner
        if mine and record["TYPE_ID"] != 1:
            stage_id = record.get("STAGE_ID") or record.get("STATUS_ID")
            body = Markup("<b>{}</b>").format(names.get(stage_id, stage_id))
            key, at = f"stage-{record['ID']}", record["CREATED_TIME"]
            yield _entry(key, "", "deal", pages.say("The stage is changed"), at, body=body)


def _activities(pages: Pages, owner: tuple[int, int]) -> Iterator[Row]:
    for number, row in pages.portal.activities.items():
        if owner not in [tuple(one) for one in row["bindings"]]:
            continue
        layout, done = row.get("layout") or {}, row.get("COMPLETED") == "Y"
        state = {"text": pages.say("done" if done else "planned"), "tone": "good" if done else ""}
        yield _entry(
            f"activity-{number}",
            "activity",
            "activity",
            browser_layout.title(layout, pages.lang) or str(row.get("SUBJECT") or ""),
            str(row.get("CREATED") or ""),
            author=pages.portal.user_name(int(row.get("RESPONSIBLE_ID") or 0)),
            body=render(str(row.get("DESCRIPTION") or "")),
            tags=[*browser_layout.tags(layout, pages.lang), state],
            lines=browser_layout.lines(layout, pages.lang),
            buttons=browser_layout.buttons(layout, row, pages.lang),
            action=f"/_browser/crm/activity/{number}",
        )


def press(pages: Pages, number: int) -> Response:
    """A button of an activity that tells the application."""
    row = found(pages.portal.activities, number)
    data = {
        "id": request.form.get("event", ""),
        "entityTypeId": row["OWNER_TYPE_ID"],
        "entityId": row["OWNER_ID"],
        "activityId": number,
        "userId": pages.user_id,
        **json.loads(request.form.get("params") or "{}"),
    }
    pages.portal.emit("ONCRMTIMELINEITEMACTION", data, pages.user_id)
    return jsonify(ok=True)


def selectable(pages: Pages) -> Response:
    """What may be chosen in selectCRM, of the types asked for."""
    types = [name for name in request.args.get("types", "").split(",") if name in KINDS]
    return jsonify(items=[one for name in types for one in _selectable(pages, name)])


def _selectable(pages: Pages, name: str) -> Iterator[Row]:
    type_id = KINDS[name]
    for row in pages.portal.items[type_id].values():
        yield {
            "id": f"{SHORT[type_id]}_{row['id']}",
            "type": name,
            "place": name,
            "title": _title(row),
            "desc": _phone(pages, row),
            "url": _url(type_id, row["id"]),
        }


def add(pages: Pages, kind: str) -> Response:
    """A new item made by hand; a deal's phone goes to a new contact."""
    title, phone = request.form.get("title", "").strip(), request.form.get("phone", "").strip()
    if not title:
        raise Refused("A name is needed.")
    type_id = found(KINDS, kind)
    fields: Row = {"name" if type_id == CONTACT else "title": title}
    if phone and type_id == DEAL:
        fields["contactIds"] = [_new(pages, CONTACT, {"name": title, **_fm(phone)})]
    elif phone:
        fields |= _fm(phone)
    _new(pages, type_id, fields)
    return jsonify(ok=True)


def _fm(phone: str) -> Row:
    return {"fm": [{"typeId": "PHONE", "valueType": "WORK", "value": phone}]}


def _new(pages: Pages, type_id: int, fields: Row) -> int:
    return int(crm.add(pages.portal, type_id, fields, pages.user_id)["id"])


def stage(pages: Pages, kind: str, number: int) -> Response:
    """The item moves to another stage."""
    fields = {"stageId": request.form.get("stage", "")}
    crm.change(pages.portal, found(KINDS, kind), number, fields, pages.user_id)
    return jsonify(ok=True)


def responsible(pages: Pages, kind: str, number: int) -> Response:
    """The item gets another responsible employee."""
    fields = {"assignedById": request.form.get("user", 0, type=int)}
    crm.change(pages.portal, found(KINDS, kind), number, fields, pages.user_id)
    return jsonify(ok=True)


def comment(pages: Pages, kind: str, number: int) -> Response:
    """A comment written in the card."""
    text = request.form.get("text", "").strip()
    if not text:
        raise Refused("Write something or attach a file.")
    fields = {"ENTITY_TYPE": kind, "ENTITY_ID": number, "COMMENT": text}
    pages.rest("crm.timeline.comment.add", fields=fields)
    return jsonify(ok=True)
