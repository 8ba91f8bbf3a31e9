"""What a place inside Bitrix24 is, and what its file decides about an opening."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from b24app.i18n import N_
from b24app.web.guard import Entity, LineRef

TITLE = N_("CallGear Chats")


class Stub(Exception):
    """Instead of the application, a page with a sentence.

    The texts are English, marked for the catalogues; the page shows them in the
    reader's language.
    """

    def __init__(self, title: str, text: str, status: int = 200) -> None:
        super().__init__(title)
        self.title, self.text, self.status = title, text, status


@dataclass(frozen=True, slots=True)
class Opening:
    """A place opened by somebody whom Bitrix24 vouches for.

    Args:
        status: the portal's: new, active or blocked.
        options: what the place tells of where it is; chosen by the browser, so it
            proves nothing.
        may_configure: an administrator, or named by one.
    """

    portal_id: int
    user_id: int
    is_admin: bool
    status: str
    options: dict[str, Any]
    may_configure: bool = False

    def option(self, name: str) -> str:
        value = self.options.get(name)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""

    def number(self, name: str) -> int:
        """A whole positive number, or 0."""
        text = self.option(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


@dataclass(frozen=True, slots=True)
class Sight:
    """What the page shows: the front end's part and what the session may touch."""

    entry: str
    entity: Entity | None = None
    line: LineRef | None = None
    conversation: str | None = None
    connected: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """A place inside Bitrix24 that shows us.

    Args:
        name: the last part of its address, /placement/<name>.
        codes: what Bitrix24 calls it; an opening under another code is refused.
        decide: what to show; raises Stub or an error of the house instead.
        bound: registered on the portal by placement.bind.
        title: what the portal's menus and tabs call it.
        installs: opened before the portal knows us; administrators only.
    """

    name: str
    codes: tuple[str, ...]
    decide: Callable[[Opening], Sight]
    bound: tuple[str, ...] = ()
    title: str = TITLE
    installs: bool = False


def installed(opening: Opening) -> None:
    """Nobody works before the installation is finished, or while we may not work here."""
    if opening.status == "new":
        raise Stub(
            N_("The application is not installed completely"),
            N_("Ask an administrator of your Bitrix24 to open it and finish the installation."),
        )
    if opening.status != "active":
        raise Stub(
            N_("The application is stopped"),
            N_("Ask an administrator of your Bitrix24 to open it: that starts it again."),
        )


def administrators(opening: Opening) -> None:
    if not opening.is_admin:
        raise Stub(
            N_("Only for administrators"),
            N_("Ask an administrator of your Bitrix24 to open this page."),
            403,
        )


def chat_asked_for(opening: Opening) -> str | None:
    """The conversation that a link or `openApplication` names."""
    return str(number) if (number := opening.number("conversation")) else None
