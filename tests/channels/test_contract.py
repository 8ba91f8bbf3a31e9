"""What every messenger owes the product; a new one is caught here if it is incomplete."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24app import channels
from b24app.channels import base
from b24app.channels.base import Adapter, Field
from b24app.channels.pieces import units
from b24app.errors import ChannelError, Denied, Invalid, Stranger
from b24app.values import Account, OutFile, Outgoing
from tests.channels import recordings

KINDS = sorted(channels.kinds())
SAMPLES = [(kind, name) for kind in KINDS for name in recordings.names(kind)]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def file(size: int = 10, kind: Any = "image", mime: str = "image/png") -> OutFile:
    return OutFile(kind, "a.png", mime, size, lambda: io.BytesIO(b"x" * size))


def test_messengers_are_found() -> None:
    assert {"telegram", "viber", "webchat", "whatsapp"} <= set(KINDS)


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(Invalid, match="'pigeon'"):
        channels.adapter("pigeon", Account(1, {}, "", ""))


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_described(kind: str) -> None:
    found = channels.kinds()[kind]
    assert found.kind == kind
    assert found.title
    assert found.text_limit > 0
    assert found.file_limit > 0
    assert found.__module__.startswith(f"b24app.channels.{kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_who_can_be_found_can_be_looked_for(kind: str) -> None:
    found = channels.kinds()[kind]
    assert set(found.found_by) <= set(found.reached_by) <= {"phone", "username", "email"}
    assert found.reached_by
    assert bool(found.found_by) == (found.resolve is not Adapter.resolve)
    assert found.found_by or not found.asks_to_find


@pytest.mark.parametrize("kind", KINDS)
def test_templates_are_listed_where_a_window_closes(kind: str) -> None:
    found = channels.kinds()[kind]
    assert found.has_templates == (found.templates is not Adapter.templates)
    assert found.has_templates or found.window is None or not found.found_by


@pytest.mark.parametrize("kind", KINDS)
def test_kind_tells_how_to_connect_it(kind: str) -> None:
    steps = channels.kinds()[kind].steps
    assert steps
    assert all(step.endswith(".") for step in steps)


@pytest.mark.parametrize("kind", KINDS)
def test_fields_have_words(kind: str) -> None:
    for field in channels.kinds()[kind].fields:
        assert field.name.isidentifier()
        assert field.label
        assert field.help


@pytest.mark.parametrize("kind", KINDS)
def test_samples_show_everything_it_tells(kind: str) -> None:
    seen = {
        news["type"] for name in recordings.names(kind) for news in recordings.expected(kind, name)
    }
    assert seen == {told.__name__ for told in channels.kinds()[kind].tells}


@pytest.mark.parametrize("kind", KINDS)
def test_no_recording_is_of_an_unknown_kind(kind: str) -> None:
    assert {path.name for path in recordings.FOLDER.iterdir()} == set(KINDS)


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_sample_is_understood(kind: str, name: str) -> None:
    parsed = recordings.adapter(kind).parse(recordings.call(kind, name))
    assert [recordings.shown(news) for news in parsed] == recordings.expected(kind, name)


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_sample_is_genuine_and_numbered(kind: str, name: str) -> None:
    adapter, call = recordings.adapter(kind), recordings.call(kind, name)
    adapter.verify(call)
    assert 0 < len(adapter.provider_id(call)) <= 200
    assert len(adapter.lane(call)) <= 80


@pytest.mark.parametrize("kind", KINDS)
def test_samples_have_different_numbers(kind: str) -> None:
    adapter = recordings.adapter(kind)
    calls = [recordings.call(kind, name) for name in recordings.names(kind)]
    assert len({adapter.provider_id(call) for call in calls}) == len(calls)


@pytest.mark.parametrize(("kind", "name"), SAMPLES)
def test_another_secret_is_refused(kind: str, name: str) -> None:
    with pytest.raises((Denied, Stranger)):
        recordings.adapter(kind, "another-secret").verify(recordings.call(kind, name))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"{}", b'{"visitor": 5}', b'{"visitor": "\xc3\xa9"}'])
def test_call_without_a_secret_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises((Denied, Stranger)):
        recordings.adapter(kind).verify(recordings.hook_call(body))


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(st.binary(max_size=60) | JSON.map(lambda thing: json.dumps(thing).encode()))
def test_garbage_is_invalid_or_nothing(kind: str, body: bytes) -> None:
    understood(recordings.adapter(kind), body)


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(data=st.data())
def test_spoiled_sample_is_invalid_or_read(kind: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(recordings.names(kind)))
    body = json.loads(recordings.call(kind, name).body)
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(body, data)
    understood(recordings.adapter(kind), json.dumps(body).encode())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"update_id": 1' + b"0" * 5000 + b"}",
        b'{"update_id": 1, "message": {"text": "\\ud800"}}',
        "{}".encode("utf-16"),
        b"\xff\xfe\x00",
        b'{"update_id": NaN}',
    ],
    ids=range(11),
)
def test_monster_is_invalid_or_nothing(kind: str, body: bytes) -> None:
    understood(recordings.adapter(kind), body)


def understood(adapter: Adapter, body: bytes) -> None:
    """Read a call in every way; only Invalid (and a refusal) may be raised, and news are clean."""
    call = recordings.hook_call(body, {"x-telegram-bot-api-secret-token": recordings.SECRET})
    for read in (adapter.verify, adapter.provider_id, adapter.lane, adapter.parse):
        try:
            found = read(call)
        except (Invalid, Denied, Stranger):
            continue
        shown = [recordings.shown(news) for news in found] if isinstance(found, list) else found
        assert "\\u0000" not in json.dumps(shown, ensure_ascii=False).encode().decode()


def spoil(body: Any, data: st.DataObject) -> None:
    """Replace or remove something somewhere in a JSON document."""
    places = list(_places(body))
    if not places:
        return  # everything is removed already
    holder, key = data.draw(st.sampled_from(places))
    if data.draw(st.booleans()) and isinstance(holder, dict):
        holder.pop(key, None)
        return
    holder[key] = copy.deepcopy(data.draw(JSON))


def _places(thing: Any) -> Any:
    items = thing.items() if isinstance(thing, dict) else enumerate(thing)
    for key, value in list(items):
        yield thing, key
        if isinstance(value, dict | list):
            yield from _places(value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 900, 1025, 4096, 4097, 9000])
def test_parts_keep_to_the_limits(kind: str, length: int) -> None:
    adapter = recordings.adapter(kind)
    text = ("слово 🚚 " * length)[:length].strip()
    files = tuple(file() for _ in range(3))
    parts = adapter.parts(Outgoing("5", "u1", text, files, quote_id="9"))
    for part in parts:
        limit = adapter.caption_limit if part.files else adapter.text_limit
        assert units(part.text) <= limit
    assert "".join("".join(part.text for part in parts).split()) == "".join(text.split())
    assert [one for part in parts for one in part.files] == list(files)
    assert [part.quote_id for part in parts] == ["9"] + [None] * (len(parts) - 1)
    assert len({part.uuid for part in parts}) == len(parts)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_are_the_same_each_time(kind: str) -> None:
    adapter = recordings.adapter(kind)
    outgoing = Outgoing("5", "u1", "а " * 3000, (file(),))
    assert adapter.parts(outgoing) == adapter.parts(outgoing)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", " \n\t "])
def test_empty_message_is_never_sent(kind: str, text: str) -> None:
    with pytest.raises(ChannelError) as caught:
        recordings.adapter(kind).send(Outgoing("5", "u1", text))
    assert caught.value.permanent


@pytest.mark.parametrize("kind", KINDS)
def test_too_large_file_is_never_sent(kind: str) -> None:
    adapter = recordings.adapter(kind)
    large = OutFile("document", "big.zip", "application/zip", adapter.file_limit + 1, io.BytesIO)
    with pytest.raises(ChannelError, match=r"big\.zip") as caught:
        adapter.send(Outgoing("5", "u1", "", (large,)))
    assert (caught.value.permanent, caught.value.code) == (True, base.TOO_LARGE)


FORM = (
    Field("token", "Token", "secret", required=True),
    Field("title", "Title", default="Chat"),
    Field("site", "Site", "url"),
    Field("sites", "Sites", "list"),
    Field("loud", "Loud", "bool"),
)


def test_settings_are_cleaned() -> None:
    given_settings = {"token": " t ", "sites": "a\n\n b ", "loud": "1"}
    assert base.cleaned(FORM, given_settings) == {
        "token": "t",
        "title": "Chat",
        "site": "",
        "sites": ["a", "b"],
        "loud": True,
    }


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"token": ""}, "token"),
        ({"token": 5}, "token"),
        ({"token": "t" * 3000}, "token"),
        ({"token": "t", "site": "javascript:alert(1)"}, "site"),
        ({"token": "t", "site": "https://[::1"}, "site"),
        ({"token": "t", "sites": {"a": 1}}, "sites"),
        ({"token": "t", "sites": [5]}, "sites"),
        ({"token": "t", "loud": "maybe"}, "loud"),
        ({"token": "t", "colour": "red"}, "colour"),
    ],
)
def test_wrong_setting_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        base.cleaned(FORM, wrong)
    assert list(caught.value.fields) == [field]


def test_samples_are_in_their_places() -> None:
    for path in Path(recordings.FOLDER).rglob("*.expected.json"):
        assert path.with_name(path.name.replace(".expected", "")).exists()
