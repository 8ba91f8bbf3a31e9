"""crm.activity.*: todos, configurable activities of the application, badges and types."""

import re
from typing import Any

from sandbox.portal import crm, events
from sandbox.portal.filters import Matcher, ordered, selected
from sandbox.portal.phpform import as_map, yes
from sandbox.portal.registry import Call, Page, RestError, access_denied, method, number, page_of

DEADLINE = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?([+-]\d{2}:?\d{2}|Z)?")
BINDINGS_LIMIT = 100
CHANGEABLE = ("SUBJECT", "DESCRIPTION", "DEADLINE", "COMPLETED", "RESPONSIBLE_ID")


def _add(call: Call, fields: dict[str, Any]) -> int:
    owner = call.int("ownerTypeId"), call.int("ownerId")
    crm.item(call.state, *owner)
    identity = call.state.next_id("activity", 990)
    call.state.activities[identity] = {
        "ID": identity,
        "OWNER_TYPE_ID": owner[0],
        "OWNER_ID": owner[1],
        "CREATED": call.state.clock.iso(),
        "LAST_UPDATED": call.state.clock.iso(),
        "AUTHOR_ID": call.user_id,
        "COMPLETED": "N",
        "DEADLINE": None,
        "DESCRIPTION": "",
        "ORIGINATOR_ID": "",
        "ORIGIN_ID": "",
        "layout": {},
        "bindings": [owner],
        **fields,
    }
    _tell(call, "ADD", identity)
    return identity


def _tell(call: Call, deed: str, identity: int) -> None:
    events.emit(call.state, f"ONCRMACTIVITY{deed}", {"FIELDS": {"ID": identity}}, call.user_id)


def _activity(call: Call, name: str = "id") -> dict[str, Any]:
    found = call.state.activities.get(call.int(name))
    if found is None:
        raise crm.not_found("Activity not found")
    return found


@method("crm.activity.todo.add", scope="crm")
def todo_add(call: Call) -> dict[str, int]:
    """A deed with a deadline."""
    if not DEADLINE.fullmatch(call.text("deadline")):
        raise RestError("WRONG_DATETIME_FORMAT", "Wrong datetime format", 400)
    fields = {
        "PROVIDER_ID": "CRM_TODO",
        "PROVIDER_TYPE_ID": "TODO",
        "TYPE_ID": 6,
        "SUBJECT": call.text("title"),
        "DESCRIPTION": call.text("description"),
        "DEADLINE": call.text("deadline"),
        "RESPONSIBLE_ID": call.int("responsibleId", call.user_id),
    }
    return {"id": _add(call, fields)}


def _configurable(call: Call) -> dict[str, Any]:
    given, layout = call.map("fields"), call.map("layout")
    _check_layout(layout)
    if yes(given.get("isIncomingChannel", "N")) and given.get("deadline"):
        code = "INCOMING_ACTIVITY_CAN_NOT_BE_WITH_DEADLINE"
        raise RestError(code, "An incoming activity can't have a deadline", 400)
    return {
        "PROVIDER_ID": "CONFIGURABLE_REST_APP",
        "PROVIDER_TYPE_ID": str(given.get("typeId") or "CONFIGURABLE"),
        "TYPE_ID": 6,
        "SUBJECT": str(as_map(layout.get("header")).get("title") or ""),
        "COMPLETED": "Y" if yes(given.get("completed", "N")) else "N",
        "DEADLINE": given.get("deadline"),
        "RESPONSIBLE_ID": number(given.get("responsibleId"), call.user_id),
        "IS_INCOMING_CHANNEL": "Y" if yes(given.get("isIncomingChannel", "N")) else "N",
        "BADGE_CODE": given.get("badgeCode"),
        "ORIGINATOR_ID": str(given.get("originatorId") or ""),
        "ORIGIN_ID": str(given.get("originId") or ""),
        "layout": layout,
    }


def _check_layout(layout: dict[str, Any]) -> None:
    header, footer = as_map(layout.get("header")), as_map(layout.get("footer"))
    body = as_map(layout.get("body"))
    if not header.get("title") or not as_map(layout.get("icon")).get("code"):
        raise RestError("FIELD_IS_REQUIRED", "layout: icon.code and header.title", 400)
    blocks = as_map(body.get("blocks"))
    limits = ((header.get("tags"), 2), (footer.get("buttons"), 2), (blocks, 20))
    if any(len(as_map(found)) > limit for found, limit in limits):
        raise RestError("TOO_MANY_ITEMS", "layout: too many items", 400)
    if any(not re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in blocks):
        raise RestError("KEY_CONTAIN_WRONG_SYMBOLS", "layout: wrong key of a block", 400)


@method("crm.activity.configurable.add", scope="crm", app=True)
def configurable_add(call: Call) -> dict[str, Any]:
    """A deed with the application's own layout."""
    return {"activity": {"id": _add(call, _configurable(call))}}


@method("crm.activity.configurable.update", scope="crm", app=True)
def configurable_update(call: Call) -> dict[str, Any]:
    """Write such a deed anew."""
    activity = _activity(call)
    if activity["PROVIDER_ID"] != "CONFIGURABLE_REST_APP":
        raise RestError("ERROR_WRONG_APPLICATION", "Wrong application", 400)
    activity |= _configurable(call)
    activity["LAST_UPDATED"] = call.state.clock.iso()
    _tell(call, "UPDATE", activity["ID"])
    return {"activity": {"id": activity["ID"]}}


@method("crm.activity.configurable.get", scope="crm", app=True)
def configurable_get(call: Call) -> dict[str, Any]:
    """A deed with its layout."""
    activity = _activity(call)
    keys = {"id": "ID", "ownerTypeId": "OWNER_TYPE_ID", "ownerId": "OWNER_ID"}
    fields = {
        "typeId": activity["PROVIDER_TYPE_ID"],
        "completed": activity["COMPLETED"] == "Y",
        "deadline": activity["DEADLINE"],
        "responsibleId": activity["RESPONSIBLE_ID"],
        "badgeCode": activity.get("BADGE_CODE"),
        "originatorId": activity["ORIGINATOR_ID"],
        "originId": activity["ORIGIN_ID"],
    }
    shown = {name: activity[key] for name, key in keys.items()}
    return {"activity": {**shown, "fields": fields, "layout": activity["layout"]}}


def _public(activity: dict[str, Any]) -> dict[str, Any]:
    hidden = ("layout", "bindings")
    shown = {key: value for key, value in activity.items() if key not in hidden}
    return {key: str(value) if isinstance(value, int) else value for key, value in shown.items()}


@method("crm.activity.list", scope="crm")
def activity_list(call: Call) -> Page:
    """Deeds of all kinds."""
    matcher = Matcher(call.get("filter"), call.state.switches.empty_filter)
    rows = [_public(one) for one in call.state.activities.values()]
    rows = [row for row in rows if matcher.fits(row)]
    page = page_of(call, ordered(rows, call.get("order"), "ID"))
    chosen = [selected(row, call.get("select"), ("ID",)) for row in page.items]
    return Page(chosen, page.total, page.next)


@method("crm.activity.get", scope="crm")
def activity_get(call: Call) -> dict[str, Any]:
    """One deed."""
    return _public(_activity(call))


@method("crm.activity.update", scope="crm")
def activity_update(call: Call) -> bool:
    """Change fields of a deed of any kind but the application's own."""
    activity, fields = _activity(call), call.map("fields")
    activity |= {key: value for key, value in fields.items() if key in CHANGEABLE}
    activity["LAST_UPDATED"] = call.state.clock.iso()
    _tell(call, "UPDATE", activity["ID"])
    return True


@method("crm.activity.delete", scope="crm")
def activity_delete(call: Call) -> bool:
    """Delete a deed."""
    del call.state.activities[_activity(call)["ID"]]
    _tell(call, "DELETE", call.int("id"))
    return True


@method("crm.activity.binding.add", scope="crm")
def binding_add(call: Call) -> bool:
    """Show a deed in one more card."""
    activity = _activity(call, "activityId")
    owner = call.int("entityTypeId"), call.int("entityId")
    crm.item(call.state, *owner)
    if owner in activity["bindings"]:
        raise RestError("ACTIVITY_IS_ALREADY_BOUND", "The activity is already bound", 400)
    if len(activity["bindings"]) >= BINDINGS_LIMIT:
        raise RestError("TOO_MANY_BINDINGS", "Too many bindings", 400)
    activity["bindings"].append(owner)
    return True


@method("crm.activity.binding.list", scope="crm")
def binding_list(call: Call) -> list[dict[str, int]]:
    """Cards of a deed."""
    bindings = _activity(call, "activityId")["bindings"]
    return [{"entityTypeId": type_id, "entityId": identity} for type_id, identity in bindings]


@method("crm.activity.badge.add", scope="crm", app=True)
def badge_add(call: Call) -> dict[str, Any]:
    """A badge for cards."""
    if not call.admin:
        raise access_denied()
    badge = {key: call.get(key) for key in ("code", "title", "value", "type")}
    call.state.badges[call.text("code")] = badge
    return {"badge": badge}


@method("crm.activity.badge.list", scope="crm", app=True)
def badge_list(call: Call) -> dict[str, Any]:
    """Badges of the application."""
    return {"badges": list(call.state.badges.values())}


@method("crm.activity.type.add", scope="crm", app=True, admin=True)
def type_add(call: Call) -> bool:
    """A kind of deeds."""
    fields = call.map("fields")
    code = str(fields.get("TYPE_ID") or "")
    if not code or code in call.state.activity_types:
        raise RestError("INVALID_ARG_VALUE", "TYPE_ID is empty or known already", 400)
    call.state.activity_types[code] = fields
    return True


@method("crm.activity.type.list", scope="crm", app=True)
def type_list(call: Call) -> list[dict[str, Any]]:
    """Kinds of deeds of the application."""
    return list(call.state.activity_types.values())
