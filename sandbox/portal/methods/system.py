"""Application, options, scopes and other basics of the portal."""

from typing import Any

from sandbox.portal.registry import METHODS, Call, RestError, method

FEATURES = {"rest_offline_extended": "Y", "rest_auth_connector": "Y"}


@method("app.info", app=True, params=())
def app_info(call: Call) -> dict[str, Any]:
    """The application on this portal; no member id, so it proves nothing."""
    installation = call.state.installation
    return {
        "ID": 1,
        "CODE": call.state.settings.app_code,
        "VERSION": installation.version,
        "STATUS": installation.status,
        "INSTALLED": installation.finished,
        "PAYMENT_EXPIRED": "N" if installation.paid else "Y",
        "DAYS": None,
        "LANGUAGE_ID": call.state.settings.lang,
        "LICENSE": f"{call.state.settings.lang}_pro100",
        "LICENSE_TYPE": "pro100",
        "LICENSE_FAMILY": "pro",
    }


@method("app.option.get", app=True)
def app_option_get(call: Call) -> Any:
    """All options of the application, or one."""
    return _option(call.state.installation.options, call.text("option"))


@method("app.option.set", app=True, admin=True)
def app_option_set(call: Call) -> bool:
    """Keep options of the application."""
    call.state.installation.options.update(call.map("options"))
    return True


@method("user.option.get", app=True)
def user_option_get(call: Call) -> Any:
    """Options of the calling user."""
    return _option(call.state.installation.user_options.get(call.user_id, {}), call.text("option"))


@method("user.option.set", app=True)
def user_option_set(call: Call) -> bool:
    """Keep options of the calling user."""
    kept = call.state.installation.user_options.setdefault(call.user_id, {})
    kept.update(call.map("options"))
    return True


def _option(options: dict[str, Any], name: str) -> Any:
    return options.get(name, "") if name else options


@method("scope", params=("full",))
def scope(call: Call) -> list[str]:
    """Granted scopes, or all the portal has."""
    if call.get("full"):
        return sorted({known.scope for known in METHODS.values() if known.scope})
    return call.state.installation.scope.split(",")


@method("methods", params=("full", "scope"))
def methods(call: Call) -> list[str]:
    """Names of methods: of one scope, or all."""
    wanted = call.get("scope")
    return [known.name for known in METHODS.values() if wanted in (None, known.scope)]


@method("method.get")
def method_get(call: Call) -> dict[str, bool]:
    """Whether a method exists and may be called by the application."""
    known = METHODS.get(call.text("name").lower())
    granted = call.state.installation.scope.split(",")
    available = known is not None and (not known.scope or known.scope in granted)
    return {"isExisting": known is not None, "isAvailable": available}


@method("feature.get", params=("CODE*:string",))
def feature_get(call: Call) -> dict[str, str]:
    """Whether the plan has a feature."""
    return {"value": FEATURES.get(call.text("CODE"), "N")}


@method("server.time", params=())
def server_time(call: Call) -> str:
    """The portal's clock."""
    return call.state.clock.iso()


@method("access.name", params=("ACCESS*:array",))
def access_name(call: Call) -> dict[str, Any]:
    """Names of access codes U<id> and D<id>."""
    return {code: _access(call, str(code)) for code in call.list("ACCESS")}


def _access(call: Call, code: str) -> dict[str, Any]:
    if code[:1] == "U" and code[1:].isdigit():
        name = call.state.user_name(int(code[1:]))
        return {"provider": "", "name": name, "provider_id": "user"}
    return {"provider": "", "name": code, "provider_id": "other"}


@method("batch", params=("cmd*:array", "halt"))
def nested_batch(call: Call) -> None:
    """The server itself carries batches out; this is what one inside another meets."""
    raise RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
