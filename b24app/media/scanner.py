"""Whether a file carries a virus, asked of a scanner that the operator of the server chose.

VIRUS_SCANNER=clamd://host:3310, clamd:///run/clamd.ctl, or a command that gets the file's
path at its end and exits with 0 (clean), 1 (infected) or anything else (it cannot tell).
Source: man clamd (INSTREAM), man clamdscan (exit codes)
"""

import shlex
import socket
import struct
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from b24app.errors import Busy, Invalid
from b24app.i18n import N_

TIMEOUT_SECONDS = 30.0
CHUNK_BYTES = 64 << 10
CANNOT = N_("The file cannot be checked for viruses right now. Try again in a minute.")
INFECTED = N_("A virus was found in this file: it is put into quarantine.")


class Infected(Invalid):
    """The file was not taken; `virus` is its name as the scanner tells it."""

    def __init__(self, virus: str) -> None:
        super().__init__(INFECTED, fields={"file": INFECTED}, code="infected")
        self.virus = virus


def virus_in(path: Path, scanner: str) -> str:
    """The name of the virus in a file, or "".

    Raises:
        Busy: the scanner does not answer; nothing is taken unchecked.
    """
    if not scanner:
        return ""
    try:
        return _by_clamd(path, scanner) if scanner.startswith("clamd:") else _by(path, scanner)
    except (OSError, subprocess.SubprocessError) as error:
        raise Busy(CANNOT) from error


def _by(path: Path, command: str) -> str:
    ended = subprocess.run(
        [*shlex.split(command), str(path)],
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if ended.returncode not in (0, 1):
        raise Busy(CANNOT)
    return _last_line(ended.stdout) or "virus" if ended.returncode else ""


def _by_clamd(path: Path, address: str) -> str:
    with _connected(address) as talk, path.open("rb") as file:
        talk.sendall(b"zINSTREAM\0")
        while chunk := file.read(CHUNK_BYTES):
            talk.sendall(struct.pack("!I", len(chunk)) + chunk)
        talk.sendall(struct.pack("!I", 0))
        answer = talk.makefile("rb").read(4096).rstrip(b"\0\n").decode("utf-8", "replace")
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return ""
    if not said.endswith(" FOUND"):
        raise Busy(CANNOT)
    return said.removesuffix(" FOUND")


def _connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    if parts.hostname:
        return socket.create_connection((parts.hostname, parts.port or 3310), TIMEOUT_SECONDS)
    talk = socket.socket(socket.AF_UNIX)
    talk.settimeout(TIMEOUT_SECONDS)
    try:
        talk.connect(parts.path)
    except OSError:
        talk.close()
        raise
    return talk


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
