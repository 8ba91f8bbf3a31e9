"""The OAuth server: token pairs of applications on portals, and the trusted app.info."""

import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from flask import Flask, Response, jsonify, request

from sandbox.faults import BreakingWire, Fault, Faults, broken
from sandbox.portal.clock import Clock

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 180 * 24 * 3600
CODE_SECONDS = 30


class InstallationView(Protocol):
    """The part of an installation that the OAuth server asks about."""

    @property
    def present(self) -> bool: ...
    @property
    def finished(self) -> bool: ...
    @property
    def paid(self) -> bool: ...
    @property
    def generation(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def scope(self) -> str: ...


class PortalView(Protocol):
    """The part of a portal that the OAuth server knows."""

    @property
    def domain(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def client_endpoint(self) -> str: ...
    @property
    def installation(self) -> InstallationView: ...


class OAuthError(Exception):
    """A refusal: code, text, HTTP status."""

    def __init__(self, code: str, text: str, status: int) -> None:
        super().__init__(text)
        self.code = code
        self.status = status


@dataclass
class Token:
    """An access token, a refresh token or a code."""

    value: str
    member_id: str
    client_id: str
    user_id: int
    generation: int
    expires_at: float
    used: bool = False


class OAuthServer:
    """Knows applications by client id and portals by member id."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url.rstrip("/")
        self.clock = clock
        self.lock = threading.RLock()
        self.faults = Faults()
        self.secrets: dict[str, str] = {}
        self.portals: dict[str, PortalView] = {}
        self.access: dict[str, Token] = {}
        self.refresh: dict[str, Token] = {}
        self.codes: dict[str, Token] = {}
        self.calls: list[dict[str, Any]] = []
        self.refresh_reusable = False

    @property
    def server_endpoint(self) -> str:
        """What portals call SERVER_ENDPOINT."""
        return f"{self.url}/rest/"

    def register(self, member_id: str, portal: PortalView, client_id: str, secret: str) -> None:
        """Make a portal and its application known."""
        self.portals[member_id] = portal
        self.secrets[client_id] = secret

    def issue(
        self, member_id: str, client_id: str, user_id: int, *, refreshing: bool = True
    ) -> dict[str, Any]:
        """A new pair as /oauth/token/ answers it; without a refresh token when not `refreshing`."""
        with self.lock:
            pair = self._answer(self._new(self.access, member_id, client_id, user_id))
            if refreshing:
                fresh = self._new(self.refresh, member_id, client_id, user_id)
                pair["refresh_token"] = fresh.value
            return pair

    def code(self, member_id: str, client_id: str, user_id: int) -> str:
        """A code for /oauth/token/; it lives 30 seconds."""
        with self.lock:
            return self._new(self.codes, member_id, client_id, user_id).value

    def _new(self, store: dict[str, Token], member_id: str, client_id: str, user_id: int) -> Token:
        life = {id(self.access): ACCESS_SECONDS, id(self.refresh): REFRESH_SECONDS}
        token = Token(
            value=secrets.token_hex(35),
            member_id=member_id,
            client_id=client_id,
            user_id=user_id,
            generation=self.portals[member_id].installation.generation,
            expires_at=self.clock.now() + life.get(id(store), CODE_SECONDS),
        )
        store[token.value] = token
        return token

    def _answer(self, token: Token) -> dict[str, Any]:
        portal = self.portals[token.member_id]
        return {
            "access_token": token.value,
            "expires": int(token.expires_at),
            "expires_in": int(token.expires_at - self.clock.now()),
            "scope": portal.installation.scope,
            "domain": self.url.partition("://")[2],
            "server_endpoint": self.server_endpoint,
            "client_endpoint": portal.client_endpoint,
            "status": portal.installation.status,
            "member_id": token.member_id,
            "user_id": token.user_id,
        }

    def grant(self, params: dict[str, str]) -> dict[str, Any]:
        """The answer of /oauth/token/.

        Raises:
            OAuthError: as app.md 2.6 lists them.
        """
        kind = params.get("grant_type", "")
        if kind not in ("refresh_token", "authorization_code"):
            raise OAuthError("invalid_request", "Unknown grant type", 400)
        self._check_client(params)
        field = "refresh_token" if kind == "refresh_token" else "code"
        if not params.get(field):
            raise OAuthError("invalid_request", f"Missing parameter {field}", 400)
        with self.lock:
            store = self.refresh if field == "refresh_token" else self.codes
            token = self._use(store.get(params[field]), params["client_id"])
            return self.issue(token.member_id, token.client_id, token.user_id)

    def _check_client(self, params: dict[str, str]) -> None:
        known = self.secrets.get(params.get("client_id", ""))
        if known is None:
            # Captured by the official SDK: a wrong client id is told with status 200.
            raise OAuthError("wrong_client", "Wrong client", 200)
        if not secrets.compare_digest(known, params.get("client_secret", "")):
            raise OAuthError("invalid_client", "Invalid client", 400)

    def _use(self, token: Token | None, client_id: str) -> Token:
        if token is None or token.client_id != client_id or token.expires_at < self.clock.now():
            raise OAuthError("invalid_grant", "Invalid grant", 400)
        if token.used and not self.refresh_reusable:
            raise OAuthError("invalid_grant", "Invalid grant", 400)
        self.check_alive(token)
        token.used = True
        return token

    def check_alive(self, token: Token) -> None:
        """Whether the application is still there and paid for.

        Raises:
            OAuthError: NOT_INSTALLED, PAYMENT_REQUIRED.
        """
        installation = self.portals[token.member_id].installation
        if not installation.present or installation.generation != token.generation:
            raise OAuthError("NOT_INSTALLED", "Application not installed", 401)
        if not installation.paid:
            raise OAuthError("PAYMENT_REQUIRED", "Payment required", 401)

    def app_info(self, access_token: str) -> dict[str, Any]:
        """What the trusted app.info says about a token.

        Raises:
            OAuthError: NO_AUTH_FOUND, invalid_client, expired_token, NOT_INSTALLED.
        """
        if not access_token:
            raise OAuthError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        token = self.access.get(access_token)
        if token is None:
            raise OAuthError("invalid_client", "Invalid client", 400)
        if token.expires_at < self.clock.now():
            raise OAuthError("expired_token", "The access token provided has expired.", 401)
        self.check_alive(token)
        return self._info(token, self.portals[token.member_id])

    def _info(self, token: Token, portal: PortalView) -> dict[str, Any]:
        moment = datetime.fromtimestamp(token.expires_at, UTC).isoformat(timespec="seconds")
        return {
            "client_id": token.client_id,
            "scope": portal.installation.scope,
            "expires": moment,
            "user_id": token.user_id,
            "install": {
                "installed": portal.installation.finished,
                "version": portal.installation.version,
                "status": portal.installation.status,
                "scope": portal.installation.scope,
                "domain": portal.domain,
                "uri": portal.origin,
                "client_endpoint": portal.client_endpoint,
                "member_id": token.member_id,
                "member_type": "B24",
            },
        }

    def forget(self, member_id: str) -> None:
        """Drop all tokens of a portal, as if it had never been."""
        with self.lock:
            for store in (self.access, self.refresh, self.codes):
                for token in [one for one in store.values() if one.member_id == member_id]:
                    del store[token.value]

    def expire(self, *, user_id: int | None = None, member_id: str | None = None) -> int:
        """Let access tokens run out now; how many."""
        with self.lock:
            hit = [
                token
                for token in self.access.values()
                if user_id in (None, token.user_id) and member_id in (None, token.member_id)
            ]
            for token in hit:
                token.expires_at = min(token.expires_at, self.clock.now() - 1)
            return len(hit)


def oauth_app(server: OAuthServer) -> Flask:
    """The OAuth server as a WSGI application."""
    app = Flask("sandbox_oauth")

    def token() -> Response:
        return _answer(server, "token", lambda given: server.grant(given))

    def info() -> Response:
        def read(given: dict[str, str]) -> dict[str, Any]:
            started = server.clock.now()
            info = server.app_info(given.get("auth", ""))
            return {"result": info, "time": server.clock.block(started)}

        return _answer(server, "app.info", read)

    both = ["GET", "POST"]
    app.add_url_rule("/oauth/token/", "token", token, methods=both)
    app.add_url_rule("/oauth/token", "token_bare", token, methods=both)
    app.add_url_rule("/rest/app.info", "info", info, methods=both)
    app.add_url_rule("/rest/app.info/", "info_slash", info, methods=both)
    app.add_url_rule("/rest/app.info.json", "info_json", info, methods=both)
    app.add_url_rule("/_sandbox/calls", "calls", lambda: {"items": server.calls})
    app.wsgi_app = BreakingWire(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _answer(server: OAuthServer, name: str, deed: Any) -> Response:
    given = {**request.form.to_dict(), **request.args.to_dict()}
    if request.is_json and isinstance(body := request.get_json(silent=True), dict):
        given |= {str(key): str(value) for key, value in body.items()}
    fault = server.faults.before(name)
    if fault is not None and fault.kind != "delay":
        return _trouble(fault)
    try:
        answer, status = deed(given), 200
    except OAuthError as error:
        answer, status = {"error": error.code, "error_description": str(error)}, error.status
    server.calls.append({"name": name, "grant": given.get("grant_type"), "status": status})
    lost = server.faults.after(name)
    return _trouble(lost) if lost is not None else _json(answer, status)


def _json(answer: dict[str, Any], status: int) -> Response:
    response = jsonify(answer)
    response.status_code = status
    return response


def _trouble(fault: Fault) -> Response:
    if fault.kind == "error":
        code = str(fault.options.get("error", "invalid_grant"))
        text = str(fault.options.get("description", "A fault of the sandbox"))
        body = {"error": code, "error_description": text}
        return _json(body, int(fault.options.get("status", 400)))
    numbers = [part for part in fault.kind.split("_") if part.isdigit()]
    if numbers:
        return Response("<html>sandbox trouble</html>", int(numbers[0]))
    return Response(status=500, headers=broken(fault))
