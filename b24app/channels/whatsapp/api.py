"""Calls of the Graph API: the request, and what its answers mean.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from b24app import http
from b24app.channels import base
from b24app.errors import ChannelError
from b24app.i18n import N_
from b24app.values import OutFile

VERSION = "v24.0"
UPLOAD_SECONDS = (3.05, 120.0)
TOKEN_GONE = N_(
    "WhatsApp does not accept the access token any more. Make a permanent one for a system user "
    "and reconnect the number."
)
NOT_ALLOWED = N_(
    "The access token may not do this. It needs whatsapp_business_messaging and "
    "whatsapp_business_management, and the system user needs this account."
)
LIMITED = N_("Meta has limited this account. See the account quality page of WhatsApp Manager.")
BUSY = N_("WhatsApp cannot do this right now.")
WAIT = N_("WhatsApp asks to wait.")
TOO_OLD = N_(
    "The client wrote more than 24 hours ago, so WhatsApp takes only a template. Send one."
)
UNREACHED = N_(
    "WhatsApp cannot deliver this: the number has no WhatsApp, or its owner has not accepted the "
    "terms or uses a very old version."
)

# What a code means: (code of ours, words). With `{words}` WhatsApp's own are told.
Meaning = tuple[str, str]
MEANINGS: dict[int, Meaning] = {
    0: (base.UNAUTHORIZED, TOKEN_GONE),
    102: (base.UNAUTHORIZED, TOKEN_GONE),
    190: (base.UNAUTHORIZED, TOKEN_GONE),
    3: (base.UNAUTHORIZED, NOT_ALLOWED),
    10: (base.UNAUTHORIZED, NOT_ALLOWED),
    131005: (base.UNAUTHORIZED, NOT_ALLOWED),
    368: (base.UNAUTHORIZED, LIMITED),
    130497: (
        base.REJECTED,
        N_("WhatsApp does not let this account write to clients of that country."),
    ),
    131031: (base.UNAUTHORIZED, LIMITED),
    131037: (
        base.UNAUTHORIZED,
        N_("The name of this number is not approved yet: see WhatsApp Manager."),
    ),
    131042: (
        base.UNAUTHORIZED,
        N_("WhatsApp cannot charge this account. Mend its payment method in WhatsApp Manager."),
    ),
    131045: (base.UNAUTHORIZED, N_("This number is not registered with the Cloud API.")),
    133010: (base.UNAUTHORIZED, N_("This number is not registered with the Cloud API.")),
    4: (base.RATE_LIMITED, WAIT),
    80007: (base.RATE_LIMITED, WAIT),
    130429: (base.RATE_LIMITED, WAIT),
    131056: (base.RATE_LIMITED, WAIT),
    133016: (base.RATE_LIMITED, WAIT),
    131048: (
        base.REJECTED,
        N_("WhatsApp holds this number back: clients blocked it or called its messages spam."),
    ),
    131000: (base.UNREACHABLE, BUSY),
    131016: (base.UNREACHABLE, BUSY),
    131057: (base.UNREACHABLE, BUSY),
    133004: (base.UNREACHABLE, BUSY),
    2200: (
        base.REJECTED,
        N_("WhatsApp cannot reach our address: it must be https with a valid certificate."),
    ),
    131021: (base.REJECTED, N_("This is the account's own number.")),
    131026: (base.RECIPIENT_GONE, UNREACHED),
    131030: (
        base.REJECTED,
        N_("A test number writes only to the numbers on its list in the developer's page."),
    ),
    130472: (base.REJECTED, N_("WhatsApp kept this message from the client for an experiment.")),
    131047: (base.WINDOW_OVER, TOO_OLD),
    131049: (
        base.REJECTED,
        N_("WhatsApp did not deliver this: the client gets too much advertising already."),
    ),
    131050: (base.REJECTED, N_("The client does not want advertising from this number.")),
    131052: (base.REJECTED, N_("WhatsApp could not fetch the file that the client sent.")),
    131053: (base.REJECTED, "WhatsApp does not take this file: {words}."),
    131062: (
        base.REJECTED,
        N_("This template can be sent only to a phone number, and the client's is hidden."),
    ),
    132000: (base.REJECTED, N_("The number of values does not fit the template.")),
    132001: (base.REJECTED, N_("There is no approved template of this name and language.")),
    132005: (base.REJECTED, N_("With these values the template is too long.")),
    132007: (base.REJECTED, N_("The template breaks a rule of WhatsApp.")),
    132012: (base.REJECTED, "The values do not fit the template: {words}."),
    132015: (base.REJECTED, N_("The template is paused because clients did not like it.")),
    132016: (base.REJECTED, N_("The template is switched off for good: clients did not like it.")),
}
REFUSED = "WhatsApp refused this: {words}."
# Seconds until a limit lets go, when WhatsApp does not say.
WAITS = {131056: 6.0, 130429: 1.0}
WAIT_SECONDS = 30.0
MOST_WAIT_SECONDS = 3600.0
# Permissions are 200 to 299 (Graph API).
PERMISSIONS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Request:
    """One call; with a file it goes as a form, else as JSON. path: below the version."""

    verb: Literal["GET", "POST", "DELETE"]
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    file: OutFile | None = None


class Refused(ChannelError):
    """WhatsApp answered with an error; `number` is its code, `words` are its own."""

    def __init__(self, message: str, number: int, words: str, **more: Any) -> None:
        super().__init__(message, **more)
        self.number = number
        self.words = words


def call(session: requests.Session, server: str, token: str, request: Request) -> dict[str, Any]:
    """Make a call; the object in its answer.

    Raises:
        ChannelError: see base.py for codes.
    """
    try:
        answer = _ask(session, f"{server}/{VERSION}/{request.path}", token, request)
    except requests.RequestException as error:
        raise lost(http.never_sent(error)) from None
    return result(answer.status_code, answer.content, answer.headers)


def result(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What an answer says."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise lost(False) from None
    if not isinstance(answer, dict):
        raise lost(False)
    error = answer.get("error")
    if isinstance(error, dict):
        raise refusal(error, status, headers or {})
    if status != 200:
        raise lost(False)
    return answer


def refusal(error: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> ChannelError:
    """The error that an answer tells; a server's own trouble leaves the outcome open."""
    number, words = code_of(error), said(error)
    meaning = meaning_of(number)
    if meaning is None and (status >= 500 or error.get("is_transient") is True):
        return lost(False)
    ours, message = meaning or (base.REJECTED, REFUSED)
    return Refused(
        message.format(words=words.rstrip(".")),
        number,
        words,
        code=ours,
        permanent=ours not in (base.RATE_LIMITED, base.UNREACHABLE),
        retry_after=wait(number, headers) if ours == base.RATE_LIMITED else None,
    )


def meaning_of(number: int) -> Meaning | None:
    if number in PERMISSIONS:
        return base.UNAUTHORIZED, NOT_ALLOWED
    return MEANINGS.get(number)


def code_of(error: Mapping[str, Any]) -> int:
    found = error.get("code")
    return found if isinstance(found, int) and not isinstance(found, bool) else -1


def said(error: Mapping[str, Any]) -> str:
    """WhatsApp's own words, the most exact ones."""
    more = error.get("error_data")
    details = more.get("details") if isinstance(more, dict) else None
    for words in (details, error.get("message"), error.get("title")):
        if isinstance(words, str) and words.strip():
            return base.plain(words.strip(), 300)
    return f"error {code_of(error)}"


def wait(number: int, headers: Mapping[str, str]) -> float:
    """Seconds until one may ask again: what the answer says, or what is known of the limit."""
    for seconds in (_number(headers.get("Retry-After")), 60 * _regain_minutes(headers)):
        if seconds > 0:
            return min(seconds, MOST_WAIT_SECONDS)
    return WAITS.get(number, WAIT_SECONDS)


def lost(never_sent: bool) -> ChannelError:
    """No answer that could be understood."""
    if never_sent:
        return ChannelError("WhatsApp cannot be reached.", code=base.UNREACHABLE)
    return ChannelError("WhatsApp did not answer properly.", code=base.UNANSWERED, unknown=True)


def _ask(session: requests.Session, url: str, token: str, request: Request) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    query = dict(request.query) or None
    if request.file is None:
        body = dict(request.body) if request.verb == "POST" else None
        return session.request(
            request.verb, url, params=query, json=body, headers=headers, allow_redirects=False
        )
    with request.file.open() as stream:
        return session.post(
            url,
            data=dict(request.body),
            files={"file": (request.file.name, stream, request.file.mime)},
            headers=headers,
            timeout=UPLOAD_SECONDS,
            allow_redirects=False,
        )


def _regain_minutes(headers: Mapping[str, str]) -> float:
    """The longest estimate in the header that tells how much of the limits is used."""
    try:
        used = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
    except (ValueError, RecursionError):
        return 0.0
    lines = [line for lines in used.values() for line in lines] if _of_lists(used) else []
    minutes = (
        _number(line.get("estimated_time_to_regain_access"))
        for line in lines
        if isinstance(line, dict)
    )
    return max(minutes, default=0.0)


def _of_lists(used: Any) -> bool:
    return isinstance(used, dict) and all(isinstance(lines, list) for lines in used.values())


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0
