"""Connections to the servers of a mailbox: judged, encrypted, their trouble in words."""

import imaplib
import logging
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError

from b24app import http
from b24app.channels import base
from b24app.errors import ChannelError
from b24app.i18n import N_

SECONDS = 30.0
log = logging.getLogger(__name__)
SSL, STARTTLS, OPEN = "ssl", "starttls", "none"
GONE = (imaplib.IMAP4.abort, smtplib.SMTPServerDisconnected, TimeoutError)
# What went wrong: its words for the administrator, {host} filled in.
NO_HOST = N_("There is no such server. Check its address.")
PRIVATE = N_("This is a private address, and those are not called.")
BAD_CERTIFICATE = N_("The certificate of this server is not valid.")
NO_TLS = N_("The server does not offer this encryption. Choose another security.")
NOT_OPEN = N_("Without encryption anybody on the way could read the password.")
NO_ANSWER = {
    "imap": N_("The IMAP server does not answer. Check the address, the port and the security."),
    "smtp": N_("The SMTP server does not answer. Check the address, the port and the security."),
}
REFUSED = {
    "imap": N_("The IMAP server does not accept this login and password."),
    "smtp": N_("The SMTP server does not accept this login and password."),
}
TALK = "{host}: {words}."


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to connect; `field` prefixes the settings it came from."""

    host: str
    port: int
    security: str
    login: str
    password: str
    field: str


class Trouble(ChannelError):
    """`field`: the setting it is about."""

    def __init__(self, message: str, field: str, **more: Any) -> None:
        super().__init__(message, **more)
        self.field = field


def server(settings: Mapping[str, Any], field: str) -> Server:
    """A server as the form tells: `field` is `imap` or `smtp`."""
    port = str(settings.get(f"{field}_port", ""))
    login = settings.get(f"{field}_login") or settings.get("login") or settings.get("address", "")
    return Server(
        host=str(settings.get(f"{field}_host", "")).strip(),
        port=int(port) if port.isdecimal() and 0 < int(port) < 65536 else 0,
        security=str(settings.get(f"{field}_security", SSL)),
        login=str(login),
        password=str(settings.get(f"{field}_password") or settings.get("password", "")),
        field=field,
    )


@contextmanager
def imap(at: Server) -> Iterator[BaseMailBox]:
    """A mailbox that is logged in; no folder is chosen yet.

    Raises:
        ChannelError: also for what goes wrong inside.
    """
    with explained(at):
        box = _Box(at)
        try:
            _log_in(box, at)
            yield box
        finally:
            with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                box.logout()


@contextmanager
def smtp(at: Server) -> Iterator[smtplib.SMTP]:
    """A server that takes letters of ours.

    Raises:
        ChannelError: also for what goes wrong inside.
    """
    with explained(at):
        talk = _Smtp(at)
        try:
            yield talk
        finally:
            with suppress(OSError, smtplib.SMTPException):
                talk.quit()


@contextmanager
def explained(at: Server) -> Iterator[None]:
    """Trouble in words for the administrator, with the setting it is about."""
    try:
        yield
    except ChannelError:
        raise
    except Exception as error:
        found = _explained(error, at)
        if found is None:
            raise
        raise found from error


def _log_in(box: BaseMailBox, at: Server) -> None:
    try:
        if at.login.isascii() and at.password.isascii():
            box.login(at.login, at.password, initial_folder=None)
        else:
            box.login_utf8(at.login, at.password, initial_folder=None)
    except (ImapToolsError, imaplib.IMAP4.error) as error:
        if isinstance(error, imaplib.IMAP4.abort):
            raise
        raise _refused(at, str(error)) from error


def _refused(at: Server, said: str) -> Trouble:
    log.info("%s refuses the login: %s", at.host, base.plain(_said(said), 200))
    field = "smtp_password" if at.field == "smtp" else "password"
    return Trouble(REFUSED[at.field], field, code=base.UNAUTHORIZED, permanent=True)


def _said(words: str) -> str:
    """What the server said, out of what the libraries make of it."""
    found = words.split("Data: ")[-1] if "Data: " in words else words
    return found.strip("[]() ").removeprefix("b'").rstrip("'")


def _explained(error: Exception, at: Server) -> ChannelError | None:
    host, port = f"{at.field}_host", f"{at.field}_port"
    if isinstance(error, http.RefusedHost):
        return Trouble(PRIVATE, host, code=base.UNREACHABLE)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _refused(at, _bytes(error.smtp_error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Trouble(NO_TLS, f"{at.field}_security")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble(BAD_CERTIFICATE, host, code=base.UNREACHABLE)
    if isinstance(error, socket.gaierror | UnicodeError):
        return Trouble(NO_HOST, host, code=base.UNREACHABLE)
    if isinstance(error, GONE) or (isinstance(error, OSError) and not _talked(error)):
        return Trouble(NO_ANSWER[at.field], port, code=base.UNREACHABLE)
    if isinstance(error, smtplib.SMTPException | imaplib.IMAP4.error | ImapToolsError):
        words = TALK.format(host=at.host, words=base.plain(_said(str(error)), 200).rstrip("."))
        return Trouble(words, host)
    return None


def _talked(error: OSError) -> bool:
    """smtplib's errors are OSErrors too."""
    return isinstance(error, smtplib.SMTPException)


def _bytes(words: Any) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _check_open(at: Server) -> None:
    if at.security == OPEN and not http.private_allowed():
        raise Trouble(NOT_OPEN, f"{at.field}_security", code=base.UNREACHABLE)


class _Box(BaseMailBox):
    """imap-tools over a connection of ours."""

    def __init__(self, at: Server) -> None:
        self.at = at
        _check_open(at)
        super().__init__()
        if at.security == STARTTLS:
            self._encrypt()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return _ImapTls(self.at) if self.at.security == SSL else _Imap(self.at)

    def _encrypt(self) -> None:
        try:
            if "STARTTLS" not in self.client.capabilities:
                words = NO_TLS.format(host=self.at.host)
                raise Trouble(words, f"{self.at.field}_security")
            self.client.starttls(ssl_context=_context())
        except BaseException:
            self.client.shutdown()
            raise


class _Imap(imaplib.IMAP4):
    def __init__(self, at: Server) -> None:
        super().__init__(at.host, at.port, SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return http.reach(self.host, self.port, timeout or SECONDS)


class _ImapTls(_Imap):
    def __init__(self, at: Server) -> None:
        self.context = _context()
        super().__init__(at)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _encrypted(super()._create_socket(timeout), self.context, self.host)


class _Smtp(smtplib.SMTP):
    """smtplib over a connection of ours, encrypted and logged in."""

    def __init__(self, at: Server) -> None:
        self.at = at
        _check_open(at)
        super().__init__(at.host, at.port, timeout=SECONDS)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self.ehlo_or_helo_if_needed()
        if self.at.security == STARTTLS:
            self.starttls(context=_context())
            self.ehlo()
        if self.at.password and self.has_extn("auth"):
            self.login(self.at.login, self.at.password)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = http.reach(host, port, timeout)
        return _encrypted(found, _context(), host) if self.at.security == SSL else found


def _encrypted(bare: socket.socket, context: ssl.SSLContext, host: str) -> socket.socket:
    try:
        return context.wrap_socket(bare, server_hostname=host)
    except BaseException:
        bare.close()
        raise
