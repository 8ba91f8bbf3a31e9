"""imopenlines.config.*: the lines and their settings."""

from typing import Any

from sandbox.portal import line_config, openlines
from sandbox.portal import openlines_events as tell
from sandbox.portal.filters import Matcher, ordered, selected
from sandbox.portal.phpform import as_map, yes
from sandbox.portal.registry import Call, RestError, access_denied, method, number

SCOPE = "imopenlines"


@method("imopenlines.config.add", scope=SCOPE)
def config_add(call: Call) -> int:
    """A new line; its number."""
    if call.state.switches.config_add_admin_only and not call.admin:
        raise RestError("CONFIG_WRONG_USER_PERMISSION", "Permission denied", 403)
    limit = call.state.switches.lines_limit
    if limit and len(call.state.lines) >= limit:
        raise access_denied("The number of open channels is limited by the plan", 400)
    return line_config.add(call.state, call.map("PARAMS"))


def _config_id(call: Call) -> int:
    if not call.int("CONFIG_ID"):
        raise RestError("CONFIG_ID_EMPTY", "Config id can't be empty", 400)
    return call.int("CONFIG_ID")


def _manager(call: Call) -> None:
    if not call.admin:
        raise RestError("CONFIG_WRONG_USER_PERMISSION", "Permission denied", 403)


@method("imopenlines.config.update", scope=SCOPE)
def config_update(call: Call) -> bool:
    """Change a line; False: there is none."""
    line = _config_id(call)
    _manager(call)
    if line not in call.state.lines:
        return False
    line_config.change(call.state, line, call.map("PARAMS"))
    return True


@method("imopenlines.config.delete", scope=SCOPE)
def config_delete(call: Call) -> bool:
    """Remove a line; its connectors are told."""
    line = _config_id(call)
    _manager(call)
    if call.state.lines.pop(line, None) is None:
        return False
    call.state.links = {key: one for key, one in call.state.links.items() if key[1] != line}
    tell.tell_line_gone(call.state, line, call.user_id)
    return True


@method("imopenlines.config.get", scope=SCOPE)
def config_get(call: Call) -> Any:
    """A line; False: there is none."""
    line = _config_id(call)
    if line not in call.state.lines:
        return False
    with_queue = yes(call.get("WITH_QUEUE", "Y"))
    return line_config.shown(call.state, line, queue=with_queue)


@method("imopenlines.config.list.get", scope=SCOPE)
def config_list(call: Call) -> list[dict[str, Any]]:
    """Lines of the portal."""
    params, options = call.map("PARAMS"), call.map("OPTIONS")
    _check_fields(params)
    matcher = Matcher(params.get("filter"), call.state.switches.empty_filter)
    rows = [line_config.shown(call.state, line) for line in call.state.lines]
    rows = ordered([row for row in rows if matcher.fits(row)], params.get("order"), "ID")
    first, limit = number(params.get("offset")), min(number(params.get("limit"), 50), 200)
    return [_row(call, row, params, options) for row in rows[first : first + limit]]


def _check_fields(params: dict[str, Any]) -> None:
    known = set(line_config.DEFAULTS) | {"ID", "*"}
    for key in ("select", "filter", "order"):
        given = params.get(key)
        names = given if key == "select" and isinstance(given, list) else as_map(given)
        for name in names or ():
            if str(name).lstrip("=!<>@%") not in known:
                raise RestError("INVALID_FORMAT", f"Unknown field {name} in {key}", 400)


def _row(
    call: Call, row: dict[str, Any], params: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    line = int(row["ID"])
    chosen = dict(selected(row, params.get("select"), ("ID",)))
    if yes(options.get("QUEUE", "N")):
        chosen["QUEUE"] = openlines.queue(call.state, line)
        chosen["QUEUE_USERS_FIELDS"] = line_config.queue_users(call.state, line)
    if yes(options.get("CONFIG_QUEUE", "N")):
        chosen["CONFIG_QUEUE"] = call.state.lines[line]["CONFIG_QUEUE"]
    return chosen


@method("imopenlines.config.path.get", scope=SCOPE)
def config_path(call: Call) -> dict[str, str]:
    """Where lines are set up."""
    return {"SERVER_ADDRESS": call.state.origin, "PUBLIC_PATH": "/contact_center/"}


@method("imopenlines.revision.get", scope=SCOPE)
def revision(call: Call) -> dict[str, int]:
    """Revisions of the API."""
    return {"rest": 2, "web": 1, "mobile": 1}
