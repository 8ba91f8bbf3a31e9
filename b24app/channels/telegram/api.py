"""Calls of the Bot API: the request, and what its answers mean.

Source: core.telegram.org/bots/api#making-requests.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from b24app import http
from b24app.channels import base
from b24app.errors import ChannelError
from b24app.i18n import N_
from b24app.values import OutFile

UPLOAD_SECONDS = (3.05, 120.0)
RETRY_SECONDS = 5.0  # when a 429 does not say
TOKEN_GONE = N_("Telegram does not know this token any more. Reconnect the bot.")
# What a refusal means: the first line whose code and words fit counts.
REFUSALS = (
    (401, "", base.UNAUTHORIZED, TOKEN_GONE),
    (404, "method not found", base.REJECTED, "This Bot API server is too old: {words}."),
    (404, "", base.UNAUTHORIZED, TOKEN_GONE),
    (403, "blocked", base.RECIPIENT_GONE, N_("The client has blocked the bot.")),
    (403, "deactivated", base.RECIPIENT_GONE, N_("The client's Telegram account is deleted.")),
    (403, "initiate", base.RECIPIENT_GONE, N_("The client has not started this bot yet.")),
    (403, "", base.RECIPIENT_GONE, N_("Telegram does not let the bot write to this client.")),
    (400, "chat not found", base.RECIPIENT_GONE, N_("The client has not started this bot yet.")),
    (400, "user not found", base.RECIPIENT_GONE, N_("Telegram does not know this client.")),
    (400, "peer_id_invalid", base.RECIPIENT_GONE, N_("Telegram does not know this client.")),
    (400, "file is too big", base.TOO_LARGE, N_("The file is too large for Telegram bots.")),
    (413, "", base.TOO_LARGE, N_("The file is too large for Telegram bots.")),
    (400, "", base.REJECTED, "Telegram refused this: {words}."),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One call; with files it goes as a form, else as JSON."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, OutFile] = field(default_factory=dict)


class Refused(ChannelError):
    """Telegram answered `ok: false`; `words` are its own."""

    def __init__(self, message: str, words: str, **more: Any) -> None:
        super().__init__(message, **more)
        self.words = words


def call(session: requests.Session, server: str, token: str, request: Request) -> Any:
    """Make a call; its `result`.

    Raises:
        ChannelError: see base.py for codes. No message or cause shows the token,
            which is part of the address.
    """
    url = f"{server}/bot{token}/{request.method}"
    try:
        answer = _post(session, url, request)
    except requests.RequestException as error:
        raise lost(http.never_sent(error)) from None
    return result(answer.status_code, answer.content)


def result(status: int, body: bytes) -> Any:
    """What an answer says."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise lost(False) from None
    if not isinstance(answer, dict) or status >= 500:
        raise lost(False)
    if answer.get("ok") is True and status == 200:
        return answer.get("result")
    raise refusal(answer, status)


def refusal(answer: Mapping[str, Any], status: int) -> ChannelError:
    """The error that an `ok: false` answer is."""
    code = answer.get("error_code") if isinstance(answer.get("error_code"), int) else status
    words = base.plain(str(answer.get("description", "")), 300)
    if code == 429:
        return Refused(
            "Telegram asks to wait.", words, code=base.RATE_LIMITED, retry_after=_wait(answer)
        )
    for number, part, meaning, message in REFUSALS:
        if code == number and part in words.lower():
            said = message.format(words=words.removeprefix("Bad Request: "))
            return Refused(said, words, code=meaning, permanent=True)
    return lost(False)


def lost(never_sent: bool) -> ChannelError:
    """No answer that could be understood."""
    if never_sent:
        return ChannelError("Telegram cannot be reached.", code=base.UNREACHABLE)
    return ChannelError("Telegram did not answer properly.", code=base.UNANSWERED, unknown=True)


def _post(session: requests.Session, url: str, request: Request) -> requests.Response:
    if not request.files:
        return session.post(url, json=dict(request.params), allow_redirects=False)
    opened = {name: file.open() for name, file in request.files.items()}
    try:
        form = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in request.params.items()
        }
        uploads = {
            name: (file.name, opened[name], file.mime) for name, file in request.files.items()
        }
        return session.post(
            url, data=form, files=uploads, timeout=UPLOAD_SECONDS, allow_redirects=False
        )
    finally:
        for stream in opened.values():
            stream.close()


def _wait(answer: Mapping[str, Any]) -> float:
    """Seconds that a 429 asks for."""
    parameters = answer.get("parameters")
    asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(asked) if isinstance(asked, (int, float)) and asked > 0 else RETRY_SECONDS
