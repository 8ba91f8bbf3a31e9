"""How the Bot API refuses.

Source: core.telegram.org/bots/api (making requests, ResponseParameters).
"""

from typing import Any


class Refused(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The JSON body of the refusal."""
        body: dict[str, Any] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad(description: str) -> Refused:
    """400 with the usual prefix."""
    return Refused(400, f"Bad Request: {description}")


def forbidden(description: str) -> Refused:
    """403 with the usual prefix."""
    return Refused(403, f"Forbidden: {description}")


def too_many(seconds: int) -> Refused:
    """429: flood control; `seconds` to wait."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", seconds)


def beyond(description: str) -> Refused:
    """400 of the simulator itself: documented nowhere, or documented and not simulated."""
    return bad(f"sandbox: {description}")
