"""Whatever strangers send to any address: never an error of ours, and nothing is kept."""

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from b24app.db import db, reading
from b24app.models import Channel
from tests.reliability.stage import Stage

SAFE = ("static", "openapi", "health.", "i18n.")
HUGE = 26 * 1024 * 1024
VALUES = {"int": "7", "string": "chats", "default": "nobody", "path": "nothing"}
DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
UPDATE = st.fixed_dictionaries(
    {"update_id": st.integers() | JSON},
    optional=dict.fromkeys(("message", "edited_message", "my_chat_member"), JSON),
)
PLAIN = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def doors(here: Stage) -> list[tuple[str, Rule]]:
    """Every verb of every address, but for those that only show what everybody may see."""
    return [
        (verb, rule)
        for rule in here.here.app.url_map.iter_rules()
        if not rule.endpoint.startswith(SAFE)
        for verb in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(rule: Rule, value: str | None = None) -> str:
    """A rule with something in every place of it."""
    parts = [
        text if not is_variable else value or VALUES[_converter(rule, text)]
        for is_variable, text in rule._trace[1:]
    ]
    return "/" + "".join(parts).removeprefix("|").removeprefix("/")


def _converter(rule: Rule, name: str) -> str:
    kind = type(rule._converters[name]).__name__.removesuffix("Converter").lower()
    return {"integer": "int", "unicode": "string"}.get(kind, "default")


def rows() -> dict[str, int]:
    """How much every table holds."""
    with reading() as session:
        tables = db.metadata.sorted_tables
        return {one.name: session.query(one).count() for one in tables}


def knock(here: Stage, verb: str, path: str, **more: Any) -> TestResponse:
    return here.here.app.test_client().open(path, method=verb, **more)


@pytest.fixture
def untouched(here: Stage) -> Iterator[Stage]:
    """Nothing may be kept of what happens inside."""
    before = rows()
    yield here
    assert rows() == before


# Anybody may see the widget's script, the pages that ask where to sign in and whether to sign
# out, and what makes the workplace installable; the rest of the standalone pages sends there.
ANYBODY = {
    "widget.script",
    "signin.ask",
    "signin.leaving",
    "installable.manifest",
    "installable.worker",
    "installable.offline",
}


def test_strangers_get_plain_refusals(untouched: Stage) -> None:
    for verb, rule in doors(untouched):
        answer = knock(untouched, verb, address(rule), json={"a": 1})
        if answer.status_code in (302, 303):
            assert answer.location.startswith("/login"), (verb, rule)
            continue
        assert 400 <= answer.status_code < 500 or rule.endpoint in ANYBODY, (verb, rule)


def test_forged_tokens_are_refused_everywhere(untouched: Stage) -> None:
    forged = "eyJhbGciOiJub25lIn0.eyJwb3J0YWwiOjEsInVzZXIiOjF9."
    for verb, rule in doors(untouched):
        if rule.rule.startswith("/api/"):
            headers = {"Authorization": f"Bearer {forged}"}
            answer = knock(untouched, verb, address(rule), headers=headers, json={})
            assert answer.status_code == 401, (verb, rule.rule, answer.status_code)


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_huge_bodies_are_refused_at_once(untouched: Stage, kind: str) -> None:
    for verb, rule in doors(untouched):
        if verb == "GET":
            continue
        began = time.perf_counter()
        answer = knock(untouched, verb, address(rule), **huge({"Content-Type": kind}))
        assert 400 <= answer.status_code < 500, (verb, rule.rule, answer.status_code)
        assert time.perf_counter() - began < 1, rule.rule


def test_telegrams_door_refuses_huge_bodies(untouched: Stage) -> None:
    answer = knock(untouched, "POST", hook(untouched), **huge(secret(untouched)))
    assert answer.status_code == 413


def huge(headers: dict[str, str]) -> dict[str, Any]:
    """A request whose body is larger than anything we take."""
    return {"headers": headers, "input_stream": Huge()}


class Huge(io.RawIOBase):
    """A long body; whoever reads all of it is caught."""

    place = 0
    read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.read_bytes += len(buffer)
        assert self.read_bytes < HUGE, "the whole body is read"
        buffer[:] = b"x" * len(buffer)
        return len(buffer)

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = HUGE if whence == io.SEEK_END else offset
        return self.place


def channel() -> Channel:
    return db.session.query(Channel).order_by(Channel.id).first()  # type: ignore[return-value]


def hook(here: Stage) -> str:
    return f"/hooks/{channel().hook_key}"


def secret(here: Stage) -> dict[str, str]:
    return {"X-Telegram-Bot-Api-Secret-Token": channel().secret}


@PLAIN
@seed(20261121)
@given(body=st.binary(max_size=300) | JSON.map(lambda value: repr(value).encode()))
@example(body=DEEP)
@example(body=b"\xff\xfe" * 100)
@example(body=b"[" * 100_000)
@example(body=b"a[b][c][d]" * 500 + b"=1")
def test_garbage_breaks_no_door(here: Stage, body: bytes) -> None:
    before = rows()
    for verb, rule in doors(here):
        if verb == "GET":
            continue
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            answer = knock(here, verb, address(rule), data=body, content_type=kind)
            assert answer.status_code < 500, (verb, rule.rule, body)
    assert rows() == before


@PLAIN
@seed(20261121)
@given(value=st.text(min_size=1, max_size=40).filter(lambda text: "/" not in text))
@example(value="%00")
@example(value="..")
@example(value="9" * 400)
def test_strange_addresses_break_nothing(here: Stage, value: str) -> None:
    for verb, rule in doors(here):
        answer = knock(here, verb, address(rule, value))
        assert answer.status_code < 500, (verb, rule.rule, value)


@PLAIN
@seed(20261121)
@given(update=UPDATE)
def test_strange_updates_are_understood_or_marked(here: Stage, update: dict[str, Any]) -> None:
    answer = knock(here, "POST", hook(here), json=update, headers=secret(here))
    assert answer.status_code < 500
    here.here.worker.run_due()
    with reading() as session:
        stuck = session.execute(
            db.text("SELECT error FROM job WHERE kind='receive' AND state != 'done'")
        ).all()
    assert not stuck, update
