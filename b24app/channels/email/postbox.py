"""Sending a letter: what the server's answers mean, step by step, so that outcomes are known.

Source: RFC 5321, 4.2 (replies) and 3463 (enhanced status codes).
"""

import smtplib
from collections.abc import Sequence

from b24app.channels import base
from b24app.errors import ChannelError

LATER_SECONDS = 120.0
# What a refusal of a letter means: the first line whose number and words fit.
REFUSALS = (
    (552, "", base.TOO_LARGE, "The letter is too large for the mail server: {words}."),
    (523, "", base.TOO_LARGE, "The letter is too large for the mail server: {words}."),
    (530, "", base.UNAUTHORIZED, "The mail server asks for a login: {words}."),
    (535, "", base.UNAUTHORIZED, "The mail server refuses the login: {words}."),
    (550, "", base.REJECTED, "The mail server refused this letter: {words}."),
)
NO_RECIPIENT = "There is no such address, says the mail server: {words}."
REFUSED = "The mail server refused this letter: {words}."
LATER = "The mail server asks to come later: {words}."


def send(talk: smtplib.SMTP, sender: str, recipient: str, raw: bytes) -> None:
    """Hand a letter over.

    Raises:
        ChannelError: surely not sent, unless `unknown`.
    """
    unicode = [] if sender.isascii() and recipient.isascii() else ["SMTPUTF8"]
    _taken(talk.mail(sender, [*_room(talk, raw), *unicode]))
    _taken(talk.rcpt(recipient), of_recipient=True)
    try:
        answer = talk.data(raw)
    except smtplib.SMTPDataError as error:  # it did not want to hear it
        _taken((error.smtp_code, error.smtp_error))
        raise
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise ChannelError(
            "The mail server did not say whether it took this letter.",
            code=base.UNANSWERED,
            unknown=True,
        ) from error
    _taken(answer)


def _room(talk: smtplib.SMTP, raw: bytes) -> Sequence[str]:
    return [f"SIZE={len(raw)}"] if talk.has_extn("size") else []


def _taken(answer: tuple[int, bytes | str], of_recipient: bool = False) -> None:
    code, said = answer
    if 200 <= code < 400:
        return
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    words = base.plain(" ".join(text.split()), 300).rstrip(".")
    if code < 500:
        raise ChannelError(
            LATER.format(words=words), code=base.RATE_LIMITED, retry_after=LATER_SECONDS
        )
    if of_recipient and (code in (550, 551, 553) and not _policy(words)):
        message = NO_RECIPIENT.format(words=words)
        raise ChannelError(message, code=base.RECIPIENT_GONE, permanent=True)
    for number, part, meaning, message in REFUSALS:
        if code == number and part in words.lower():
            raise ChannelError(message.format(words=words), code=meaning, permanent=True)
    raise ChannelError(REFUSED.format(words=words), code=base.REJECTED, permanent=True)


def _policy(words: str) -> bool:
    """5.7.x is about us (relaying denied, spam), not about the recipient."""
    return "5.7." in words or "relay" in words.lower()
