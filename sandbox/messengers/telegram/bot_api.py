"""The Bot API over HTTP: who calls, parameters, trouble on order, the answer."""

import re
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from sandbox.faults import Fault, broken
from sandbox.messengers.telegram.errors import Refused, beyond
from sandbox.messengers.telegram.methods import METHODS
from sandbox.messengers.telegram.parameters import Parameters, check_names, given
from sandbox.messengers.telegram.table import NOT_SIMULATED, Call, Method, Said
from sandbox.messengers.telegram.world import Bot, Telegram

RETRY_SECONDS = 3
TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
GATEWAY_PAGE = "<html><head><title>504 Gateway Time-out</title></head><body>nginx</body></html>"
CODES = {
    "503": Refused(503, "Service Unavailable"),
    "500": Refused(500, "Internal Server Error"),
    "500_after": Refused(500, "Internal Server Error"),
    "401_expired": Refused(401, "Unauthorized"),
}


def bot_api(telegram: Telegram) -> Blueprint:
    """`/bot<token>/<method>` and `/file/bot<token>/<path>`."""
    pages = Blueprint("bot_api", __name__)

    @pages.route("/bot<token>/<name>", methods=["GET", "POST"])
    def call(token: str, name: str) -> Response:
        fault = telegram.faults.before(name)
        if fault is not None and fault.kind != "delay":
            return _trouble(fault)
        answer = _answer(telegram, token, name)
        late = telegram.faults.after(name)
        return _trouble(late) if late else answer

    @pages.get("/file/bot<token>/<path:path>")
    def file(token: str, path: str) -> Response:
        bot = telegram.bot_by_token(token)
        for stored in telegram.files.values():
            if bot is not None and stored.bot_id == bot.id and stored.path == path:
                return Response(stored.content, mimetype="application/octet-stream")
        return _refusal(Refused(404, "Not Found"))

    return pages


def _trouble(fault: Fault) -> Response:
    """The ordered failure instead of an answer."""
    if fault.kind.startswith(("timeout", "reset")):
        return Response(status=502, headers=broken(fault))
    if fault.kind.startswith("html_504"):
        return Response(GATEWAY_PAGE, status=504, mimetype="text/html")
    if fault.kind == "302":
        return Response(status=302, headers={"Location": str(fault.options.get("location", "/"))})
    if fault.kind == "429":
        seconds = fault.retry_after or RETRY_SECONDS
        return _refusal(Refused(429, f"Too Many Requests: retry after {seconds}", seconds))
    return _refusal(CODES[fault.kind])


def _refusal(refused: Refused) -> Response:
    answer = make_response(jsonify(refused.body()), refused.code)
    if refused.retry_after is not None:
        answer.headers["Retry-After"] = str(refused.retry_after)
    return answer


def _answer(telegram: Telegram, token: str, name: str) -> Response:
    if not TOKEN.fullmatch(token):
        return _refusal(Refused(404, "Not Found"))
    bot = telegram.bot_by_token(token)
    if bot is None:
        return _refusal(Refused(401, "Unauthorized"))
    method = METHODS.get(name.lower())
    if method is None:
        return _refusal(Refused(404, "Not Found: method not found"))
    try:
        return jsonify(_executed(telegram, bot, method))
    except Refused as refused:
        return _refusal(refused)


def _executed(telegram: Telegram, bot: Bot, method: Method) -> dict[str, Any]:
    parameters = given(request)
    with telegram.change():
        entry = _noted(telegram, bot, method, parameters)
        try:
            check_names(parameters, method.name, method.documented)
            _check_simulated(parameters)
            body = _body(method.deed(Call(telegram, bot, parameters)))
        except Refused as refused:
            entry["error"] = refused.body()
            raise
        entry["result"] = body["result"]
        return body


def _body(result: Any) -> dict[str, Any]:
    if isinstance(result, Said):
        return {"ok": True, "result": result.result, "description": result.description}
    return {"ok": True, "result": result}


def _check_simulated(parameters: Parameters) -> None:
    used = sorted(name for name in NOT_SIMULATED if parameters.values.get(name))
    if used:
        raise beyond(f"{', '.join(used)} is documented, but this simulator cannot do it")


def _noted(telegram: Telegram, bot: Bot, method: Method, given: Parameters) -> dict[str, Any]:
    """A line in the list of calls; its outcome is filled in by the caller."""
    entry: dict[str, Any] = {
        "n": len(telegram.calls) + 1,
        "bot": bot.username,
        "method": method.name,
        "params": given.logged(),
        "at": telegram.clock(),
    }
    telegram.calls.append(entry)
    return entry
