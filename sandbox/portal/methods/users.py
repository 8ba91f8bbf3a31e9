"""Users and departments."""

from typing import Any

from sandbox.portal.filters import Matcher
from sandbox.portal.phpform import as_map, yes
from sandbox.portal.registry import Call, Page, method, page_of

BRIEF = ("user_brief", "user_basic")
HIDDEN_IN_BRIEF = ("EMAIL", "WORK_PHONE", "PERSONAL_MOBILE", "PERSONAL_PHONE")
INNER = ("ADMIN",)


@method("profile", params=())
def profile(call: Call) -> dict[str, Any]:
    """Who the token belongs to; needs no scope."""
    user = call.state.users[call.user_id]
    return {
        "ID": str(user["ID"]),
        "ADMIN": bool(user["ADMIN"]),
        "NAME": user["NAME"],
        "LAST_NAME": user["LAST_NAME"],
        "PERSONAL_GENDER": user["PERSONAL_GENDER"],
        "PERSONAL_PHOTO": user["PERSONAL_PHOTO"],
        "TIME_ZONE": user["TIME_ZONE"],
    }


@method("user.admin", params=())
def user_admin(call: Call) -> bool:
    """Whether the caller administers the portal."""
    return call.admin


@method("user.access", params=("ACCESS*:array",))
def user_access(call: Call) -> bool:
    """Whether the caller has one of the access codes."""
    return call.admin or f"U{call.user_id}" in call.list("ACCESS")


@method("user.current", scope="user", or_scopes=BRIEF, params=())
def user_current(call: Call) -> dict[str, Any]:
    """The calling user."""
    return public_user(call, call.state.users[call.user_id])


@method("user.get", scope="user", or_scopes=BRIEF)
def user_get(call: Call) -> Page:
    """People of the portal."""
    rows = [public_user(call, user) for user in call.state.employees()]
    matcher = Matcher(_conditions(call), call.state.switches.empty_filter)
    rows = [row for row in rows if matcher.fits(row)]
    rows.sort(key=lambda row: int(row["ID"]))
    if call.text("order", call.text("ORDER")).upper() == "DESC":
        rows.reverse()
    return page_of(call, rows)


def _conditions(call: Call) -> dict[str, Any]:
    given = as_map(call.get("FILTER") or call.get("filter"))
    given |= {key: call.get(key) for key in ("ID", "ACTIVE", "EMAIL") if call.get(key) is not None}
    conditions = {}
    for key, value in given.items():
        if key in ("ACTIVE", "IS_ONLINE"):
            value = yes(value) if key == "ACTIVE" else ("Y" if yes(value) else "N")
        conditions["%NAME" if key == "NAME_SEARCH" else key] = value
    return conditions


@method("user.search", scope="user", or_scopes=BRIEF)
def user_search(call: Call) -> Page:
    """People found by a piece of their names."""
    wanted = as_map(call.get("FILTER") or call.get("filter")).get("FIND") or call.text("FIND")
    rows = [public_user(call, user) for user in call.state.employees()]
    found = [row for row in rows if str(wanted).lower() in _full_name(row)]
    return page_of(call, found)


def _full_name(row: dict[str, Any]) -> str:
    return f"{row['NAME']} {row['LAST_NAME']} {row['WORK_POSITION']}".lower()


def public_user(call: Call, user: dict[str, Any]) -> dict[str, Any]:
    """A user as the granted scope shows it."""
    scopes = call.state.installation.scope.split(",")
    brief = not call.webhook and not {"user", "user_basic"} & set(scopes)
    hidden = INNER + (HIDDEN_IN_BRIEF if brief else ())
    shown = {key: value for key, value in user.items() if key not in hidden}
    return {**shown, "ID": str(user["ID"])}


@method("department.get", scope="department")
def department_get(call: Call) -> Page:
    """The company's departments."""
    conditions = {
        key: call.get(key) for key in ("ID", "NAME", "PARENT", "UF_HEAD") if call.get(key)
    }
    matcher = Matcher(conditions, call.state.switches.empty_filter)
    rows = [row for row in call.state.departments.values() if matcher.fits(row)]
    return page_of(call, rows, start=call.get("START", call.get("start")))
