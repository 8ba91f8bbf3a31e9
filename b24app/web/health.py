"""Is it alive, may it get traffic, how does it do: /healthz, /readyz, /metrics."""

import hmac

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from b24app import __version__, clock
from b24app.config import Config
from b24app.db import reading
from b24app.errors import Denied
from b24app.models import job

blueprint = Blueprint("health", __name__)
DUE = Gauge("callgear_jobs_due", "Promises that are due and not taken.")
OLDEST = Gauge("callgear_jobs_oldest_seconds", "How late the oldest due promise is.")
DEAD = Gauge("callgear_jobs_dead", "Promises that were given up.")
LATE_SECONDS = 300.0


@blueprint.get("/healthz")
def alive() -> Response:
    return jsonify(status="ok", version=__version__)


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 when the database answers and promises are being kept."""
    try:
        with reading() as session:
            session.execute(text("SELECT 1 FROM alembic_version"))
            state = job.backlog(clock.now())
    except SQLAlchemyError:
        return jsonify(status="no database"), 503
    late = state["oldest_seconds"] > LATE_SECONDS
    return jsonify(status="late" if late else "ok", jobs=state), 503 if late else 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus on this machine, or with METRICS_TOKEN as a bearer."""
    _allow()
    with reading():
        state = job.backlog(clock.now())
    DUE.set(state["due"])
    OLDEST.set(state["oldest_seconds"])
    DEAD.set(state["dead"])
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _allow() -> None:
    config: Config = current_app.config["CALLGEAR"]
    token = config.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return
    if not token and request.remote_addr in ("127.0.0.1", "::1", None):
        return
    raise Denied("Metrics are not for you.")
