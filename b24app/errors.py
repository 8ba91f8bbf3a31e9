"""What can go wrong, as one tree.

AppError
├── Stranger          401  we do not know who asks, or no longer
├── Denied            403  who asks may not
├── NotFound          404  not here, or not in this portal
├── Invalid           400  the request says something impossible; fields say which part
├── Conflict          409  somebody was faster, or the state does not allow it
├── TooLarge          413  more than we accept
├── Busy              503  not durable right now; ask again
└── RemoteError            the other side failed
    ├── BitrixError        Bitrix24, with its code
    └── ChannelError       a messenger
"""

from collections.abc import Mapping


class AppError(Exception):
    """An error with words for the person who can mend it: what, which, what now."""

    status = 500
    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or self.__class__.__name__)
        self.message = message or self.__class__.__name__
        self.code = code or self.code


class Stranger(AppError):
    status = 401
    code = "session_expired"


class Denied(AppError):
    status = 403
    code = "denied"


class NotFound(AppError):
    status = 404
    code = "not_found"


class Invalid(AppError):
    """`fields` maps a field's name to what is wrong with it."""

    status = 400
    code = "invalid"

    def __init__(
        self,
        message: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message or "; ".join((fields or {}).values()), code=code)
        self.fields = dict(fields or {})


class Conflict(AppError):
    status = 409
    code = "conflict"


class TooLarge(AppError):
    status = 413
    code = "too_large"


class Busy(AppError):
    status = 503
    code = "busy"


class RemoteError(AppError):
    """The other side failed.

    Args:
        permanent: trying again cannot help.
        retry_after: seconds the other side asked us to wait; None: it did not say.
        unknown: it may have been carried out all the same (a lost answer), so it
            must be verified before it is repeated.
    """

    status = 502
    code = "remote"

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        permanent: bool = False,
        retry_after: float | None = None,
        unknown: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.permanent = permanent
        self.retry_after = retry_after
        self.unknown = unknown


class BitrixError(RemoteError):
    code = "bitrix"


class ChannelError(RemoteError):
    code = "channel"
