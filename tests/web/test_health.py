"""Health: alive, ready only with its database, metrics not for everybody."""

from flask import Flask

from b24app.db import db


def test_alive_says_its_version(app: Flask) -> None:
    assert app.test_client().get("/healthz").json["status"] == "ok"


def test_not_ready_without_tables(app: Flask) -> None:
    db.drop_all()
    assert app.test_client().get("/readyz").status_code == 503


def test_metrics_count_promises(app: Flask) -> None:
    assert "callgear_jobs_due 0.0" in app.test_client().get("/metrics").text


def test_metrics_are_closed_to_others(app: Flask) -> None:
    answer = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert answer.status_code == 403
