"""The sandbox's door out, its in-process carrier and its trouble."""

import pytest
import requests
from flask import Flask, request

from sandbox.faults import BreakingWire, Faults, broken
from sandbox.outside import Outside, Unreachable
from sandbox.wsgi_adapter import WsgiAdapter

HERE = "http://127.0.0.1:8000"


def echo() -> Flask:
    app = Flask("echo")
    app.add_url_rule("/say", "say", lambda: dict(request.values), methods=["GET", "POST"])
    return app


def trouble(kind: str) -> Flask:
    app = Flask("trouble")
    fault = Faults().add({"kind": kind})
    app.add_url_rule("/say", "say", lambda: ("", 200, broken(fault)), methods=["POST"])
    app.wsgi_app = BreakingWire(app.wsgi_app)  # type: ignore[method-assign]
    return app


def test_form_reaches_the_application():
    status, text = Outside(wsgi={HERE: echo()}).post(f"{HERE}/say", form={"a[b]": "да"})
    assert (status, requests.models.complexjson.loads(text)) == (200, {"a[b]": "да"})


def test_head_gives_the_status():
    assert Outside(wsgi={HERE: echo()}).head(f"{HERE}/say") == 200


def test_nobody_there_is_unreachable():
    with pytest.raises(Unreachable):
        Outside().post("http://127.0.0.1:9/", form={}, timeout=1)


@pytest.mark.parametrize("kind", ["reset", "timeout_after"])
def test_broken_answer_is_unreachable(kind):
    with pytest.raises(Unreachable):
        Outside(wsgi={HERE: trouble(kind)}).post(f"{HERE}/say", form={})


def test_adapter_sends_bytes_and_query():
    session = requests.Session()
    session.mount(HERE, WsgiAdapter(echo()))
    answer = session.post(f"{HERE}/say?q=1", data=b"a=2", headers={"Content-Type": FORM})
    assert answer.json() == {"q": "1", "a": "2"}


FORM = "application/x-www-form-urlencoded"


def test_fault_is_used_up():
    faults = Faults()
    faults.add({"match": "crm\\..*", "kind": "503", "times": 1})
    first, second = faults.before("crm.item.add"), faults.before("crm.item.add")
    assert (first and first.kind, second) == ("503", None)


def test_fault_lets_the_first_pass():
    faults = Faults()
    faults.add({"match": "profile", "kind": "500", "skip": 1})
    assert [bool(faults.before("profile")) for _ in range(3)] == [False, True, False]


def test_lost_answers_come_after():
    faults = Faults()
    faults.add({"match": "*", "kind": "timeout_after"})
    assert (faults.before("profile"), bool(faults.after("profile"))) == (None, True)


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of"):
        Faults().add({"kind": "weather"})
