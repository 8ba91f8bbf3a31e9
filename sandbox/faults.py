"""Trouble on order: what each fake asks before and after it executes a call."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.wsgi_adapter import BROKEN

KINDS = (
    "503",
    "429",
    "500",
    "500_after",
    "timeout_after",
    "timeout",
    "401_expired",
    "302",
    "html_504",
    "html_504_after",
    "reset",
    "reset_after",
    "delay",
    "error",
)


@dataclass(frozen=True)
class Fault:
    """One order: calls matching `match` fail `times` times (None: until cleared)."""

    match: str
    kind: str
    times: int | None = 1
    skip: int = 0
    seconds: float = 0
    retry_after: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def executed(self) -> bool:
        """Whether the call is carried out and only its answer is lost."""
        return self.kind.endswith("_after")

    def hits(self, name: str) -> bool:
        """Whether a call of this name is meant: an exact name or a whole-match pattern."""
        wanted, given = self.match.lower(), name.lower()
        return wanted in ("", "*", given) or re.fullmatch(wanted, given) is not None


class Faults:
    """The orders of one fake; safe to ask from many threads."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self.sleep = sleep
        self._lock = threading.Lock()
        self._orders: list[list[Any]] = []  # fault, calls to let pass, times left

    def add(self, document: Mapping[str, Any]) -> Fault:
        """Take an order as the control API gives it.

        Raises:
            ValueError: unknown kind or a broken pattern.
        """
        fault = _fault(document)
        with self._lock:
            self._orders.append([fault, fault.skip, fault.times])
        return fault

    def clear(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._orders.clear()

    def items(self) -> list[dict[str, Any]]:
        """The orders still open, for the control API."""
        with self._lock:
            return [
                {"match": fault.match, "kind": fault.kind, "times": left, "skip": skip}
                for fault, skip, left in self._orders
            ]

    def before(self, name: str) -> Fault | None:
        """What happens instead of the call; a `delay` is waited out here and then returned."""
        fault = self._take(name, executed=False)
        if fault is not None and fault.kind == "delay":
            self.sleep(fault.seconds)
        return fault

    def after(self, name: str) -> Fault | None:
        """What happens to the answer of an executed call."""
        return self._take(name, executed=True)

    def _take(self, name: str, *, executed: bool) -> Fault | None:
        with self._lock:
            for order in self._orders:
                fault: Fault = order[0]
                if fault.executed == executed and fault.hits(name):
                    return self._use(order)
        return None

    def _use(self, order: list[Any]) -> Fault | None:
        fault: Fault = order[0]
        if order[1] > 0:
            order[1] -= 1
            return None
        if order[2] is not None:
            order[2] -= 1
            if order[2] <= 0:
                self._orders.remove(order)
        return fault


def _fault(document: Mapping[str, Any]) -> Fault:
    kind = str(document.get("kind", ""))
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    match = str(document.get("match", ""))
    re.compile(match if match != "*" else "")
    times = document.get("times", 1)
    return Fault(
        match=match,
        kind=kind,
        times=None if times in (None, 0, -1) else int(times),
        skip=int(document.get("skip", 0)),
        seconds=float(document.get("seconds", 60 if kind.startswith("timeout") else 0)),
        retry_after=document.get("retry_after"),
        options=dict(document),
    )


def broken(fault: Fault) -> dict[str, str]:
    """Headers that make the carrier break off (`BreakingWire`, `WsgiAdapter`)."""
    if fault.kind.startswith("timeout"):
        return {BROKEN: "timeout", f"{BROKEN}-Seconds": str(fault.seconds)}
    return {BROKEN: "reset"}


class BreakingWire:
    """WSGI middleware: breaks the socket where an answer carries the header of `broken`."""

    def __init__(self, app: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self.app = app
        self.sleep = sleep

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # An application may be wrapped twice; only the outer wrapping acts.
        wire: socket.socket | None = environ.pop("werkzeug.socket", None)
        if wire is None:
            return self._pass(environ, start_response)
        return self._guard(environ, start_response, wire)

    def _pass(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self.app(environ, start_response)
        return answer

    def _guard(
        self, environ: dict[str, Any], start_response: Any, wire: socket.socket
    ) -> Iterable[bytes]:
        told: dict[str, str] = {}

        def listen(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told.update(headers)
            return start_response(status, headers, *rest)

        answer = list(self.app(environ, listen))
        if BROKEN not in told:
            return answer
        self.sleep(float(told.get(f"{BROKEN}-Seconds", 0)))
        _cut(wire)
        return []


def _cut(wire: socket.socket) -> None:
    """Close with a reset instead of a polite end."""
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.shutdown(socket.SHUT_RDWR)
