"""How the Graph API refuses.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
"""

from typing import Any

TITLES = {
    1: "An unknown error has occurred.",
    2: "Service temporarily unavailable",
    33: "Object does not exist",
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    2200: "Callback verification failed",
    130429: "Rate limit hit",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131051: "Message type unknown",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132012: "Parameter format does not match format in the created template",
}


class GraphError(Exception):
    """An answer with `error`; `status` is the HTTP one."""

    def __init__(
        self, code: int, details: str = "", status: int = 400, retry_after: int | None = None
    ) -> None:
        super().__init__(details or TITLES[code])
        self.code = code
        self.details = details
        self.status = status
        self.headers = {"Retry-After": str(retry_after)} if retry_after else {}

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "message": f"(#{self.code}) {TITLES[self.code]}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
        }
        if self.details:
            found["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.code in (1, 2):
            found["is_transient"] = True
        return {"error": found}

    def told(self) -> dict[str, Any]:
        """The same as a status webhook tells it."""
        title = TITLES[self.code]
        details = {"error_data": {"details": self.details}} if self.details else {}
        return {"code": self.code, "title": title, "message": title, **details}
