"""Messages as lines of a comment: when, who, what; nobody's words can pose as another's.

Comments are plain text that reads well whether or not the portal shows BB codes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from b24app import i18n
from b24app.actions import directory
from b24app.db import db
from b24app.i18n import N_, say
from b24app.models import Attachment, Message, Portal
from b24app.rules import bbcode
from b24app.rules.texts import FILE, KIND_NAMES, clean, one_line, safe_text
from b24app.rules.transcript import Line

FILE_MAX = 5 << 20  # bytes of a file in a timeline; base64 adds a third
MEGABYTE = 1 << 20
FURTHER = "\n> "  # what begins each further line of a message: it cannot look like another's

OPERATOR = N_("Operator")
NAMED_OPERATOR = N_("{name} (operator)")
ROBOT = N_("Automatic reply")
DELETED = N_("message deleted")
EDITED = N_("edited")
LARGE = N_("{size} MB, too large for CRM")
LOST = N_("the file could not be brought into CRM")
DEEDS = {
    "accepted": N_("{name} took the chat"),
    "begun": N_("{name} began the chat"),
    "closed": N_("{name} closed the chat"),
    "reopened": N_("{name} reopened the chat"),
}
_DIRECTING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # they turn text around
_POSING = re.compile(r"[():\[\]]")


@dataclass(frozen=True, slots=True)
class Voice:
    """The language and the zone in which a portal's people read."""

    language: str
    zone: tzinfo

    def lines(self, messages: Sequence[Message]) -> list[Line]:
        """A line each, times in the portal's zone; a new day is announced."""
        told: list[Line] = []
        day = None
        for message in messages:
            at = message.said_at.astimezone(self.zone)
            turn = f"— {self._day(message)} —\n" if day not in (None, at.date()) else ""
            day = at.date()
            told.append(Line(message.id, turn + self._line(message)))
        return told

    def changed(self, message: Message) -> Line:
        """A message that changed after it was told where it cannot be rewritten."""
        mark = f" ({say(EDITED, self.language)})" if message.edited_at else ""
        when = f"{self._day(message)} {self._time(message)}"
        return Line(message.id, safe(f"{when} {self._who(message)}{mark}: {self._said(message)}"))

    def file(self, message: Message, file: Attachment) -> str:
        """The words beside a file in the timeline."""
        return safe(f"{self._time(message)} {self._who(message)}: {self._name(file)}")

    def _line(self, message: Message) -> str:
        if message.direction == "system":
            return safe(f"{self._time(message)} — {self._deed(message)} —")
        return safe(f"{self._time(message)} {self._who(message)}: {self._said(message)}")

    def _said(self, message: Message) -> str:
        if message.deleted_at:
            return f"({say(DELETED, self.language)})"
        files = [self._name(one) for one in message.attachments]
        words = FURTHER.join(clean(message.text).splitlines())
        return " ".join(part for part in (*files, words) if part)

    def _name(self, file: Attachment) -> str:
        shown = f"[{say(KIND_NAMES.get(file.kind, FILE), self.language)}] {one_line(file.name)}"
        note = ""
        if file.crm_state == "large" or (file.size or 0) > FILE_MAX:
            note = say(LARGE, self.language, size=round((file.size or 0) / MEGABYTE))
        elif file.crm_state == "failed":
            note = say(LOST, self.language)
        return f"{shown.strip()} ({note})" if note else shown.strip()

    def _who(self, message: Message) -> str:
        """Only a name of ours may say that it is an operator's."""
        name = one_line(_POSING.sub("", message.author_name))
        if message.direction == "in":
            return name or "—"
        if message.origin == "bot":
            return say(ROBOT, self.language)
        if message.origin == "device" or not name:  # a messenger does not say who held it
            return say(OPERATOR, self.language)
        return say(NAMED_OPERATOR, self.language, name=name)

    def _deed(self, message: Message) -> str:
        code, params = message.details.get("code", ""), message.details.get("params", {})
        return say(DEEDS[code], self.language, name=one_line(str(params.get("name") or "—")))

    def _time(self, message: Message) -> str:
        return message.said_at.astimezone(self.zone).strftime("%H:%M")

    def _day(self, message: Message) -> str:
        form = "%d.%m.%Y" if self.language == "ru" else "%Y-%m-%d"
        return message.said_at.astimezone(self.zone).strftime(form)


def voice(portal_id: int) -> Voice:
    language = i18n.language(db.session.get_one(Portal, portal_id).lang)
    return Voice(language, directory.zone(portal_id))


def worth_telling(message: Message) -> bool:
    """Words of people, and what they did with the chat."""
    return message.direction != "system" or message.details.get("code") in DEEDS


def safe(text: str) -> str:
    """Neither BB codes nor macros of a batch nor signs that turn the text around."""
    return safe_text(bbcode.escaped(_DIRECTING.sub("", clean(text))))
