"""What operators may say of a client: each phone and address once, the locked one stays first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from b24app.i18n import N_
from b24app.rules.forms import email_of
from b24app.rules.texts import clean, e164, one_line

NAME_MAX = 200
NOTE_MAX = 4000
MOST = 10
NOT_PHONE = N_("This is not a phone number.")
NOT_EMAIL = N_("This is not an e-mail address.")
LOCKED = N_("This phone came from the messenger: it can be neither changed nor removed.")
TOO_MANY = N_("At most 10 of each.")


@dataclass(frozen=True, slots=True)
class Given:
    """A client as an operator typed them."""

    name: str
    phones: Sequence[str] = ()
    emails: Sequence[str] = ()
    manager_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """As it is kept: phones in E.164, addresses in small letters, nothing twice."""

    name: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    note: str


def kept(given: Given, locked: str) -> tuple[Kept, dict[str, str]]:
    """What is kept, and what is wrong with which line.

    Args:
        locked: the phone that a messenger told of; "": none.
    """
    phones, wrong = _read(given.phones, "phones", e164, NOT_PHONE)
    emails, more = _read(given.emails, "emails", email_of, NOT_EMAIL)
    wrong |= more
    if locked and phones[:1] != (locked,):
        wrong.setdefault("phones.0", LOCKED)
    name = one_line(clean(given.name))[:NAME_MAX]
    return Kept(name, phones, emails, clean(given.note).strip()[:NOTE_MAX]), wrong


def _read(
    lines: Sequence[str], field: str, read: Callable[[str], str], words: str
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Empty lines are nothing; the first of equal ones stays."""
    filled = [(at, line.strip()) for at, line in enumerate(lines) if line.strip()]
    wrong = {f"{field}.{at}": words for at, line in filled if not read(line)}
    found = tuple(dict.fromkeys(value for _, line in filled if (value := read(line))))
    if len(found) > MOST:
        wrong[field] = TOO_MANY
    return found, wrong
