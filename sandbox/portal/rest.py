"""REST v2 of the portal over HTTP: addresses, bodies, authorization, envelope, limits, trouble."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Request, Response, request

from sandbox.faults import Fault, broken
from sandbox.portal import schema
from sandbox.portal.batch import run_batch
from sandbox.portal.limits import Bucket, Operating
from sandbox.portal.phpform import parse_pairs, php_json
from sandbox.portal.registry import METHODS, Call, Method, Page, RestError, access_denied
from sandbox.portal.state import State

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "origin, content-type, accept, authorization, x-requested-with",
    "Access-Control-Max-Age": "600",
}
BATCH_WEIGHT = 0.5
CREDENTIALS = ("auth", "access_token")


class BrokenAnswer(Exception):
    """The HTTP answer as a whole is lost or replaced by a fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


@dataclass(frozen=True)
class Caller:
    """Who calls: a user by a token or by an incoming webhook."""

    user_id: int
    scopes: frozenset[str]
    webhook: bool = False


@dataclass
class Hit:
    """One HTTP request under way: who, its number, seconds spent by method, a lost answer."""

    caller: Caller
    number: int
    spent: dict[str, float] = field(default_factory=dict)
    lost: Fault | None = None


class Rest:
    """The REST server of one portal."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.bucket = Bucket(state)
        self.operating = Operating(state)

    def blueprint(self) -> Blueprint:
        """Addresses under /rest/."""
        blueprint = Blueprint("rest", __name__)
        blueprint.add_url_rule(
            "/rest/<path:path>",
            "rest",
            self.serve,
            methods=["GET", "POST", "OPTIONS"],
            strict_slashes=False,
        )
        return blueprint

    def serve(self, path: str) -> Response:
        """One HTTP request."""
        if request.method == "OPTIONS":
            return Response(status=204, headers=CORS)
        if request.host in self.state.old_domains:
            return self._moved()
        started = self.state.now()
        try:
            params, credentials = read_request(request)
            name, webhook = _name(path)
            return self._serve(name, webhook, params, credentials, started)
        except RestError as error:
            return _json(error.document(), error.status)
        except BrokenAnswer as loss:
            return self._broken(loss.fault)

    def _moved(self) -> Response:
        address = f"{self.state.origin}{request.full_path.rstrip('?')}"
        return Response(status=302, headers={**CORS, "Location": address})

    def _serve(
        self,
        name: str,
        webhook: tuple[int, str] | None,
        params: dict[str, Any],
        credentials: str,
        started: float,
    ) -> Response:
        entry = self._log_http(name)
        try:
            self.bucket.charge(_source(request))
            caller = self._caller(webhook, credentials)
            entry["user_id"] = caller.user_id
            page, times = self._run(name, params, Hit(caller, entry["n"]))
            entry["status"] = 200
        except RestError as error:
            entry["status"], entry["error"] = error.status, error.code
            raise
        except BrokenAnswer as loss:
            entry["error"] = f"fault {loss.fault.kind}"
            raise
        return _json(self._envelope(page, started, times))

    def _run(self, name: str, params: dict[str, Any], hit: Hit) -> tuple[Page, dict[str, Any]]:
        if name.lower() == "batch":
            page, times = self._batch(params, hit)
        else:
            page, times = self._execute(name, params, hit)
        self._charge(hit)
        if hit.lost is not None:
            raise BrokenAnswer(hit.lost)
        return page, times | self.operating.told(name.lower())

    def _batch(self, params: dict[str, Any], hit: Hit) -> tuple[Page, dict[str, Any]]:
        self._trouble("batch")
        self.operating.check("batch")

        def command(name: str, inner: dict[str, Any]) -> tuple[Page, dict[str, Any]]:
            inner = {key: value for key, value in inner.items() if key not in CREDENTIALS}
            page, times = self._execute(name, inner, hit, batch=True)
            return page, self._time(self.state.now(), times)

        answer = run_batch(params, command)
        if self.operating.code_profile:
            hit.spent["batch"] = sum(hit.spent.values()) * BATCH_WEIGHT
        hit.lost = hit.lost or self.state.faults.after("batch")
        return Page(answer), {}

    def _execute(
        self, name: str, params: dict[str, Any], hit: Hit, *, batch: bool = False
    ) -> tuple[Page, dict[str, Any]]:
        """One call: logged, whatever becomes of it."""
        self._trouble(name)
        call = Call(self.state, name, params, hit.caller.user_id, hit.caller.webhook)
        entry = self._log_call(call, hit.number, batch)
        try:
            method = self._allowed(call, hit.caller)
            page = self._carry_out(method, call)
        except RestError as error:
            entry["error"] = error.document()
            raise
        entry["result"] = php_json(page.items)
        hit.lost = hit.lost or self.state.faults.after(name)
        return page, self._spend(method, hit)

    def _spend(self, method: Method, hit: Hit) -> dict[str, Any]:
        """The costs of a call, and its part of the time block."""
        cost, name = self.state.costs.get(method.name, 0.0), method.name.lower()
        hit.spent[name] = hit.spent.get(name, 0.0) + cost
        if sum(hit.spent.values()) > self.state.settings.request_seconds:
            # What was carried out stays so; the rest of the request is cut off.
            self._charge(hit)
            raise BrokenAnswer(Fault(match="", kind="html_504"))
        return {"duration": cost} | self._foretold(name, hit.spent)

    def _charge(self, hit: Hit) -> None:
        for method, seconds in hit.spent.items():
            self.operating.charge(method, seconds)

    def _foretold(self, method: str, spent: Mapping[str, float]) -> dict[str, Any]:
        told = self.operating.told(method)
        told["operating"] = round(told["operating"] + spent.get(method, 0.0), 6)
        return told

    def _allowed(self, call: Call, caller: Caller) -> Method:
        method = METHODS.get(call.method.lower())
        if method is None:
            raise RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        _check_scope(method, caller.scopes)
        if method.app_only and caller.webhook:
            text = "Current authorization type is denied for this method"
            raise RestError("WRONG_AUTH_TYPE", text, 403)
        if method.admin_only and not call.admin:
            raise access_denied("Access denied! Administrator rights are needed.")
        self.operating.check(method.name.lower())
        return method

    def _carry_out(self, method: Method, call: Call) -> Page:
        call = replace(call, method=method.name)
        if self.state.switches.schema:
            schema.check(call, method)
        with self.state.lock:
            result = method.run(call)
        return result if isinstance(result, Page) else Page(result)

    def _trouble(self, name: str) -> None:
        fault = self.state.faults.before(name)
        if fault is None or fault.kind == "delay":
            return
        error = _fault_error(fault)
        raise error if error is not None else BrokenAnswer(fault)

    def _caller(self, webhook: tuple[int, str] | None, credentials: str) -> Caller:
        if webhook is not None:
            return self._webhook_caller(*webhook)
        if not credentials:
            raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        token = self.state.oauth.access.get(credentials)
        if token is None or token.member_id != self.state.settings.member_id:
            raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        self._check_application(token.generation)
        if token.expires_at < self.state.now():
            raise RestError("expired_token", "The access token provided has expired.", 401)
        return self._active(token.user_id)

    def _webhook_caller(self, user_id: int, code: str) -> Caller:
        if self.state.settings.webhooks.get(code) != user_id:
            raise RestError("INVALID_CREDENTIALS", "Invalid request credentials", 401)
        return Caller(user_id, frozenset({"*"}), webhook=True)

    def _check_application(self, generation: int) -> None:
        installation = self.state.installation
        if not installation.present or installation.generation != generation:
            raise RestError("APPLICATION_NOT_FOUND", "Application not found", 401)
        if not installation.paid:
            raise RestError("PAYMENT_REQUIRED", "Payment required", 401)

    def _active(self, user_id: int) -> Caller:
        if not self.state.users.get(user_id, {}).get("ACTIVE"):
            raise RestError("authorization_error", "Unable to authorize user", 401)
        return Caller(user_id, frozenset(self.state.installation.scope.split(",")))

    def _envelope(self, page: Page, started: float, times: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {"result": php_json(page.items)}
        if page.next is not None:
            body["next"] = page.next
        if page.total is not None:
            body["total"] = page.total
        return {**body, "time": self._time(started, times)}

    def _time(self, started: float, times: dict[str, Any]) -> dict[str, Any]:
        return {
            **self.state.clock.block(started, times.get("duration", 0.0)),
            "operating_reset_at": times.get("operating_reset_at", 0),
            "operating": times.get("operating", 0),
        }

    def _broken(self, fault: Fault) -> Response:
        if fault.kind.startswith("html_504"):
            return Response("<html><h1>504 Gateway Time-out</h1></html>", 504, headers=CORS)
        if fault.kind == "302":
            address = fault.options.get("location", self.state.origin + request.full_path)
            return Response(status=302, headers={**CORS, "Location": str(address)})
        if fault.kind == "500_after":
            error = RestError("INTERNAL_SERVER_ERROR", "Internal server error", 500)
            return _json(error.document(), 500)
        return Response(status=500, headers=broken(fault))

    def _log_http(self, name: str) -> dict[str, Any]:
        with self.state.lock:
            entry = {
                "n": self.state.next_id("http"),
                "method": name,
                "verb": request.method,
                "browser": "Origin" in request.headers,
                "at": self.state.now(),
            }
            self.state.http.append(entry)
            return entry

    def _log_call(self, call: Call, http: int, batch: bool) -> dict[str, Any]:
        with self.state.lock:
            entry = {
                "n": self.state.next_id("call"),
                "http": http,
                "method": call.method,
                "params": dict(call.params),
                "user_id": call.user_id,
                "at": self.state.now(),
            }
            if batch:
                entry["batch"] = True
            self.state.calls.append(entry)
            return entry


def read_request(incoming: Request) -> tuple[dict[str, Any], str]:
    """Parameters of query and body together, and the token apart from them."""
    params = parse_pairs(incoming.args.items(multi=True))
    params |= parse_pairs(incoming.form.items(multi=True))
    if incoming.is_json:
        params |= _json_body(incoming)
    header = incoming.headers.get("Authorization", "")
    bearer = header[7:].strip() if header[:7].lower() == "bearer " else ""
    given = [str(params.pop(name)) for name in CREDENTIALS if name in params]
    return params, bearer or next(iter(given), "")


def _json_body(incoming: Request) -> dict[str, Any]:
    raw = incoming.get_data()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise RestError("INVALID_REQUEST", "The request body is not JSON", 400) from error
    return body if isinstance(body, dict) else {}


def _name(path: str) -> tuple[str, tuple[int, str] | None]:
    """Method of an address, and user and code of an incoming webhook."""
    parts = [part for part in path.split("/") if part]
    name = parts[-1].removesuffix(".json") if parts else ""
    if len(parts) == 3 and parts[0].isdigit():
        return name, (int(parts[0]), parts[1])
    if len(parts) != 1:
        raise RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
    return name, None


def _source(incoming: Request) -> str:
    """Whose bucket: browsers come from their own addresses, which are all one here."""
    kind = "browser" if "Origin" in incoming.headers else "server"
    return f"{kind}:{incoming.remote_addr or ''}"


def _check_scope(method: Method, scopes: frozenset[str]) -> None:
    if not method.scope or "*" in scopes:
        return
    if not scopes & {method.scope, *method.other_scopes}:
        text = "The request requires higher privileges than provided by the access token"
        raise RestError("insufficient_scope", text, 403)


FAULT_ERRORS = {
    "503": ("QUERY_LIMIT_EXCEEDED", "Too many requests", 503),
    "429": ("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429),
    "500": ("INTERNAL_SERVER_ERROR", "Internal server error", 500),
    "401_expired": ("expired_token", "The access token provided has expired.", 401),
}


def _fault_error(fault: Fault) -> RestError | None:
    if fault.kind == "error":
        text = str(fault.options.get("description", "A fault of the sandbox"))
        code = str(fault.options.get("error", "ERROR_CORE"))
        return RestError(code, text, int(fault.options.get("status", 400)))
    known = FAULT_ERRORS.get(fault.kind)
    return RestError(*known) if known else None


def _json(body: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, headers=CORS, content_type="application/json; charset=utf-8")
