"""placement.*: widgets of the application."""

from typing import Any

from sandbox.portal.registry import Call, RestError, method
from sandbox.portal.state import Placement

ENTITIES = ("LEAD", "DEAL", "CONTACT", "COMPANY")
KINDS = ("DETAIL_TAB", "DETAIL_TOOLBAR", "DETAIL_ACTIVITY", "LIST_MENU", "LIST_TOOLBAR")
CODES: dict[str, str] = {
    **{f"CRM_{entity}_{kind}": "crm" for entity in ENTITIES for kind in KINDS},
    "CRM_SMART_INVOICE_DETAIL_TAB": "crm",
    "CRM_QUOTE_DETAIL_TAB": "crm",
    "CRM_ACTIVITY_LIST_MENU": "crm",
    "LEFT_MENU": "",
    "REST_APP_URI": "",
    "PAGE_BACKGROUND_WORKER": "",
    "CONTACT_CENTER": "contact_center",
    "SETTING_CONNECTOR": "imopenlines",
    "IM_TEXTAREA": "im",
    "IM_SIDEBAR": "im",
    "IM_CONTEXT_MENU": "im",
    "IM_NAVIGATION": "im",
}
SINGLE = ("REST_APP_URI", "PAGE_BACKGROUND_WORKER")
BIND = (
    "PLACEMENT*:string",
    "HANDLER*:string",
    "TITLE:string",
    "DESCRIPTION:string",
    "GROUP_NAME:string",
    "LANG_ALL:object",
    "OPTIONS:object",
    "USER_ID:integer",
)


def _offered(call: Call) -> list[str]:
    scopes = set(call.state.installation.scope.split(",")) | {""}
    return [code for code, scope in CODES.items() if scope in scopes]


@method("placement.bind", scope="placement", app=True, admin=True, params=BIND)
def placement_bind(call: Call) -> bool:
    """Bind a widget; it is drawn once the installation is finished."""
    code, handler = call.text("PLACEMENT").upper(), call.text("HANDLER")
    _check(call, code, handler)
    number = call.state.next_id("placement")
    widget = Placement(number, code, handler, call.text("TITLE"), call.text("DESCRIPTION"))
    widget.group_name = call.text("GROUP_NAME")
    widget.lang_all = call.map("LANG_ALL")
    widget.options = call.map("OPTIONS")
    widget.user_id = call.int("USER_ID")
    call.state.placements.append(widget)
    return True


def _check(call: Call, code: str, handler: str) -> None:
    if code not in _offered(call):
        raise RestError("ERROR_PLACEMENT_NOT_FOUND", "Placement not found", 400)
    if not handler.lower().startswith(("http://", "https://")):
        raise RestError("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol", 400)
    if call.int("USER_ID") and code != "PAGE_BACKGROUND_WORKER":
        raise RestError("ERROR_PLACEMENT_USER_MODE", "User mode is not available", 400)
    bound = [widget for widget in call.state.placements if widget.code == code]
    if any(widget.handler == handler for widget in bound):
        text = "Unable to set placement handler: Handler already binded"
        raise RestError("ERROR_CORE", text, 400)
    if bound and code in SINGLE:
        raise RestError("ERROR_PLACEMENT_MAX_COUNT", "Placement max count", 400)


@method("placement.get", scope="placement", app=True, admin=True)
def placement_get(call: Call) -> list[dict[str, Any]]:
    """Widgets of this application."""
    return [
        {
            "placement": widget.code,
            "userId": widget.user_id,
            "handler": widget.handler,
            "options": widget.options,
            "title": widget.title,
            "description": widget.description,
            "langAll": widget.lang_all,
        }
        for widget in call.state.placements
    ]


@method("placement.list", scope="placement", app=True)
def placement_list(call: Call) -> list[str]:
    """Codes this portal offers."""
    if call.get("SCOPE") is not None:
        return [code for code in _offered(call) if CODES[code] == call.text("SCOPE")]
    return list(CODES) if call.get("FULL") else _offered(call)


@method("placement.unbind", scope="placement", app=True, admin=True)
def placement_unbind(call: Call) -> dict[str, int]:
    """Take widgets away."""
    gone = [widget for widget in call.state.placements if _meant(call, widget)]
    call.state.placements = [known for known in call.state.placements if known not in gone]
    return {"count": len(gone)}


def _meant(call: Call, widget: Placement) -> bool:
    if widget.code != call.text("PLACEMENT").upper():
        return False
    if call.get("USER_ID") and widget.user_id != call.int("USER_ID"):
        return False
    return not call.get("HANDLER") or widget.handler == call.text("HANDLER")
