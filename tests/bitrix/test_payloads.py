"""What Bitrix24 posts: read as PHP would, with limits, and never another error than Invalid."""

from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.bitrix import payloads
from b24app.bitrix.payloads import Frame, PortalEvent, parse_form
from b24app.errors import Invalid

QUERY = {"DOMAIN": "Acme.Bitrix24.com", "PROTOCOL": "1", "LANG": "ru", "APP_SID": "9f" * 16}
FORM = {
    "AUTH_ID": "access-anna",
    "AUTH_EXPIRES": "3600",
    "REFRESH_ID": "refresh-anna",
    "SERVER_ENDPOINT": "https://oauth.bitrix.info/rest/",
    "APPLICATION_TOKEN": "apptoken",
    "APPLICATION_SCOPE": "crm,placement",
    "member_id": "a223c6b3710f85df22e9377d6c4f7553",
    "status": "F",
    "PLACEMENT": "CRM_DEAL_DETAIL_TAB",
    "PLACEMENT_OPTIONS": '{"ID":"8061","URI":"/crm/deal/details/8061/"}',
}
AUTH = {
    "auth[member_id]": "a223c6b3710f85df22e9377d6c4f7553",
    "auth[application_token]": "apptoken",
    "auth[domain]": "acme.bitrix24.com",
    "auth[user_id]": "27",
}
KEYS = st.text("ab[]0119_.\x00 ", max_size=24)


def event(name: str, body: str, **more: str) -> PortalEvent:
    pairs = [("event", name), ("ts", "1773759161"), *parse_qsl(body, keep_blank_values=True)]
    return PortalEvent.from_form(parse_form([*pairs, *(AUTH | more).items()]))


def parsed(text: str) -> dict[str, Any]:
    return parse_form(parse_qsl(text, keep_blank_values=True))


def test_brackets_make_dicts_and_lists() -> None:
    text = "data[M][0][im][id]=7&data[M][1][im][id]=8&data[LINE]=107"
    assert parsed(text) == {
        "data": {"M": [{"im": {"id": "7"}}, {"im": {"id": "8"}}], "LINE": "107"}
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a[0]=x&a[1]=y", ["x", "y"]),
        ("a[1]=y&a[0]=x", ["x", "y"]),
        ("a[]=x&a[]=y", ["x", "y"]),
        ("a[1]=x", {"1": "x"}),
        ("a[0]=x&a[2]=y", {"0": "x", "2": "y"}),
        ("a[0]=x&a[b]=y", {"0": "x", "b": "y"}),
        ("a=107", "107"),
        ("a=", ""),
        ("a[__proto__][x]=1", {"__proto__": {"x": "1"}}),
    ],
)
def test_lists_are_what_php_calls_lists(text: str, value: Any) -> None:
    assert parsed(text) == {"a": value}


@pytest.mark.parametrize(
    "text",
    [
        "a[b=1",
        "a]b=1",
        "[a]=1",
        "a[b]c=1",
        "=1",
        "a=1&a=2",
        "a=1&a[b]=2",
        "a[b]=1&a=2",
        "a[b][c]=1&a[b]=2",
        "a" * 201 + "=1",
        "a" + "[b]" * 8 + "=1",
    ],
)
def test_nonsense_is_refused_with_words(text: str) -> None:
    with pytest.raises(Invalid, match="form"):
        parsed(text)


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        parse_form((f"a{number}", "") for number in range(2001))
    assert refused.value.code == "too_large"


def test_too_long_forms_are_refused() -> None:
    with pytest.raises(Invalid):
        parse_form([("a", "x" * 100)], max_bytes=100)


def test_what_databases_cannot_keep_is_dropped() -> None:
    assert parse_form([("a", "1\x002\ud800")]) == {"a": "12?"}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(KEYS, st.text(max_size=8)), max_size=12))
def test_any_form_is_read_or_invalid(pairs: list[tuple[str, str]]) -> None:
    with suppress(Invalid):
        PortalEvent.from_form(parse_form(pairs))


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*FORM, "X"]), st.text(max_size=40)),
    st.dictionaries(st.sampled_from([*QUERY]), st.text(max_size=40)),
)
def test_any_opening_is_read_or_invalid(form: dict[str, str], query: dict[str, str]) -> None:
    with suppress(Invalid):
        Frame.from_request(QUERY | query, FORM | form)


JSONISH = st.recursive(
    st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["MESSAGES", "DATA", "im", "message", "chat", "id", "LINE", "0", "files"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSONISH)
def test_any_data_is_read_or_invalid(data: Any) -> None:
    auth = {"member_id": "m"}
    told = PortalEvent.from_form({"event": "onimconnectormessageadd", "data": data, "auth": auth})
    for reader in (
        payloads.line_messages,
        payloads.dialog_news,
        payloads.line_status,
        payloads.removed_line,
        payloads.item_id,
        payloads.wants_clean,
    ):
        with suppress(Invalid):
            reader(told)
    assert len(told.fingerprint) == 64


def test_opening_is_read() -> None:
    frame = Frame.from_request(QUERY, FORM)
    assert (frame.domain, frame.protocol, frame.lang) == ("acme.bitrix24.com", "https", "ru")
    assert (frame.auth_id, frame.member_id, frame.placement) == (
        "access-anna",
        FORM["member_id"],
        "CRM_DEAL_DETAIL_TAB",
    )
    assert frame.options["ID"] == "8061"


def test_old_portal_opens_with_less() -> None:
    little = {name: FORM[name] for name in ("AUTH_ID", "member_id")}
    frame = Frame.from_request({"DOMAIN": "box.example:8443", "PROTOCOL": "0"}, little)
    assert (frame.domain, frame.protocol, frame.placement) == (
        "box.example:8443",
        "http",
        "DEFAULT",
    )
    assert (frame.application_token, frame.options, frame.auth_expires) == ("", {}, 3600)


@pytest.mark.parametrize(
    "text", ["", '""', "[]", "1", "{", "NaN", '{"a":NaN}', "[" * 5000, '{"a":"\\ud800"}']
)
def test_strange_options_mean_none(text: str) -> None:
    assert Frame.from_request(QUERY, FORM | {"PLACEMENT_OPTIONS": text}).options == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_ID", ""),
        ("AUTH_ID", "with space"),
        ("AUTH_ID", "x" * 1001),
        ("member_id", ""),
        ("member_id", "../etc"),
        ("SERVER_ENDPOINT", "x" * 256),
        ("PLACEMENT_OPTIONS", "x" * 9000),
    ],
)
def test_broken_opening_names_the_field(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        Frame.from_request(QUERY, FORM | {name: value})
    assert name in refused.value.fields


@pytest.mark.parametrize(
    "domain", ["", "a b", "https://acme", "acme.com/path", "a@b.c", "acme:port"]
)
def test_broken_domain_is_refused(domain: str) -> None:
    with pytest.raises(Invalid):
        Frame.from_request(QUERY | {"DOMAIN": domain}, FORM)


def test_secrets_stay_out_of_printed_frames() -> None:
    told = repr(Frame.from_request(QUERY, FORM))
    assert "access-anna" not in told
    assert "refresh-anna" not in told


def test_event_without_auth_is_refused() -> None:
    with pytest.raises(Invalid, match="auth"):
        PortalEvent.from_form({"event": "ONAPPINSTALL", "data": {}})


def test_same_event_has_the_same_fingerprint() -> None:
    first, again = (
        event("ONCRMDEALUPDATE", "data[FIELDS][ID]=1"),
        event("ONCRMDEALUPDATE", "data[FIELDS][ID]=1"),
    )
    other = event("ONCRMDEALUPDATE", "data[FIELDS][ID]=2")
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_all_messages_of_a_line_are_read() -> None:
    body = (
        "data[CONNECTOR]=Acme_TG&data[LINE]=107"
        "&data[MESSAGES][0][im][chat_id]=1807&data[MESSAGES][0][im][message_id]=86497"
        "&data[MESSAGES][0][message][user_id]=27&data[MESSAGES][0][message][text]=Hi"
        "&data[MESSAGES][0][message][files][0][name]=a.jpg"
        "&data[MESSAGES][0][message][files][0][downloadLink]=/rest/download.json?token=x"
        "&data[MESSAGES][0][message][files][0][link]=https://acme/short"
        "&data[MESSAGES][0][chat][id]=c17:42"
        "&data[MESSAGES][1][im][message_id]=86498&data[MESSAGES][1][chat][id]=c17:43"
    )
    first, second = payloads.line_messages(event("onImConnectorMessageAdd", body))
    assert (first.connector, first.line_id, first.chat_id) == ("acme_tg", 107, "c17:42")
    assert (first.im_chat_id, first.im_message_id, first.user_id) == (1807, 86497, 27)
    assert first.files[0].url == "/rest/download.json?token=x"
    assert (second.im_message_id, second.user_id, second.text) == (86498, None, "")


@pytest.mark.parametrize("name", ["MESSAGES", "DATA", "messages"])
def test_changed_message_names_what_we_acknowledged(name: str) -> None:
    ids = f"data[{name}][0][message][id]"
    body = f"data[connector]=x&data[line]=1&{ids}[0]=c1:5&{ids}[1]=c1:6"
    assert payloads.line_messages(event("ONIMCONNECTORMESSAGEUPDATE", body))[0].message_ids == (
        "c1:5",
        "c1:6",
    )


def test_deleted_message_has_a_bare_id() -> None:
    body = "data[CONNECTOR]=x&data[LINE]=1&data[MESSAGES][0][message][id]=c1:5"
    assert payloads.line_messages(event("ONIMCONNECTORMESSAGEDELETE", body))[0].message_ids == (
        "c1:5",
    )


def test_message_without_a_line_is_invalid() -> None:
    with pytest.raises(Invalid, match="Open Line"):
        payloads.line_messages(event("ONIMCONNECTORMESSAGEADD", "data[CONNECTOR]=x"))


@pytest.mark.parametrize("prefix", ["data[DATA][0]", "data[DATA]", "data[DATA][7]"])
def test_session_news_come_in_any_shape(prefix: str) -> None:
    body = (
        f"data[CONNECTOR]=x&data[LINE]=105&{prefix}[connector][chat_id]=8"
        f"&{prefix}[session][id]=3282&{prefix}[session][closed]=Y&{prefix}[chat][id]=c1:8"
    )
    news = payloads.dialog_news(event("ONIMCONNECTORDIALOGFINISH", body))[0]
    assert (news.session_id, news.closed, news.chat_ids) == (3282, True, ("8", "c1:8"))


def test_finish_without_a_flag_is_closed() -> None:
    body = "data[DATA][connector][line_id]=5&data[DATA][chat][chat_id]=9&data[DATA][line][id]=5"
    news = payloads.dialog_news(event("ONSESSIONFINISH", body))[0]
    assert (news.closed, news.line_id, news.chat_ids) == (True, 5, ("9",))


def test_disconnected_line_is_read() -> None:
    told = event("ONIMCONNECTORSTATUSDELETE", "data[connector]=Acme_TG&data[line]=107")
    assert payloads.line_status(told) == ("acme_tg", 107)


@pytest.mark.parametrize("body", ["data=107", "data[LINE_ID]=107", "data[0]=107"])
def test_removed_line_is_read(body: str) -> None:
    assert payloads.removed_line(event("ONIMCONNECTORLINEDELETE", body)) == 107


@pytest.mark.parametrize(("flag", "clean"), [("1", True), ("0", False), ("", False), ("Y", True)])
def test_clean_flag_is_read(flag: str, clean: bool) -> None:
    assert payloads.wants_clean(event("ONAPPUNINSTALL", f"data[CLEAN]={flag}")) is clean


def test_item_is_found_in_either_place() -> None:
    assert payloads.item_id(event("ONCRMDEALUPDATE", "data[FIELDS][ID]=7")) == 7
    assert payloads.item_id(event("ONUSERADD", "data[ID]=9")) == 9


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12", 12),
        (12, 12),
        ("-1", -1),
        ("1.5", None),
        (True, None),
        (None, None),
        ("٣", None),
        ("9" * 19, None),
    ],
)
def test_numbers_come_as_texts(value: Any, number: int | None) -> None:
    assert payloads.whole(value) == number
