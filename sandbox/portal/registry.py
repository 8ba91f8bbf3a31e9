"""REST methods by name: what each needs and who carries it out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.portal.phpform import as_list, as_map
from sandbox.portal.state import State


class RestError(Exception):
    """A refusal as Bitrix24 answers it: code, text, HTTP status and other fields."""

    def __init__(self, code: str, text: str, status: int = 400, **extra: Any) -> None:
        super().__init__(text)
        self.code = code
        self.status = status
        self.extra = extra

    def document(self) -> dict[str, Any]:
        """The answer's body."""
        return {"error": self.code, "error_description": str(self), **self.extra}


def access_denied(text: str = "Access denied.", status: int = 403) -> RestError:
    """The user may not do that."""
    return RestError("ACCESS_DENIED", text, status)


def bad_argument(text: str, argument: str = "") -> RestError:
    """A call that can never succeed."""
    extra = {"argument": argument} if argument else {}
    return RestError("ERROR_ARGUMENT", text, 400, **extra)


@dataclass(frozen=True)
class Page:
    """A page of a list: its rows, how many there are in all, where the next page starts."""

    items: Any
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True)
class Call:
    """One call of a method by a user."""

    state: State
    method: str
    params: Mapping[str, Any]
    user_id: int
    webhook: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter as it came."""
        return self.params.get(name, default)

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.params.get(name)
        return default if value is None or isinstance(value, dict | list) else str(value)

    def int(self, name: str, default: int = 0) -> int:
        """A parameter as a number; PHP reads nonsense as 0."""
        return number(self.params.get(name), default)

    def map(self, name: str) -> dict[str, Any]:
        """A parameter as a map."""
        return as_map(self.params.get(name))

    def list(self, name: str) -> list[Any]:
        """A parameter as a list."""
        return as_list(self.params.get(name))

    @property
    def admin(self) -> bool:
        """Whether the caller administers the portal."""
        return self.state.is_admin(self.user_id)


def number(value: Any, default: int = 0) -> int:
    """A number out of whatever came; nonsense is 0, nothing is `default`."""
    if value is None or value == "":
        return default
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return 0


@dataclass(frozen=True)
class Method:
    """A method of the portal."""

    name: str
    run: Callable[[Call], Any]
    scope: str = ""  # empty: basic
    app_only: bool = False
    admin_only: bool = False
    params: tuple[str, ...] | None = None  # "NAME*:type" where there is no official schema
    other_scopes: tuple[str, ...] = field(default=())


METHODS: dict[str, Method] = {}
Run = Callable[[Call], Any]


def method(
    name: str,
    *,
    scope: str = "",
    app: bool = False,
    admin: bool = False,
    params: tuple[str, ...] | None = None,
    or_scopes: tuple[str, ...] = (),
) -> Callable[[Run], Run]:
    """Register a method under its official name; names are found in any letter case."""

    def keep(run: Run) -> Run:
        METHODS[name.lower()] = Method(name, run, scope, app, admin, params, or_scopes)
        return run

    return keep


def page_of(call: Call, rows: list[Any], size: int = 50, start: Any = None) -> Page:
    """The page asked for by `start`; -1 skips counting, as the documentation advises."""
    first = number(call.get("start") if start is None else start)
    if first < 0:
        return Page(rows[:size], total=0)
    shown, rest = rows[first : first + size], len(rows) > first + size
    return Page(shown, total=len(rows), next=first + size if rest else None)
