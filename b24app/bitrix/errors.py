"""What each refusal of Bitrix24 means, as a table; codes are compared without case.

Source: apidocs.bitrix24.com (error codes of REST, OAuth and the connector methods).
"""

import re
from dataclasses import dataclass
from typing import Any

from b24app.errors import BitrixError

METHOD_WAIT_SECONDS = 60.0
MEND_WAIT_SECONDS = 300.0  # a person must act; what waits is kept and looks again
HTTP_TOO_MANY = 429
HTTP_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to do about a code.

    Args:
        permanent: asking the same again cannot help.
        renew: a renewed token cures it.
        token: this employee's token is no good; another's may be.
        portal: the whole portal must rest until somebody mends it.
        wait_seconds: how long to leave Bitrix24 alone; None: it does not say.
        unknown: the call may have been carried out all the same.
    """

    permanent: bool = False
    renew: bool = False
    token: bool = False
    portal: bool = False
    wait_seconds: float | None = None
    unknown: bool = False


REFUSED = Meaning(permanent=True)
BROKEN_TOKEN = Meaning(token=True, wait_seconds=MEND_WAIT_SECONDS)
STOPPED = Meaning(portal=True, wait_seconds=MEND_WAIT_SECONDS)

MEANINGS: dict[str, Meaning] = {
    # Tokens.
    "expired_token": Meaning(renew=True),
    "invalid_token": Meaning(renew=True),
    "NO_AUTH_FOUND": BROKEN_TOKEN,
    "authorization_error": BROKEN_TOKEN,
    "user_access_error": BROKEN_TOKEN,
    "allowed_only_intranet_user": BROKEN_TOKEN,
    "invalid_grant": BROKEN_TOKEN,
    "bad_verification_code": REFUSED,
    # The portal as a whole.
    "PAYMENT_REQUIRED": STOPPED,
    "NOT_INSTALLED": STOPPED,
    "APPLICATION_NOT_FOUND": STOPPED,
    "ERROR_OAUTH": STOPPED,
    "PORTAL_DELETED": STOPPED,
    "OVERLOAD_LIMIT": STOPPED,
    "COMMERCIAL_PLAN_REQUIRED": STOPPED,
    # Our own keys.
    "invalid_client": REFUSED,
    "wrong_client": REFUSED,
    "invalid_scope": REFUSED,
    # Patience.
    "QUERY_LIMIT_EXCEEDED": Meaning(wait_seconds=2.0),
    "OPERATION_TIME_LIMIT": Meaning(wait_seconds=METHOD_WAIT_SECONDS),
    # Nobody can tell whether it was done.
    "INTERNAL_SERVER_ERROR": Meaning(unknown=True),
    "ERROR_UNEXPECTED_ANSWER": Meaning(unknown=True),
    # Rights and plans.
    "insufficient_scope": REFUSED,
    "INVALID_CREDENTIALS": REFUSED,
    "ACCESS_DENIED": REFUSED,
    "ACCESS_ERROR": REFUSED,
    "WRONG_AUTH_TYPE": REFUSED,
    "METHOD_CONFIRM_WAITING": REFUSED,
    "METHOD_CONFIRM_DENIED": REFUSED,
    # Calls that make no sense there.
    "ERROR_METHOD_NOT_FOUND": REFUSED,
    "ERROR_BATCH_METHOD_NOT_ALLOWED": REFUSED,
    "ERROR_BATCH_LENGTH_EXCEEDED": REFUSED,
    "INVALID_REQUEST": REFUSED,
    "INVALID_ARG_VALUE": REFUSED,
    "ERROR_ARGUMENT": REFUSED,
    "ERROR_CORE": REFUSED,
    "NOT_FOUND": REFUSED,
    "OWNER_NOT_FOUND": REFUSED,
    "CRM_FIELD_ERROR_REQUIRED": REFUSED,
    "CRM_FIELD_ERROR_VALUE_NOT_VALID": REFUSED,
    "ENTITY_TYPE_NOT_SUPPORTED": REFUSED,
    # Open Lines.
    "NOT_ACTIVE_LINE": REFUSED,
    "IMCONNECTOR_NO_CORRECT_PROVIDER": REFUSED,
    "IMCONNECTOR_NOT_SPECIFIED_CORRECT_COMMAND": REFUSED,
    "CHAT_ID": REFUSED,
    "CHAT_TYPE": REFUSED,
    "CANCELED": REFUSED,
}
_KNOWN = {code.casefold(): code for code in MEANINGS}

# The OAuth server's words for "we are not installed there (any more)".
GONE = frozenset(
    {"NOT_INSTALLED", "APPLICATION_NOT_FOUND", "ERROR_OAUTH", "PORTAL_DELETED", "invalid_grant"}
)
# One OAuth server does not know what another gave out.
STRANGE_TOKEN = frozenset({"NO_AUTH_FOUND", "invalid_client", "invalid_token", "NOT_INSTALLED"})

# Many CRM methods name no code, only a text.
_TEXTS = (
    (re.compile(r"commercial plans?", re.I), "COMMERCIAL_PLAN_REQUIRED"),
    (re.compile(r"application not installed", re.I), "NOT_INSTALLED"),
    (re.compile(r"access denied|insufficient rights|not enough rights", re.I), "ACCESS_DENIED"),
    (re.compile(r"\bnot found\b", re.I), "NOT_FOUND"),
)


def canonical(code: str) -> str:
    """The documented spelling of a code."""
    return _KNOWN.get(code.casefold(), code)


def meaning(code: str) -> Meaning:
    return MEANINGS.get(canonical(code), Meaning())


def stops_portal(error: BitrixError) -> bool:
    """Whether nothing more may be sent to the portal until somebody mends it."""
    return meaning(error.code).portal


def refusal(error: Any, description: Any, status: int) -> BitrixError:
    """The error that an answer's `error` and `error_description` describe."""
    code, text = _code(error, description, status)
    known = MEANINGS.get(code) or _by_status(status)
    return BitrixError(
        f"{code}: {text}" if text else code,
        code=code,
        permanent=known.permanent,
        retry_after=known.wait_seconds,
        unknown=known.unknown,
    )


def _code(error: Any, description: Any, status: int) -> tuple[str, str]:
    if isinstance(error, dict):  # REST 3.0 and some modules answer an object
        description = error.get("message") or error.get("error_description") or description
        error = error.get("code") or error.get("error")
    text = " ".join(str(description or "").split())[:300]
    if canonical(str(error or "")) == "ACCESS_DENIED" and _TEXTS[0][0].search(text):
        return _TEXTS[0][1], text
    given = "" if error in (None, "", 0, "0") else str(error)[:100]
    return canonical(given) if given else _by_text(text, status), text


def _by_text(text: str, status: int) -> str:
    found = (code for pattern, code in _TEXTS if pattern.search(text))
    return next(found, f"HTTP_{status}")


def _by_status(status: int) -> Meaning:
    """What a code that nobody documented means, judged by its HTTP status."""
    if status == HTTP_TOO_MANY:
        return Meaning(wait_seconds=METHOD_WAIT_SECONDS)
    return Meaning(unknown=True) if status >= HTTP_SERVER_ERROR else REFUSED
