"""The OAuth server: who a token belongs to, and a new pair for an old one.

Source: apidocs.bitrix24.com (OAuth, app.info). The token endpoint is documented with
GET; it takes a form as well (the official JS SDK sends one), which keeps our secret
out of everybody's address logs. A server that takes no form is asked as documented.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client.oauth2_session import OAuth2ClientAuth
from authlib.oauth2.client import OAuth2Client

from b24app import clock
from b24app.bitrix import errors
from b24app.bitrix.payloads import whole
from b24app.bitrix.wire import host, never_sent
from b24app.errors import BitrixError

TIMEOUT_SECONDS = (3.05, 10.0)
LIFETIME_SECONDS = 3600
SERVER_ERROR = 500
NO_FORMS = (404, 405, 501)
IN_QUERY = "bitrix24_query"
TOO_LATE = ("invalid_grant", "bad_verification_code")  # a code that is over, or was used
STRANGE_CODE = (*TOO_LATE, "invalid_client", "wrong_client")  # or another server's


@dataclass(frozen=True, slots=True)
class AppInfo:
    """What the OAuth server knows of a token: the only proof of who calls.

    `oauth_url` is the server of ours that knew it.
    """

    client_id: str
    member_id: str
    user_id: int
    scope: str
    domain: str
    client_endpoint: str
    status: str
    installed: bool
    version: str
    oauth_url: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    member_id: str
    user_id: int | None
    client_endpoint: str
    scope: str
    status: str


class _Client(OAuth2Client):  # type: ignore[misc]
    """Authlib's client over a session of ours, so that its guard and limits apply."""

    client_auth_class = OAuth2ClientAuth
    oauth_error_class = OAuthError
    SESSION_REQUEST_PARAMS = ("allow_redirects", "timeout")


class _NoForms(Exception):
    """The server surely did nothing: it does not know the method."""


def _takes_forms(response: requests.Response) -> requests.Response:
    if response.status_code in NO_FORMS:
        raise _NoForms
    return response


def _in_query(client: Any, method: str, uri: str, headers: Any, body: Any) -> tuple[Any, ...]:
    pairs = [("client_id", client.client_id), ("client_secret", client.client_secret)]
    return add_params_to_uri(uri, pairs), headers, body


class OAuth:
    """Talks to the configured OAuth servers and to no others."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        urls: Sequence[str],
        session: requests.Session,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._urls = tuple(urls)
        self._session = session
        self._now = now

    def server(self, url: str | None) -> str:
        """The configured server that `url` names, else the first; never `url` itself."""
        wanted = host(url or "")
        return next((known for known in self._urls if host(known) == wanted), self._urls[0])

    def app_info(self, access_token: str, url: str | None = None) -> AppInfo:
        """Whose token it is; asks the server of `url` first, then the others.

        Raises:
            BitrixError: no server knows the token, or none could be asked.
        """
        first = self.server(url)
        servers = (first, *(known for known in self._urls if known != first))
        failure: BitrixError | None = None
        for server in servers:
            try:
                return self._info(access_token, server)
            except BitrixError as error:
                failure = failure or error
                if error.code not in errors.STRANGE_TOKEN:
                    raise
        assert failure is not None
        raise failure

    def renew(self, refresh_token: str, url: str | None = None) -> TokenPair:
        """A new pair; the old refresh token must be taken for used from here on.

        Raises:
            BitrixError: refused (`invalid_grant`, …) or, with `unknown`, an answer lost.
        """
        return self._fetch(url, grant_type="refresh_token", refresh_token=refresh_token)

    def authorize_url(self, origin: str, state: str) -> str:
        """Where a browser asks the portal at `origin` for a code.

        The address to come back to stands in the application's card at Bitrix24.
        """
        client = _Client(session=self._session, client_id=self._client_id)
        made: tuple[str, str] = client.create_authorization_url(
            f"{origin}/oauth/authorize/", state=state
        )
        return made[0]

    def redeem(self, code: str, url: str | None = None) -> TokenPair:
        """The pair that a code stands for; it lives 30 seconds and counts once.

        Asks the server of `url` first, then the others: one does not know another's codes.

        Raises:
            BitrixError: no server took it, or one could not be asked.
        """
        first = self.server(url)
        failure: BitrixError | None = None
        for server in (first, *(known for known in self._urls if known != first)):
            try:
                return self._fetch(server, grant_type="authorization_code", code=code)
            except BitrixError as error:
                failure = failure or error
                if error.code not in STRANGE_CODE:
                    raise
        assert failure is not None
        raise failure

    def _fetch(self, url: str | None, **grant: str) -> TokenPair:
        address = f"{self.server(url)}/oauth/token/"
        try:
            token = self._token(address, "client_secret_post", "POST", grant)
        except _NoForms:
            return self._documented(address, grant)
        except OAuthError as error:
            raise errors.refusal(error.error, error.description, 400) from None
        except (requests.RequestException, ValueError, TypeError, AttributeError) as error:
            raise _lost(error) from None  # its text may hold what we sent
        return read_tokens(token, self._now())

    def _documented(self, address: str, grant: Mapping[str, str]) -> TokenPair:
        """By GET, everything in the query."""
        try:
            token = self._token(address, IN_QUERY, "GET", grant)
        except OAuthError as error:
            raise errors.refusal(error.error, error.description, 400) from None
        except (requests.RequestException, ValueError, TypeError, AttributeError) as error:
            raise _lost(error) from None  # its text may hold what we sent
        return read_tokens(token, self._now())

    def _token(
        self, address: str, shown: str, method: str, grant: Mapping[str, str]
    ) -> Mapping[str, Any]:
        client = _Client(
            session=self._session,
            client_id=self._client_id,
            client_secret=self._client_secret,
            token_endpoint_auth_method=shown,
        )
        client.register_client_auth_method((IN_QUERY, _in_query))
        if method == "POST":
            client.register_compliance_hook("access_token_response", _takes_forms)
        token: Mapping[str, Any] = client.fetch_token(
            address,
            method=method,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            **grant,
        )
        return token

    def _info(self, access_token: str, server: str) -> AppInfo:
        try:
            answer = self._session.get(
                f"{server}/rest/app.info",
                params={"auth": access_token},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise _lost(error) from None
        if not isinstance(body, dict):
            raise _lost(ValueError())
        if body.get("error"):
            raise errors.refusal(body["error"], body.get("error_description"), answer.status_code)
        return read_info(body.get("result"), server)


def read_info(result: Any, server: str) -> AppInfo:
    """What `app.info` answered.

    Raises:
        BitrixError: the answer names no portal or no user.
    """
    told = _mapping(result)
    install = _mapping(told.get("install"))
    user_id, member_id = whole(told.get("user_id")), _text(install, "member_id", 64)
    if user_id is None or not member_id:
        raise BitrixError("The OAuth server names no portal for this token.", code="NO_AUTH_FOUND")
    return AppInfo(
        client_id=_text(told, "client_id", 100),
        member_id=member_id,
        user_id=user_id,
        scope=_scope(install.get("scope") or told.get("scope")),
        domain=_text(install, "domain", 255).lower(),
        client_endpoint=_text(install, "client_endpoint", 512),
        status=_text(install, "status", 4),
        installed=install.get("installed") in (True, "Y", "1", 1, "true"),
        version=_text(install, "version", 16),
        oauth_url=server,
    )


def read_tokens(token: Mapping[str, Any], now: datetime) -> TokenPair:
    """The pair in an answer of the token endpoint.

    Raises:
        BitrixError: with `unknown`: there is none, although nothing was refused.
    """
    access, refresh = _text(token, "access_token", 1000), _text(token, "refresh_token", 1000)
    if not access or not refresh:
        raise _lost(ValueError())
    return TokenPair(
        access_token=access,
        refresh_token=refresh,
        expires_at=now + timedelta(seconds=_lifetime(token)),
        member_id=_text(token, "member_id", 64),
        user_id=whole(token.get("user_id")),
        client_endpoint=_text(token, "client_endpoint", 512),
        scope=_scope(token.get("scope")),
        status=_text(token, "status", 4),
    )


def _lifetime(token: Mapping[str, Any]) -> int:
    # Judged by the span, never by the server's clock (`expires`).
    seconds = whole(token.get("expires_in"))
    return seconds if seconds and 0 < seconds <= 30 * 86400 else LIFETIME_SECONDS


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(values: Mapping[str, Any], name: str, limit: int) -> str:
    value = values.get(name)
    return str(value)[:limit] if isinstance(value, str | int) else ""


def _scope(value: Any) -> str:
    """Scopes joined by commas; portals separate them by commas, spaces or both."""
    return ",".join(re.findall(r"[^,\s]+", value))[:500] if isinstance(value, str) else ""


def _lost(error: Exception) -> BitrixError:
    return BitrixError(
        f"The OAuth server gave no answer that can be read ({type(error).__name__}).",
        code="oauth_unreachable",
        retry_after=10.0,
        unknown=not (isinstance(error, requests.RequestException) and never_sent(error)),
    )
