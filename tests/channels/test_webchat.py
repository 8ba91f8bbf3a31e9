"""Our own widget: who may speak, what is heard, and that sending is keeping."""

from typing import Any

import pytest

from b24app.channels import webchat
from b24app.channels.webchat import Webchat
from b24app.errors import ChannelError, Invalid, Stranger
from b24app.values import HookCall, Incoming, Outgoing, RemoteFile, Sent
from tests.channels import recordings

VISITOR = "0123456789abcdef0123456789abcdef"
UUID = "b1f2c3d4-0001-4000-8000-000000000001"


def widget(**settings: Any) -> Webchat:
    made = recordings.adapter("webchat", **settings)
    assert isinstance(made, Webchat)
    return made


def call(**more: Any) -> HookCall:
    token = webchat.mint_visitor(VISITOR, recordings.SECRET)
    body = {"visitor": token, "type": "message", "uuid": UUID, "text": "Hello", **more}
    return recordings.hook_call(body)


def heard(**more: Any) -> Incoming:
    [news] = widget().parse(call(**more))
    assert isinstance(news, Incoming)
    return news


def test_token_names_its_visitor() -> None:
    token = webchat.new_visitor("secret")
    assert webchat.VISITOR.fullmatch(webchat.visitor_of(token, "secret"))
    assert webchat.new_visitor("secret") != token


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b",
        "é",
        '"0"',
        pytest.param(webchat.new_visitor("other"), id="of another channel"),
    ],
)
def test_forged_token_names_nobody(token: str) -> None:
    with pytest.raises(Stranger):
        webchat.visitor_of(token, "secret")


@pytest.mark.parametrize("name", ["", "anna", "../x", "0" * 31])
def test_signed_nonsense_names_nobody(name: str) -> None:
    with pytest.raises(Stranger):
        webchat.visitor_of(webchat.mint_visitor(name, "secret"), "secret")


def test_number_of_a_call_is_the_visitors_own() -> None:
    assert widget().provider_id(call()) == f"{VISITOR}:{UUID}"
    assert widget().lane(call()) == VISITOR


@pytest.mark.parametrize("uuid", [None, 5, "", "short", "x" * 65, "bad uuid!", UUID + "\n"])
def test_call_without_uuid_is_invalid(uuid: Any) -> None:
    with pytest.raises(Invalid):
        widget().provider_id(call(uuid=uuid))


@pytest.mark.parametrize(
    "more",
    [
        {"type": "shout"},
        {"type": None},
        {"text": ""},
        {"text": " \n"},
        {"text": 5},
        {"files": "17"},
        {"files": ["x"]},
        {"files": [17]},
        {"files": ["1; drop"]},
        {"files": [str(number) for number in range(11)]},
    ],
)
def test_odd_call_is_invalid(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        widget().parse(call(**more))


def test_call_of_unknown_time_is_invalid() -> None:
    late = HookCall("POST", {}, {}, call().body)
    with pytest.raises(Invalid, match="time"):
        widget().parse(late)


def test_everything_is_cut_to_size() -> None:
    news = heard(
        text="x" * 99_999,
        name="n" * 999,
        phone="5" * 999,
        email="e" * 999,
        page={"url": "https://a/" + "x" * 9999, "title": "t" * 9999, "utm": {"source": "s" * 999}},
    )
    assert news.visit is not None
    sizes = (len(news.text), len(news.person.name), len(news.person.phone), len(news.person.email))
    assert sizes == (webchat.TEXT_MAX, webchat.NAME_MAX, webchat.PHONE_MAX, webchat.EMAIL_MAX)
    assert len(news.visit.page_url) == webchat.URL_MAX
    assert news.visit.utm == {"utm_source": "s" * webchat.UTM_MAX}


@pytest.mark.parametrize("page", [None, "x", [], {}, {"url": "javascript:alert(1)"}, {"utm": [1]}])
def test_page_that_says_nothing_is_none(page: Any) -> None:
    assert heard(page=page).visit is None


def test_files_are_those_of_our_store() -> None:
    assert heard(text="", files=["7", "7", "8"]).files == (
        RemoteFile("document", "attachment:7"),
        RemoteFile("document", "attachment:8"),
    )


def test_nul_never_reaches_the_database() -> None:
    assert heard(text="a\x00b").text == "ab"


def test_sending_is_keeping() -> None:
    sent = widget().send(Outgoing(VISITOR, "u1", "Hello"))
    assert sent == Sent(("u1",))
    [part] = widget().parts(Outgoing(VISITOR, "u1", "Hello"))
    assert widget().find_part(part, "", set()) is None


def test_changes_succeed_without_a_call() -> None:
    adapter = widget()
    adapter.edit(VISITOR, "u1", "New")
    adapter.delete(VISITOR, "u1")
    adapter.typing(VISITOR)
    adapter.check()
    adapter.disconnect()


def test_files_are_never_fetched() -> None:
    with pytest.raises(ChannelError) as caught:
        widget().fetch(RemoteFile("document", "attachment:7"))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("sites", "origin", "allowed"),
    [
        ([], "https://any.example", True),
        ([], "null", False),
        ([], "file://", False),
        (["shop.example"], "https://shop.example", True),
        (["shop.example"], "https://www.shop.example", True),
        (["https://shop.example/catalog"], "http://shop.example:8080", True),
        (["SHOP.example"], "https://shop.EXAMPLE", True),
        (["shop.example"], "https://evilshop.example", False),
        (["shop.example"], "https://shop.example.evil.example", False),
        (["a.example", "b.example"], "https://b.example", True),
        (["shop.example"], "", False),
        (["shop.example"], "https://[::1", False),
    ],
)
def test_only_known_sites_may_call(sites: list[str], origin: str, allowed: bool) -> None:
    assert widget(sites=sites).allows_origin(origin) is allowed


def test_each_widget_is_its_own_account() -> None:
    one = recordings.adapter("webchat", "secret-one", title="Help")
    two = recordings.adapter("webchat", "secret-two")
    assert one.connect().external_id != two.connect().external_id
    assert (one.connect().name, two.connect().name) == ("Help", "Site widget")
    assert one.connect() == one.connect()


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"color": "red"}, "color"),
        ({"color": "#12345"}, "color"),
        ({"greeting_delay": "soon"}, "greeting_delay"),
        ({"hours": ["9 to 5"]}, "hours"),
        ({"zone": "Moscow"}, "zone"),
        (
            {"hours": ["mon 09:00-18:00"], "ask_phone": "off", "ask_email": "off"},
            "ask_email",
        ),
        ({"sites": ["not a site"]}, "sites"),
        ({"sites": ["ftp://shop.example"]}, "sites"),
    ],
)
def test_wrong_look_is_named(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        widget(**settings).connect()
    assert list(caught.value.fields) == [field]
