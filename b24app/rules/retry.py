"""When to try again, and when to give up."""

from datetime import timedelta

from b24app.errors import BitrixError

ATTEMPTS = 12
LONGEST_SECONDS = 300.0


def next_try(error: Exception, attempts: int, jitter: float = 0.5) -> timedelta | None:
    """How long to wait after `attempts` failed tries; None: give up.

    Args:
        error: what went wrong; `permanent` and `retry_after` on it are obeyed.
        attempts: tries made so far, 1 or more.
        jitter: 0..1, spreads tries of many jobs.
    """
    if getattr(error, "permanent", False):
        return None
    asked = getattr(error, "retry_after", None)
    if asked is not None:
        return timedelta(seconds=float(asked) + 0.1 + jitter * 0.4)
    if attempts >= ATTEMPTS and not isinstance(error, BitrixError):
        return None  # a messenger is shown as failed; what Bitrix24 must know waits for it
    return timedelta(seconds=min(LONGEST_SECONDS, 2.0 ** (attempts - 1)) * (0.75 + jitter / 2))
