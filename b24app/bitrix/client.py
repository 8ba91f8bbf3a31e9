"""REST calls to one portal: paced, renewed, logged, and honest about lost answers."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import requests

from b24app import clock
from b24app.bitrix import batch, errors, masking
from b24app.bitrix.wire import host, never_sent
from b24app.errors import BitrixError
from b24app.values import Call

TIMEOUT_SECONDS = (3.05, 65.0)  # Bitrix24 itself gives up at 60
REDIRECTS = (301, 302, 303, 307, 308)
BAD_REQUEST, SERVER_ERROR = 400, 500
URGENT, SOON = 10, 50


@dataclass(frozen=True, slots=True)
class Access:
    """A token to call with, and where; `endpoint` ends in `/rest/`."""

    token: str = field(repr=False)
    user_id: int
    endpoint: str


@dataclass(frozen=True, slots=True)
class Use:
    """What a method cost: seconds of one call, and the sum Bitrix24 counts in ten minutes."""

    method: str
    seconds: float
    operating: float | None = None
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One HTTP request and its answer, secrets masked; status 0: there was no answer."""

    request_id: str
    method: str
    request: str
    response: str
    status: int
    error: str
    milliseconds: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    result: Any
    total: int | None = None
    next: int | None = None
    time: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """Results and errors by key; a key in neither was not reached (`halt`) or is unknown."""

    results: Mapping[str, Any]
    errors: Mapping[str, BitrixError]
    totals: Mapping[str, Any] = field(default_factory=dict)
    nexts: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, Any] = field(default_factory=dict)

    def result(self, key: str) -> Any:
        """The result of one command; its error is raised."""
        if key in self.errors:
            raise self.errors[key]
        return self.results.get(key)


class TokenSource(Protocol):
    def access(self, user_id: int | None) -> Access:
        """A token of this employee; of the portal's administrators when None."""

    def renew(self, failed: Access) -> Access:
        """A younger token than `failed`; `endpoint` is where the OAuth server says it works."""

    def moved(self, access: Access, endpoint: str) -> None:
        """The portal answers at another address now."""

    def refused(self, access: Access, error: BitrixError) -> None:
        """Bitrix24 will not serve this token, or us at all: remember it."""


class Governor(Protocol):
    def reserve(self, methods: Sequence[str], priority: int) -> None:
        """Take a place for one request that runs `methods`.

        Raises:
            BitrixError: with `retry_after`: there is no place soon enough.
        """

    def learn(self, uses: Sequence[Use]) -> None: ...

    def blocked(self, method: str | None, until: datetime) -> None:
        """Bitrix24 refuses this method (None: every call) until then."""


class CallLog(Protocol):
    def write(self, entry: LogEntry) -> None: ...


class _Moved(Exception):
    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class Client:
    """Calls of one portal.

    A BitrixError tells what became of a call: `unknown` means that it may have been
    carried out and must be verified before it is repeated; otherwise it surely was not.

    Args:
        user_id: whose token to use unless a call names another; None: an administrator's.
    Attributes:
        requested: ids of the HTTP requests made so far; the log keeps each under its id.
    """

    def __init__(
        self,
        tokens: TokenSource,
        governor: Governor,
        log: CallLog,
        session: requests.Session,
        *,
        user_id: int | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._tokens = tokens
        self._governor = governor
        self._log = log
        self._session = session
        self._user_id = user_id
        self._now = now
        self.requested: list[str] = []

    def call(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        user_id: int | None = None,
        priority: int = SOON,
    ) -> Answer:
        """One method.

        Raises:
            BitrixError: see the class.
        """
        body = self._run(method, [method], _told(params or {}), user_id, priority)
        spent = _mapping(body.get("time"))
        self._governor.learn([_use(method, spent)])
        return Answer(body.get("result"), _int(body.get("total")), _int(body.get("next")), spent)

    def ask(self, call: Call, *, user_id: int | None = None, priority: int = SOON) -> Any:
        """The result of a single call made by a builder."""
        return self.call(call.method, call.params, user_id=user_id, priority=priority).result

    def batch(
        self,
        calls: Sequence[Call],
        halt: bool = False,
        *,
        user_id: int | None = None,
        priority: int = SOON,
    ) -> BatchAnswer:
        """Up to 50 methods in one request, one after another; commands fail singly.

        Raises:
            BitrixError: the request as a whole failed.
            ValueError: no calls, or more than 50.
        """
        cmd = batch.commands(calls)
        methods = dict(zip(cmd, (call.method for call in calls), strict=True))
        params = {"halt": int(halt), "cmd": cmd}
        body = self._run("batch", ["batch", *methods.values()], params, user_id, priority)
        told = _mapping(body.get("result"))
        spent = _mapping(told.get("result_time"))
        uses = [_use(methods[key], _mapping(one)) for key, one in spent.items() if key in methods]
        self._governor.learn(uses)
        return self._read_batch(told, methods, spent)

    def _read_batch(
        self, told: dict[str, Any], methods: dict[str, str], spent: dict[str, Any]
    ) -> BatchAnswer:
        failed = {
            key: self._judge(
                _refusal(error, BAD_REQUEST), methods.get(key, "batch"), spent.get(key)
            )
            for key, error in _mapping(told.get("result_error")).items()
        }
        results = _mapping(told.get("result"))
        return BatchAnswer(
            results={key: value for key, value in results.items() if key not in failed},
            errors=failed,
            totals=_mapping(told.get("result_total")),
            nexts=_mapping(told.get("result_next")),
            times=spent,
        )

    def _run(
        self,
        method: str,
        methods: Sequence[str],
        params: dict[str, Any],
        user_id: int | None,
        priority: int,
    ) -> dict[str, Any]:
        """The body of a successful answer; cures what a token or an address can cure."""
        wanted = user_id if user_id is not None else self._user_id
        access = self._tokens.access(wanted)
        tried: set[str] = set()
        while True:
            self._governor.reserve(methods, priority)
            try:
                return self._send(method, methods, params, access)
            except _Moved as moved:
                access = self._follow(moved, access, tried)
            except BitrixError as error:
                access = self._cure(error, access, wanted, tried)

    def _cure(
        self, error: BitrixError, access: Access, wanted: int | None, tried: set[str]
    ) -> Access:
        """Another token for a call that was refused because of its token; else raises.

        Each employee's token is renewed once, and another employee's is tried once.
        """
        if errors.meaning(error.code).renew and _first(f"renew {access.user_id}", tried):
            try:
                return replace(self._tokens.renew(access), endpoint=access.endpoint)
            except BitrixError as refused:
                error = refused
        return self._another(error, access, wanted, tried)

    def _another(
        self, error: BitrixError, access: Access, wanted: int | None, tried: set[str]
    ) -> Access:
        known = errors.meaning(error.code)
        if known.token or known.portal:
            self._tokens.refused(access, error)
        if known.token and wanted is not None:  # nobody waits for one employee to come back
            error.permanent, error.retry_after = True, None
        if not known.token or wanted is not None or not _first("another", tried):
            raise error
        other = self._tokens.access(None)
        if other.token == access.token:
            raise error
        return other

    def _follow(self, moved: _Moved, access: Access, tried: set[str]) -> Access:
        """The renamed portal's address, if the OAuth server names the same one."""
        if not _first("move", tried):
            raise BitrixError("The portal keeps sending us elsewhere.", code="redirected")
        fresh = self._tokens.renew(access)
        if not host(fresh.endpoint) or host(fresh.endpoint) != host(moved.location):
            raise BitrixError(
                "The portal sends us to an address that the OAuth server does not confirm.",
                code="redirected",
                retry_after=errors.MEND_WAIT_SECONDS,
            )
        self._tokens.moved(fresh, fresh.endpoint)
        return fresh

    def _send(
        self, method: str, methods: Sequence[str], params: dict[str, Any], access: Access
    ) -> dict[str, Any]:
        """One HTTP request; whatever comes of it is logged."""
        trace = _Trace(secrets.token_hex(8), method, self._now(), time.monotonic())
        try:
            self.requested.append(trace.request_id)
            trace.response = self._post(method, params, access, trace.request_id)
            _stay(trace.response)
            trace.body = _json(trace.response)
            return self._read(method, trace.response.status_code, trace.body)
        except (BitrixError, _Moved) as error:
            trace.error = error
            self._charge_lost(error, methods, time.monotonic() - trace.started)
            raise
        finally:
            self._log.write(trace.entry(params))

    def _post(
        self, method: str, params: dict[str, Any], access: Access, request_id: str
    ) -> requests.Response:
        try:
            response = self._session.post(
                f"{access.endpoint}{method}",
                params={"bx24_request_id": request_id},
                json={**params, "auth": access.token},
                headers={"X-Request-ID": request_id, "Accept": "application/json"},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _lost(error) from None  # its text may hold what we sent
        return response

    def _read(self, method: str, status: int, body: dict[str, Any] | None) -> dict[str, Any]:
        """The body of an answer that refuses nothing."""
        if body is None:
            raise _unreadable(status)
        if "error" in body:
            raise self._judge(_refusal(body, status), method, body.get("time") or body)
        if status >= BAD_REQUEST:
            raise errors.refusal("", "", status)
        if "result" not in body:
            raise _unreadable(status)
        return body

    def _judge(self, error: BitrixError, method: str, spent: Any) -> BitrixError:
        """The error with the time to wait; the governor is told of a closed door."""
        if error.code == "QUERY_LIMIT_EXCEEDED":
            self._governor.blocked(None, self._now() + timedelta(seconds=error.retry_after or 0))
        if error.code == "OPERATION_TIME_LIMIT" or error.code == "HTTP_429":
            until = _moment(_mapping(spent).get("operating_reset_at"))
            wait = (until - self._now()).total_seconds() if until else errors.METHOD_WAIT_SECONDS
            error.retry_after = min(max(wait, 1.0), 600.0)
            self._governor.blocked(method, self._now() + timedelta(seconds=error.retry_after))
        return error

    def _charge_lost(self, error: Exception, methods: Sequence[str], seconds: float) -> None:
        """An answer that was lost may have cost all the time we waited for it."""
        inner = [method for method in methods if method != "batch"]
        if isinstance(error, BitrixError) and error.unknown and inner:
            self._governor.learn([Use(method, seconds / len(inner)) for method in inner])


def _stay(response: requests.Response) -> None:
    if response.status_code in REDIRECTS:
        raise _Moved(response.headers.get("Location", "")[:1000])


def _json(response: requests.Response) -> dict[str, Any] | None:
    """The answer's object; None for a page of a proxy or a part of an answer."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _unreadable(status: int) -> BitrixError:
    """Nothing that Bitrix24 itself says; what was refused with 4xx was not carried out."""
    refused = BAD_REQUEST <= status < SERVER_ERROR
    return BitrixError(
        f"Bitrix24 answered {status} with something that cannot be read.",
        code=f"HTTP_{status}",
        retry_after=errors.METHOD_WAIT_SECONDS if refused else None,
        unknown=not refused,
    )


def _lost(error: requests.RequestException) -> BitrixError:
    return BitrixError(
        f"Bitrix24 gave no answer ({type(error).__name__}).",
        code="no_answer",
        unknown=not never_sent(error),
    )


def _refusal(told: Any, status: int) -> BitrixError:
    if not isinstance(told, dict):
        return errors.refusal("", told, status)
    return errors.refusal(told.get("error"), told.get("error_description"), status)


def _use(method: str, spent: Mapping[str, Any]) -> Use:
    return Use(
        method=method,
        seconds=_float(spent.get("duration")) or 0.0,
        operating=_float(spent.get("operating")),
        reset_at=_moment(spent.get("operating_reset_at")),
    )


@dataclass(slots=True)
class _Trace:
    """What becomes of one HTTP request, for the log."""

    request_id: str
    method: str
    at: datetime
    started: float
    response: requests.Response | None = None
    body: dict[str, Any] | None = None
    error: Exception | None = None

    def entry(self, params: dict[str, Any]) -> LogEntry:
        return LogEntry(
            request_id=self.request_id,
            method=self.method,
            request=masking.masked(params),
            response=self._said(),
            status=0 if self.response is None else self.response.status_code,
            error=self.error.code[:200] if isinstance(self.error, BitrixError) else "",
            milliseconds=round((time.monotonic() - self.started) * 1000),
            at=self.at,
        )

    def _said(self) -> str:
        if self.body is not None:
            return masking.masked(self.body)
        if isinstance(self.error, _Moved):
            return masking.masked_text(f"moved to {self.error.location}")
        return masking.masked_text("" if self.response is None else self.response.text[:4000])


def _first(what: str, tried: set[str]) -> bool:
    """Whether this is tried for the first time; from now on it was."""
    if what in tried:
        return False
    tried.add(what)
    return True


def _told(value: Any) -> Any:
    """Without None at any depth: as in a batch, what is not known is not sent."""
    if isinstance(value, Mapping):
        return {str(key): _told(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_told(item) for item in value if item is not None]
    return value


def _mapping(value: Any) -> dict[str, Any]:
    """PHP writes an empty map as `[]`, and a map with keys 0..n as a list."""
    if isinstance(value, list):
        return {str(number): item for number, item in enumerate(value)}
    return value if isinstance(value, dict) else {}


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _moment(value: Any) -> datetime | None:
    seconds = _float(value)
    if seconds is None or not 0 < seconds < 32503680000:  # the year 3000
        return None
    return datetime.fromtimestamp(seconds, UTC)
