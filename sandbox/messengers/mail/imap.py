"""The part of IMAP that the application speaks.

Source: RFC 3501 and 6154. What it does not know it refuses with BAD.
"""

import re
import socketserver
from collections.abc import Callable, Iterator

from sandbox.messengers.mail.boxes import INBOX, PASSWORD, SENT, VALIDITY, Box, Boxes, Letter

WORDS = re.compile(r'"((?:\\.|[^"\\])*)"|(\([^)]*\))|(\S+)')
LITERAL = re.compile(r"\{(\d+)\}$")
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.I | re.M)
QUIET_SECONDS = 60


class ImapServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, boxes: Boxes) -> None:
        self.boxes = boxes
        super().__init__(("127.0.0.1", port), Talk)


class Talk(socketserver.StreamRequestHandler):
    """One connection: who logged in, and which folder is open."""

    server: ImapServer
    timeout = QUIET_SECONDS

    def handle(self) -> None:
        self.address, self.folder, self.literal = "", INBOX, b""
        self.say("* OK [CAPABILITY IMAP4rev1] The sandbox's mail")
        while line := self.rfile.readline(65_536):
            tag, _, rest = self._whole(line.decode("utf-8", "replace").rstrip()).partition(" ")
            verb, _, given = rest.partition(" ")
            deed = VERBS.get(verb.upper())
            if deed is None:
                self.say(f"{tag} BAD This server does not know that")
                continue
            self.say(f"{tag} {deed(self, words(given))}")
            if verb.upper() == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _whole(self, line: str) -> str:
        """A command with its literal, which is brought on a word of ours."""
        found = LITERAL.search(line)
        if not found:
            return line
        self.say("+ Go on")
        self.literal = self.rfile.read(int(found[1]))
        self.rfile.readline()
        return line[: found.start()].rstrip()

    @property
    def box(self) -> Box:
        return self.server.boxes.box(self.address)

    def capability(self, given: list[str]) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK Done"

    def login(self, given: list[str]) -> str:
        if len(given) != 2 or given[1] != PASSWORD:
            return "NO [AUTHENTICATIONFAILED] Wrong login or password"
        self.address = given[0]
        return "OK Welcome"

    def folders(self, given: list[str]) -> str:
        self.say('* LIST (\\HasNoChildren) "/" "INBOX"')
        self.say(f'* LIST (\\HasNoChildren \\Sent) "/" "{SENT}"')
        return "OK Done"

    def status(self, given: list[str]) -> str:
        folder = given[0]
        if folder not in self.box.folders:
            return "NO There is no such folder"
        told = f"UIDVALIDITY {VALIDITY} UIDNEXT {self.box.next_uid[folder]}"
        self.say(f'* STATUS "{folder}" (MESSAGES {len(self.box.folders[folder])} {told})')
        return "OK Done"

    def select(self, given: list[str]) -> str:
        if given[0] not in self.box.folders:
            return "NO There is no such folder"
        self.folder = given[0]
        self.say(f"* {len(self._letters())} EXISTS")
        self.say(f"* OK [UIDVALIDITY {VALIDITY}]")
        self.say(f"* OK [UIDNEXT {self.box.next_uid[self.folder]}]")
        return "OK Done"

    def uid(self, given: list[str]) -> str:
        deed = {"SEARCH": self._search, "FETCH": self._fetch, "STORE": self._store}
        wanted = deed.get(given[0].upper())
        return wanted(given[1:]) if wanted else "BAD This server does not know that"

    def append(self, given: list[str]) -> str:
        flags = given[1].strip("()").split() if len(given) > 1 else []
        self.server.boxes.keep(self.address, given[0], self.literal, flags)
        return "OK Done"

    def fine(self, given: list[str]) -> str:
        return "OK Done"

    def logout(self, given: list[str]) -> str:
        self.say("* BYE")
        return "OK Done"

    def _letters(self) -> list[Letter]:
        return self.box.folders[self.folder]

    def _search(self, given: list[str]) -> str:
        asked = given[2:] if given[0].upper() == "CHARSET" else given
        if asked and asked[0].startswith("("):
            asked = words(asked[0].strip("()"))
        found = [str(one.uid) for one in self._letters() if _meets(one, asked, self._letters())]
        self.say(f"* SEARCH {' '.join(found)}".rstrip())
        return "OK Done"

    def _fetch(self, given: list[str]) -> str:
        wanted = given[1].strip("()").upper()
        for number, letter in self._named(given[0]):
            if wanted == "RFC822.SIZE":
                self.say(f"* {number} FETCH (UID {letter.uid} RFC822.SIZE {len(letter.raw)})")
                continue
            header = letter.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            raw, name = (header, "HEADER") if "HEADER" in wanted else (letter.raw, "")
            begin = f"* {number} FETCH (UID {letter.uid} BODY[{name}] {{{len(raw)}}}\r\n"
            self.wfile.write(begin.encode() + raw + b")\r\n")
        return "OK Done"

    def _store(self, given: list[str]) -> str:
        flags = set(given[2].strip("()").split())
        for _, letter in self._named(given[0]):
            letter.flags = letter.flags | flags if given[1].startswith("+") else flags
        return "OK Done"

    def _named(self, uids: str) -> Iterator[tuple[int, Letter]]:
        wanted = {int(one) for one in uids.split(",") if one.isdecimal()}
        for number, letter in enumerate(self._letters(), start=1):
            if letter.uid in wanted:
                yield number, letter


def words(line: str) -> list[str]:
    """The words of a command: quoted ones without their quotes, lists whole."""
    found = WORDS.findall(line)
    return [re.sub(r"\\(.)", r"\1", quoted) or group or bare for quoted, group, bare in found]


def _meets(letter: Letter, asked: list[str], letters: list[Letter]) -> bool:
    """Whether a letter is what a search asks for: UID n:*, HEADER, UNSEEN, or all."""
    if not asked:
        return True
    kind = asked[0].upper()
    if kind == "UID":
        first, _, last = asked[1].partition(":")
        newest = max(one.uid for one in letters)
        return letter.uid >= min(int(first), newest) if last == "*" else letter.uid == int(first)
    if kind == "HEADER":
        found = MESSAGE_ID.search(letter.raw)
        return found is not None and found[1].decode("utf-8", "replace") == asked[2]
    return "\\Seen" not in letter.flags if kind == "UNSEEN" else True


VERBS: dict[str, Callable[[Talk, list[str]], str]] = {
    "CAPABILITY": Talk.capability,
    "LOGIN": Talk.login,
    "LIST": Talk.folders,
    "STATUS": Talk.status,
    "SELECT": Talk.select,
    "EXAMINE": Talk.select,
    "UID": Talk.uid,
    "APPEND": Talk.append,
    "NOOP": Talk.fine,
    "CLOSE": Talk.fine,
    "LOGOUT": Talk.logout,
}
