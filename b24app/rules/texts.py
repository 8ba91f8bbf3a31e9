"""Small words about messages: previews, tidy names and phones."""

import re
from dataclasses import replace

from b24app.i18n import N_
from b24app.rules.bbcode import WORD_JOINER
from b24app.values import Person

PREVIEW = 200
FILE = N_("File")
KIND_NAMES = {
    "image": N_("Photo"),
    "voice": N_("Voice message"),
    "audio": N_("Audio"),
    "video": N_("Video"),
    "sticker": N_("Sticker"),
}
_SPACES = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MACRO = re.compile(r"\$(?=result)", re.I)


def one_line(text: str) -> str:
    """The beginning of a text on one line, for a list."""
    return _SPACES.sub(" ", text).strip()[:PREVIEW]


def clean(text: str) -> str:
    """Text without control characters (line breaks and tabs stay)."""
    return _CONTROL.sub("", text)


def safe_text(text: str) -> str:
    """A person's words with `$result` broken, so that a portal's batch cannot expand it."""
    return _MACRO.sub("$" + WORD_JOINER, text)


def tidy(person: Person) -> Person:
    """A person with a phone in E.164 form where it can be, and a name on one line."""
    return replace(
        person,
        name=_SPACES.sub(" ", clean(person.name)).strip()[:200],
        phone=e164(person.phone),
        email=person.email.strip().lower()[:200],
    )


def e164(phone: str) -> str:
    """`+` and digits; an 11-digit number that begins with 8 is Russian."""
    digits = re.sub(r"\D", "", phone)
    if not 8 <= len(digits) <= 15:
        return ""
    if len(digits) == 11 and digits.startswith("8") and not phone.strip().startswith("+"):
        digits = "7" + digits[1:]
    return "+" + digits
