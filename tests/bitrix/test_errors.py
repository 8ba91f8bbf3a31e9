"""What refusals mean."""

from typing import Any

import pytest

from b24app.bitrix import errors
from b24app.errors import BitrixError


@pytest.mark.parametrize(
    ("error", "text", "status", "code"),
    [
        ("query_limit_exceeded", "", 503, "QUERY_LIMIT_EXCEEDED"),
        ("EXPIRED_TOKEN", "", 401, "expired_token"),
        ("", "Access denied.", 400, "ACCESS_DENIED"),
        (0, "Not found.", 400, "NOT_FOUND"),
        ("0", "", 400, "HTTP_400"),
        (None, None, 502, "HTTP_502"),
        (
            "ACCESS_DENIED",
            "REST API is available only on commercial plans",
            403,
            "COMMERCIAL_PLAN_REQUIRED",
        ),
        ("ERROR_OAUTH", "Application not installed", 401, "ERROR_OAUTH"),
        (
            {"code": "BITRIX_REST_V3_EXCEPTION_X", "message": "m"},
            None,
            400,
            "BITRIX_REST_V3_EXCEPTION_X",
        ),
        ("MY_NEW_CODE", "", 400, "MY_NEW_CODE"),
    ],
)
def test_codes_are_recognised(error: Any, text: Any, status: int, code: str) -> None:
    assert errors.refusal(error, text, status).code == code


@pytest.mark.parametrize(
    ("code", "status", "permanent", "unknown", "wait"),
    [
        ("MY_NEW_CODE", 400, True, False, None),
        ("MY_NEW_CODE", 500, False, True, None),
        ("MY_NEW_CODE", 429, False, False, 60.0),
        ("ERROR_ARGUMENT", 500, True, False, None),
        ("PORTAL_DELETED", 500, False, False, 300.0),
    ],
)
def test_refusals_tell_what_to_do(
    code: str, status: int, permanent: bool, unknown: bool, wait: float | None
) -> None:
    error = errors.refusal(code, "", status)
    assert (error.permanent, error.unknown, error.retry_after) == (permanent, unknown, wait)


def test_stopping_codes_stop() -> None:
    assert errors.stops_portal(BitrixError(code="payment_required"))
    assert not errors.stops_portal(BitrixError(code="ACCESS_DENIED"))


def test_no_code_is_listed_twice() -> None:
    assert len({code.casefold() for code in errors.MEANINGS}) == len(errors.MEANINGS)
