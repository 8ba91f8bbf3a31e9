"""The SMTP that the application speaks: no encryption, one password, no relaying needed.

Source: RFC 5321 and 4954.
"""

import re
import socketserver
from base64 import b64decode
from collections.abc import Callable

from sandbox.messengers.mail.boxes import NOBODY, PASSWORD, Boxes

PATH = re.compile(r"<([^>]*)>")
SIZE_LIMIT = 30 << 20
QUIET_SECONDS = 60


class SmtpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, boxes: Boxes) -> None:
        self.boxes = boxes
        super().__init__(("127.0.0.1", port), Talk)


class Talk(socketserver.StreamRequestHandler):
    """One connection; `known` after a login."""

    server: SmtpServer
    timeout = QUIET_SECONDS

    def handle(self) -> None:
        self.known, self.sender, self.recipients = False, "", [""]
        self.say("220 mail.sandbox ESMTP")
        while line := self.rfile.readline(4096):
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            deed = VERBS.get(verb.upper())
            if deed is None:
                self.say("502 5.5.2 This server does not know that")
            elif deed(self, rest) is False:
                return

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def hello(self, rest: str) -> None:
        for line in ("mail.sandbox", f"SIZE {SIZE_LIMIT}", "8BITMIME", "SMTPUTF8"):
            self.say(f"250-{line}")
        self.say("250 AUTH PLAIN LOGIN")

    def auth(self, rest: str) -> None:
        kind, _, given = rest.partition(" ")
        password = self._plain(given) if kind.upper() == "PLAIN" else self._login(given)
        self.known = password == PASSWORD
        self.say("235 2.7.0 Welcome" if self.known else "535 5.7.8 Wrong login or password")

    def mail(self, rest: str) -> None:
        if not self.known:
            self.say("530 5.7.0 Log in first")
            return
        self.sender, self.recipients = _address(rest), []
        self.say("250 2.1.0 OK")

    def recipient(self, rest: str) -> None:
        address = _address(rest)
        if address.startswith(NOBODY):
            self.say("550 5.1.1 There is no such mailbox")
            return
        self.recipients.append(address)
        self.say("250 2.1.5 OK")

    def data(self, rest: str) -> None:
        self.say("354 Go on, end with a dot on a line of its own")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        for address in self.recipients:
            self.server.boxes.deliver(address, b"".join(lines))
        self.say("250 2.0.0 Taken")

    def fine(self, rest: str) -> None:
        self.say("250 2.0.0 OK")

    def leave(self, rest: str) -> bool:
        self.say("221 2.0.0 Bye")
        return False

    def _plain(self, given: str) -> str:
        return _decoded(given or self._ask("")).rpartition("\0")[2]

    def _login(self, given: str) -> str:
        if not given:
            self._ask("VXNlcm5hbWU6")
        return _decoded(self._ask("UGFzc3dvcmQ6"))

    def _ask(self, question: str) -> str:
        self.say(f"334 {question}")
        return self.rfile.readline(4096).decode().strip()


def _address(rest: str) -> str:
    found = PATH.search(rest)
    return found[1].lower() if found else ""


def _decoded(text: str) -> str:
    try:
        return b64decode(text).decode()
    except ValueError:
        return ""


VERBS: dict[str, Callable[[Talk, str], bool | None]] = {
    "EHLO": Talk.hello,
    "HELO": Talk.fine,
    "AUTH": Talk.auth,
    "MAIL": Talk.mail,
    "RCPT": Talk.recipient,
    "DATA": Talk.data,
    "RSET": Talk.fine,
    "NOOP": Talk.fine,
    "QUIT": Talk.leave,
}
