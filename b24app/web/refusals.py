"""Calls we turned away: a counter and a log line, nothing else is kept of them."""

import logging

from flask import request
from prometheus_client import Counter

from b24app.errors import AppError

REFUSED = Counter(
    "callgear_refused_calls_total", "Calls turned away at a public address", ["door", "reason"]
)
log = logging.getLogger(__name__)


def note(door: str, error: AppError) -> None:
    """Count and log; the log says where and why, never what was sent."""
    REFUSED.labels(door, error.code).inc()
    log.warning("%s refused a call from %s: %s", door, request.remote_addr, error.code)
