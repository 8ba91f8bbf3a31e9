"""A real mail server of our own: Dovecot for IMAP, aiosmtpd in front of its mailboxes."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.ports import free_port

DOVECOT = os.environ.get("DOVECOT", "/usr/sbin/dovecot")
PASSWORD = "let-me-in"
OURS, ANNA = "shop@mail.example", "anna@client.example"
START_SECONDS = 20
CONFIG = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/boxes/%u
mailbox_list_index = no
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/boxes/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
_numbers = count(1)


class Refusing:
    """What the SMTP server says no to, set by tests: step → answer."""

    def __init__(self, boxes: "Boxes") -> None:
        self.boxes = boxes
        self.says: dict[str, str] = {}
        self.received: list[bytes] = []
        self.silent_after_data = False
        self.password = PASSWORD

    def known(self, *given: Any) -> AuthResult:
        """Whether a login is good; called by the server."""
        data = given[-1]
        good = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=good, handled=good)

    async def handle_MAIL(self, *given: Any) -> str:
        _, _, envelope, address, _ = given
        envelope.mail_from = address
        return self.says.get("MAIL", "250 OK")

    async def handle_RCPT(self, *given: Any) -> str:
        _, _, envelope, address, _ = given
        envelope.rcpt_tos.append(address)
        return self.says.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if answer := self.says.get("DATA"):
            return answer
        self.received.append(envelope.content)
        for address in envelope.rcpt_tos:
            self.boxes.deliver(address, envelope.content)
        if self.silent_after_data:
            server.transport.abort()
        return "250 taken"


@dataclass
class Boxes:
    """Mailboxes on disk, as Dovecot reads them."""

    folder: Path
    uid: int
    gid: int

    def deliver(self, address: str, raw: bytes) -> None:
        """Put a letter into somebody's inbox."""
        box = self.folder / "boxes" / address.lower()
        for name in ("tmp", "new", "cur"):
            (box / name).mkdir(parents=True, exist_ok=True)
        name = f"{time.time():.6f}.{next(_numbers)}.test"
        (box / "tmp" / name).write_bytes(raw)
        self.own(box)
        (box / "tmp" / name).rename(box / "new" / name)

    def own(self, folder: Path) -> None:
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid)

    def forget(self) -> None:
        shutil.rmtree(self.folder / "boxes", ignore_errors=True)
        (self.folder / "boxes").mkdir()
        self.own(self.folder / "boxes")


@dataclass
class Mail:
    """Both servers, running."""

    imap_port: int
    smtp_port: int
    boxes: Boxes
    smtp: Refusing
    imaps_port: int = 0

    def forget(self) -> None:
        """Empty mailboxes, and yes to everything again."""
        self.smtp.says, self.smtp.received, self.smtp.silent_after_data = {}, [], False
        self.smtp.password = PASSWORD
        self.boxes.forget()

    def settings_of(self, address: str = OURS, **more: Any) -> dict[str, Any]:
        """The form of a mailbox, filled in."""
        return {
            "address": address,
            "from_name": "Owl & Lamp",
            "password": PASSWORD,
            "imap_host": "127.0.0.1",
            "imap_port": str(self.imap_port),
            "imap_security": "none",
            "smtp_host": "127.0.0.1",
            "smtp_port": str(self.smtp_port),
            "smtp_security": "none",
            **more,
        }


@contextmanager
def running(certificate: Path | None = None) -> Iterator[Mail]:
    """The servers with empty mailboxes; `certificate`: for the port that begins with TLS."""
    folder = Path(tempfile.mkdtemp(prefix="mail-"))
    folder.chmod(0o755)
    uid, gid = _owner()
    boxes = Boxes(folder, uid, gid)
    ports = free_port(), free_port(), free_port()
    (folder / "boxes").mkdir()
    boxes.own(folder / "boxes")
    (folder / "dovecot.conf").write_text(_config(boxes, ports, certificate))
    child = subprocess.Popen(
        [DOVECOT, "-F", "-c", folder / "dovecot.conf"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    smtp = Refusing(boxes)
    controller = Controller(
        smtp,
        hostname="127.0.0.1",
        port=ports[2],
        authenticator=smtp.known,
        auth_require_tls=False,
        data_size_limit=40 << 20,
    )
    try:
        controller.start()
        _wait(ports[0], child, folder / "log")
        yield Mail(ports[0], ports[2], boxes, smtp, ports[1])
    finally:
        controller.stop()
        child.terminate()
        child.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> tuple[int, int]:
    """Who owns the mailboxes: Dovecot serves none of root."""
    if os.geteuid():
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _config(boxes: Boxes, ports: tuple[int, int, int], certificate: Path | None) -> str:
    tls = f"ssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else ""
    user = pwd.getpwuid(boxes.uid).pw_name
    return CONFIG.format(
        folder=boxes.folder,
        ssl="yes" if certificate else "no",
        certificate=tls,
        user=user,
        group=grp.getgrgid(boxes.gid).gr_name,
        password=PASSWORD,
        uid=boxes.uid,
        gid=boxes.gid,
        imap=ports[0],
        imaps=ports[1] if certificate else 0,
    )


def _wait(port: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once it answers; what it said if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"Dovecot does not answer: {log.read_text() if log.exists() else ''}")
