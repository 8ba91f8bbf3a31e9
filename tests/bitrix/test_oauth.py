"""The OAuth servers of the configuration, and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from b24app.bitrix.oauth import OAuth, read_info, read_tokens
from b24app.errors import BitrixError

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
WEST, EAST = "https://oauth.bitrix.info", "https://oauth.bitrix24.tech"
INFO = {
    "client_id": "app.1",
    "user_id": "67",
    "scope": "crm, placement imconnector",
    "install": {
        "installed": True,
        "version": 4,
        "status": "F",
        "domain": "Acme.bitrix24.com",
        "client_endpoint": "https://acme.bitrix24.com/rest/",
        "member_id": "a223",
    },
}
PAIR = {
    "access_token": "a2",
    "refresh_token": "r2",
    "expires_in": 1800,
    "expires": 1,
    "member_id": "a223",
    "user_id": 67,
    "client_endpoint": "https://acme.bitrix24.com/rest/",
    "scope": "crm",
    "status": "F",
}


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def oauth() -> OAuth:
    return OAuth("app.1", "s3cret", (WEST, EAST), requests.Session(), now=lambda: NOW)


def info_at(wire: responses.RequestsMock, server: str, body: Any, status: int = 200) -> None:
    wire.get(f"{server}/rest/app.info", json=body, status=status)


def test_token_is_proven(wire: responses.RequestsMock, oauth: OAuth) -> None:
    info_at(wire, WEST, {"result": INFO})
    info = oauth.app_info("a1")
    assert (info.member_id, info.user_id, info.version) == ("a223", 67, "4")
    assert (info.scope, info.domain) == ("crm,placement,imconnector", "acme.bitrix24.com")
    assert info.oauth_url == WEST


def test_next_server_may_know_the_token(wire: responses.RequestsMock, oauth: OAuth) -> None:
    info_at(wire, WEST, {"error": "NO_AUTH_FOUND"}, 401)
    info_at(wire, EAST, {"result": INFO})
    assert oauth.app_info("a1").oauth_url == EAST


def test_named_server_is_asked_first(wire: responses.RequestsMock, oauth: OAuth) -> None:
    info_at(wire, EAST, {"result": INFO})
    assert oauth.app_info("a1", f"{EAST}/rest/").oauth_url == EAST


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/rest/",
        "https://oauth.bitrix.info.evil.example/",
        "https://evil.example/#oauth.bitrix24.tech",
        "http://[",
        "",
    ],
)
def test_strange_server_is_never_asked(
    wire: responses.RequestsMock, oauth: OAuth, url: str
) -> None:
    wire.post(f"{WEST}/oauth/token/", json=PAIR)
    oauth.renew("r1", url)
    assert [str(call.request.url) for call in wire.calls] == [f"{WEST}/oauth/token/"]


def test_first_refusal_is_told_when_nobody_knows(
    wire: responses.RequestsMock, oauth: OAuth
) -> None:
    info_at(wire, WEST, {"error": "NOT_INSTALLED"}, 401)
    info_at(wire, EAST, {"error": "invalid_client"}, 400)
    with pytest.raises(BitrixError) as refused:
        oauth.app_info("a1")
    assert refused.value.code == "NOT_INSTALLED"


def test_expired_token_is_asked_once(wire: responses.RequestsMock, oauth: OAuth) -> None:
    info_at(wire, WEST, {"error": "expired_token"}, 401)
    with pytest.raises(BitrixError, match="expired_token"):
        oauth.app_info("a1")


def test_renewal_sends_secrets_in_the_body(wire: responses.RequestsMock, oauth: OAuth) -> None:
    wire.post(f"{WEST}/oauth/token/", json=PAIR)
    pair = oauth.renew("r1")
    sent = parse_qs(str(wire.calls[0].request.body))
    assert sent == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["r1"],
        "client_id": ["app.1"],
        "client_secret": ["s3cret"],
    }
    assert "s3cret" not in str(wire.calls[0].request.url)
    assert (pair.access_token, pair.refresh_token) == ("a2", "r2")
    assert pair.expires_at == NOW + timedelta(seconds=1800)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_server_without_forms_is_asked_as_documented(
    wire: responses.RequestsMock, oauth: OAuth, status: int
) -> None:
    wire.post(f"{WEST}/oauth/token/", status=status)
    wire.get(f"{WEST}/oauth/token/", json=PAIR)
    assert oauth.renew("r1").access_token == "a2"
    asked = parse_qs(urlsplit(str(wire.calls[1].request.url)).query)
    assert asked == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["r1"],
        "client_id": ["app.1"],
        "client_secret": ["s3cret"],
    }


@pytest.mark.parametrize(
    ("body", "status", "code", "permanent"),
    [
        ({"error": "wrong_client"}, 200, "wrong_client", True),
        ({"error": "invalid_client"}, 400, "invalid_client", True),
        ({"error": "INVALID_GRANT"}, 400, "invalid_grant", False),
        ({"error": "PAYMENT_REQUIRED"}, 401, "PAYMENT_REQUIRED", False),
    ],
)
def test_refusals_are_told_by_code(
    wire: responses.RequestsMock,
    oauth: OAuth,
    body: dict[str, Any],
    status: int,
    code: str,
    permanent: bool,
) -> None:
    wire.post(f"{WEST}/oauth/token/", json=body, status=status)
    with pytest.raises(BitrixError) as refused:
        oauth.renew("r1")
    assert (refused.value.code, refused.value.permanent) == (code, permanent)
    assert not refused.value.unknown


@pytest.mark.parametrize(
    "lost",
    [
        {"body": requests.ReadTimeout()},
        {"body": "<html>", "status": 502},
        {"body": "<html>", "status": 200},
        {"json": {}, "status": 200},
        {"json": [], "status": 200},
        {"json": {"access_token": "a"}, "status": 200},
        {"status": 302, "headers": {"Location": "https://evil.example"}},
    ],
)
def test_lost_renewal_is_unknown_and_keeps_quiet(
    wire: responses.RequestsMock, oauth: OAuth, lost: dict[str, Any]
) -> None:
    wire.post(f"{WEST}/oauth/token/", **lost)
    with pytest.raises(BitrixError) as refused:
        oauth.renew("r1-secret")
    assert refused.value.unknown
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        {"user_id": 1},
        {"user_id": "x", "install": {"member_id": "m"}},
        {"install": []},
    ],
)
def test_answer_without_a_portal_is_refused(result: Any) -> None:
    with pytest.raises(BitrixError, match="names no portal"):
        read_info(result, WEST)


def test_server_clock_is_not_trusted() -> None:
    far = read_tokens({**PAIR, "expires_in": 10**12}, NOW)
    assert far.expires_at == NOW + timedelta(hours=1)


def test_secrets_stay_out_of_printed_pairs() -> None:
    assert "r2" not in repr(read_tokens(PAIR, NOW))
