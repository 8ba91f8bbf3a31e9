"""Writing to a client first: what address was given, and whether a chat may begin by it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from b24app.i18n import N_
from b24app.rules.forms import email_of
from b24app.rules.texts import e164
from b24app.values import Address, AddressKind

NICKNAME = re.compile(r"@?([A-Za-z0-9_.]{3,64})")
LINK = re.compile(r"(?:https?://)?(?:t\.me|telegram\.me)/([A-Za-z0-9_]{3,64})/?", re.I)
WANTED: dict[frozenset[AddressKind], str] = {
    frozenset({"phone"}): N_("Enter a phone number with the country code, like +7 999 123-45-67."),
    frozenset({"email"}): N_("Enter an e-mail address, like anna@shop.example."),
    frozenset({"phone", "username"}): N_("Enter a phone number or a @nickname."),
    frozenset({"phone", "email"}): N_("Enter a phone number or an e-mail address."),
}
ANY = N_("Enter a phone number, a @nickname or an e-mail address.")

State = Literal["open", "ready", "taken", "in_new", "blocked", "absent", "asking", "failed"]
REASONS: dict[State, str] = {
    "taken": N_("A colleague already has a chat by this contact data"),
    "in_new": N_("There is already a chat by this contact data; it can be found in “New”"),
    "blocked": N_("The client does not accept messages from this channel any more."),
    "absent": N_("The number was not found in the channel"),
    "asking": N_("The channel is being asked…"),
}


@dataclass(frozen=True, slots=True)
class Chat:
    """The newest chat of an identity. responsible_id None: nobody's."""

    id: int
    status: Literal["new", "active", "closed"]
    responsible_id: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an address in one channel.

    known: there is an identity with it. chat: its newest chat, an open one before all.
    asked: what asking the messenger came to; None: it was not, or need not be asked.
    """

    known: bool = False
    blocked: bool = False
    chat: Chat | None = None
    asked: Literal["asking", "found", "absent", "failed"] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """state `open`: go to the chat; `ready`: begin one; all others: neither, and why."""

    state: State
    chat_id: int | None = None

    @property
    def reason(self) -> str:
        return REASONS.get(self.state, "")


def address(text: str, kinds: Collection[AddressKind]) -> Address | None:
    """What an operator typed, as one of these kinds of address; None: it is none of them."""
    readers = {"email": _email, "phone": _phone, "username": _username}
    for kind, read in readers.items():
        if kind in kinds and (value := read(text.strip())):
            return Address(kind, value)  # type: ignore[arg-type]
    return None


def wanted(kinds: Sequence[AddressKind]) -> str:
    """What to say to who typed none of these."""
    return WANTED.get(frozenset(kinds), ANY)


def verdict(facts: Facts, user_id: int, *, sees_others: bool) -> Verdict:
    """Whether this employee may write there first."""
    chat = facts.chat
    if chat is None or chat.status == "closed":
        return Verdict(_without_chat(facts))
    if chat.status == "new":
        return Verdict("in_new")
    if chat.responsible_id in (None, user_id) or sees_others:
        return Verdict("open", chat.id)
    return Verdict("taken")


def _without_chat(facts: Facts) -> State:
    if facts.blocked:
        return "blocked"
    if facts.known or facts.asked == "found":
        return "ready"
    return facts.asked if facts.asked in ("asking", "failed") else "absent"


def _email(text: str) -> str:
    return email_of(text)


def _phone(text: str) -> str:
    return "" if re.search(r"[^\d\s()+.\-]", text) else e164(text)


def _username(text: str) -> str:
    found = LINK.fullmatch(text) or NICKNAME.fullmatch(text)
    return found[1] if found and not found[1].isdecimal() else ""
