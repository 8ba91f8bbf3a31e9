"""event.*: handlers of the application and the queue of offline events."""

from typing import Any

from sandbox.portal import events
from sandbox.portal.phpform import as_map
from sandbox.portal.registry import Call, RestError, access_denied, method, page_of
from sandbox.portal.state import Handler

KNOWN: dict[str, tuple[str, ...]] = {
    "": (
        "ONAPPINSTALL",
        "ONAPPUPDATE",
        "ONAPPUNINSTALL",
        "ONAPPPAYMENT",
        "ONAPPTEST",
        "ONAPPMETHODCONFIRM",
        "ONOFFLINEEVENT",
    ),
    "crm": (
        "ONCRMLEADADD",
        "ONCRMLEADUPDATE",
        "ONCRMLEADDELETE",
        "ONCRMDEALADD",
        "ONCRMDEALUPDATE",
        "ONCRMDEALDELETE",
        "ONCRMDEALMOVETOCATEGORY",
        "ONCRMCONTACTADD",
        "ONCRMCONTACTUPDATE",
        "ONCRMCONTACTDELETE",
        "ONCRMCOMPANYADD",
        "ONCRMCOMPANYUPDATE",
        "ONCRMCOMPANYDELETE",
        "ONCRMACTIVITYADD",
        "ONCRMACTIVITYUPDATE",
        "ONCRMACTIVITYDELETE",
        "ONCRMTIMELINECOMMENTADD",
        "ONCRMTIMELINECOMMENTUPDATE",
        "ONCRMTIMELINECOMMENTDELETE",
        "ONCRMTIMELINEITEMACTION",
        "ONCRMDYNAMICITEMADD",
        "ONCRMDYNAMICITEMUPDATE",
        "ONCRMDYNAMICITEMDELETE",
        *(
            f"ONCRM{entity}USERFIELD{deed}"
            for entity in ("LEAD", "DEAL", "CONTACT", "COMPANY")
            for deed in ("ADD", "UPDATE", "DELETE", "SETENUMVALUES")
        ),
    ),
    "imconnector": (
        "ONIMCONNECTORMESSAGEADD",
        "ONIMCONNECTORMESSAGEUPDATE",
        "ONIMCONNECTORMESSAGEDELETE",
        "ONIMCONNECTORDIALOGSTART",
        "ONIMCONNECTORDIALOGFINISH",
        "ONIMCONNECTORSTATUSDELETE",
        "ONIMCONNECTORLINEDELETE",
    ),
    "imopenlines": (
        "ONOPENLINEMESSAGEADD",
        "ONOPENLINEMESSAGEUPDATE",
        "ONOPENLINEMESSAGEDELETE",
        "ONSESSIONSTART",
        "ONSESSIONFINISH",
    ),
    "user": ("ONUSERADD",),
}


def _granted(call: Call) -> set[str]:
    scopes = set(call.state.installation.scope.split(",")) | {""}
    if scopes & {"user_brief", "user_basic"}:
        scopes.add("user")
    if "imopenlines" in scopes:
        scopes.add("imconnector")
    return scopes


@method("events", params=("SCOPE", "FULL"))
def list_events(call: Call) -> list[str]:
    """Events this portal can send."""
    wanted = {call.text("SCOPE")} if call.get("SCOPE") is not None else _granted(call)
    if call.get("FULL"):
        wanted = set(KNOWN)
    return [name for scope in KNOWN if scope in wanted for name in KNOWN[scope]]


@method("event.bind", app=True)
def event_bind(call: Call) -> bool:
    """Bind a handler to an event."""
    event = call.text("event").upper()
    offline = call.text("event_type", "online") == "offline"
    _check_event(call, event)
    auth_type = call.int("auth_type")
    if (offline or auth_type not in (0, call.user_id)) and not call.admin:
        raise access_denied()
    url = "" if offline else _checked_url(call.text("handler"))
    if any(_same(known, event, url, auth_type, offline) for known in call.state.handlers):
        text = "Unable to set event handler: Handler already binded"
        raise RestError("ERROR_CORE", text, 400)
    number = call.state.next_id("handler", 201)
    handler = Handler(number, event, url, auth_type, offline, call.text("auth_connector"))
    handler.options = call.map("options")
    call.state.handlers.append(handler)
    return True


def _check_event(call: Call, event: str) -> None:
    if event not in {name for scope in _granted(call) for name in KNOWN.get(scope, ())}:
        raise RestError("ERROR_EVENT_NOT_FOUND", "Event not found", 400)


def _checked_url(url: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        raise RestError("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol", 400)
    host = url.split("/")[2].partition(":")[0] if url.count("/") >= 2 else ""
    if "." not in host and host != "localhost":
        raise RestError("ERROR_WRONG_HANDLER_URL", "Wrong handler URL", 400)
    return url


def _same(known: Handler, event: str, url: str, auth_type: int, offline: bool) -> bool:
    return (known.event, known.url, known.auth_type, known.offline) == (
        event,
        url,
        auth_type,
        offline,
    )


@method("event.get", app=True, params=())
def event_get(call: Call) -> list[dict[str, Any]]:
    """Handlers of the application."""
    return [
        {
            "event": handler.event,
            "handler": handler.url,
            "auth_type": str(handler.auth_type),
            "offline": int(handler.offline),
        }
        for handler in call.state.handlers
    ]


@method("event.unbind", app=True)
def event_unbind(call: Call) -> dict[str, int]:
    """Take handlers away: those that match all that is told."""
    gone = [handler for handler in call.state.handlers if _meant(call, handler)]
    call.state.handlers = [known for known in call.state.handlers if known not in gone]
    return {"count": len(gone)}


def _meant(call: Call, handler: Handler) -> bool:
    if handler.event != call.text("event").upper():
        return False
    if call.get("handler") and handler.url != call.text("handler"):
        return False
    if call.get("auth_type") is not None and handler.auth_type != call.int("auth_type"):
        return False
    kind = call.text("event_type")
    return not kind or handler.offline == (kind == "offline")


@method("event.test", app=True, params=None)
def event_test(call: Call) -> int:
    """Send ONAPPTEST with whatever was passed."""
    events.emit(call.state, "ONAPPTEST", {"QUERY": dict(call.params)}, call.user_id)
    return 1


@method("event.offline.list", app=True, admin=True)
def offline_list(call: Call) -> Any:
    """The offline queue, untouched."""
    return page_of(call, [_public(row) for row in call.state.offline])


@method("event.offline.get", app=True, admin=True)
def offline_get(call: Call) -> dict[str, Any]:
    """Take events: `clear=0` keeps them reserved under a process id."""
    limit = call.int("limit", 50)
    free = [row for row in call.state.offline if not row["process_id"]][:limit]
    process = f"process{call.state.next_id('process')}"
    if call.int("clear", 1):
        call.state.offline = [row for row in call.state.offline if row not in free]
    for row in free:
        row["process_id"] = process
    return {"process_id": process, "events": [_public(row) for row in free]}


@method("event.offline.clear", app=True, admin=True)
def offline_clear(call: Call) -> bool:
    """Forget reserved events."""
    process, ids = call.text("process_id"), {str(one) for one in call.list("id")}
    messages = {str(one) for one in call.list("message_id")}

    def done(row: dict[str, Any]) -> bool:
        named = row["ID"] in ids or row["MESSAGE_ID"] in messages
        return bool(row["process_id"] == process and (named or not ids | messages))

    call.state.offline = [row for row in call.state.offline if not done(row)]
    return True


@method("event.offline.error", app=True, admin=True)
def offline_error(call: Call) -> bool:
    """Mark reserved events as failed."""
    failed = {str(one) for one in call.list("message_id")}
    for row in call.state.offline:
        if row["process_id"] == call.text("process_id") and row["MESSAGE_ID"] in failed:
            row["ERROR"] = 1
    return True


def _public(row: dict[str, Any]) -> dict[str, Any]:
    hidden = ("process_id", "ERROR")
    return {
        key: as_map(value) if key == "EVENT_DATA" else value
        for key, value in row.items()
        if key not in hidden
    }
