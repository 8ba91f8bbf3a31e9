"""What Telegram's refusals mean, and the words of logging in. Pure."""

from b24app.channels import base
from b24app.channels.telegram_personal.client import Refused
from b24app.errors import AppError, ChannelError, Invalid
from b24app.i18n import N_

CODE = N_("Telegram has sent a code to the account, in the application or by SMS.")
PASSWORD = N_("The account is protected by a password of its own.")
PICTURE = N_("In Telegram on the phone open Settings, Devices, Link a device, and scan this.")
OUT = N_("Telegram has logged this account out. Reconnect it.")
TWO_PLACES = N_("This account was used from two places, so Telegram ended it. Reconnect it.")
LOGGED_OUT = frozenset(
    (
        "AuthKeyUnregistered",
        "AuthKeyInvalid",
        "AuthKeyDuplicated",
        "SessionRevoked",
        "SessionExpired",
        "UserDeactivated",
        "UserDeactivatedBan",
    )
)
# What an error means: its code, whether trying again is useless, its words.
MEANS = {
    **dict.fromkeys(LOGGED_OUT, (base.UNAUTHORIZED, True, OUT)),
    "AuthKeyDuplicated": (base.UNAUTHORIZED, True, TWO_PLACES),
    "UserIsBlocked": (base.RECIPIENT_GONE, True, N_("The client has blocked this account.")),
    "YouBlockedUser": (base.REJECTED, True, N_("This account has blocked the client.")),
    "InputUserDeactivated": (
        base.RECIPIENT_GONE,
        True,
        N_("The client's Telegram account is deleted."),
    ),
    "UserPrivacyRestricted": (
        base.REJECTED,
        True,
        N_("The client's privacy settings do not allow this."),
    ),
    "PrivacyPremiumRequired": (
        base.REJECTED,
        True,
        N_("The client's privacy settings do not allow this."),
    ),
    "PeerFlood": (
        base.REJECTED,
        True,
        N_("Telegram lets this account write first to nobody for a while: others complained."),
    ),
    "PeerIdInvalid": (base.RECIPIENT_GONE, True, N_("Telegram does not know this client.")),
    "MessageTooLong": (base.TOO_LARGE, True, N_("The message is too long for Telegram.")),
    "MediaEmpty": (base.REJECTED, True, N_("Telegram does not give this file.")),
    "NoAnswer": (base.UNANSWERED, False, N_("Telegram did not answer properly.")),
}
# Which field of the login is wrong.
LOGIN = {
    "ApiIdInvalid": ("api_hash", N_("Telegram does not know this API id and hash.")),
    "PhoneNumberInvalid": ("phone", N_("This is not a phone number.")),
    "PhoneNumberBanned": ("phone", N_("Telegram has banned this phone number.")),
    "PhoneNumberUnoccupied": ("phone", N_("Nobody uses Telegram with this phone number.")),
    "PhoneCodeInvalid": ("code", N_("This is not the code. Look once more.")),
    "PhoneCodeEmpty": ("code", N_("This is not the code. Look once more.")),
    "PhoneCodeExpired": ("code", N_("The code is too old. Begin again.")),
    "PasswordHashInvalid": ("password", N_("This is not the password.")),
}


def explained(error: Refused) -> ChannelError:
    """The error that a refusal is."""
    if error.seconds:
        return ChannelError(
            "Telegram asks to wait.", code=base.RATE_LIMITED, retry_after=float(error.seconds)
        )
    code, permanent, words = MEANS.get(
        error.name, (base.REJECTED, True, f"Telegram refused this: {error.name}.")
    )
    return ChannelError(words, code=code, permanent=permanent, unknown=error.lost)


def refused_login(error: Refused) -> AppError:
    """What is wrong with a login, at its field."""
    if error.name in LOGIN:
        field, words = LOGIN[error.name]
        return Invalid(fields={field: words})
    return explained(error)
