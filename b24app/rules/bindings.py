"""What must be registered on a portal, and which calls bring it about."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from b24app.values import Call

Kind = Literal["placement", "event"]
ALREADY = re.compile(r"already|unable to set event handler", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to register; `titles` maps a language to what people read."""

    kind: Kind
    code: str
    handler: str
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A registration as the portal tells of it.

    user_id: whose it is (a placement) or whose token it brings (an event); 0: nobody's.
    """

    kind: Kind
    code: str
    handler: str
    user_id: int = 0
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls that remove first, then those that add; the keys of `bind` are the codes."""

    unbind: tuple[Call, ...]
    bind: tuple[Call, ...]
    kept: tuple[Wanted, ...]


def plan(wanted: Sequence[Wanted], found: Sequence[Found]) -> Plan:
    """The difference between what should be and what is.

    A registration that is there once and as wanted stays. One that is there twice can
    only be removed altogether, for the portal compares addresses, and is made anew.
    """
    times = Counter((one.kind, one.code, one.handler) for one in found if _plain(one))
    kept = tuple(one for one in wanted if times[one.kind, one.code, one.handler] == 1)
    right = {(one.kind, one.code, one.handler) for one in kept}
    strays = [one for one in found if not _plain(one) or _named(one) not in right]
    return Plan(
        unbind=tuple(_numbered(dict.fromkeys(strays))),
        bind=tuple(_bind(one) for one in wanted if one not in kept),
        kept=kept,
    )


def found_placements(result: Any) -> list[Found]:
    """What `placement.get` answered."""
    return [
        Found("placement", _code(one, "placement"), _text(one, "handler"), _whole(one, "userId"))
        for one in _items(result)
    ]


def found_events(result: Any) -> list[Found]:
    """What `event.get` answered."""
    return [
        Found(
            "event",
            _code(one, "event"),
            _text(one, "handler"),
            _whole(one, "auth_type"),
            offline=_text(one, "offline") in ("1", "True", "true"),
        )
        for one in _items(result)
    ]


def already_bound(code: str, text: str) -> bool:
    """Whether a refused registration was refused because it is there."""
    return code == "ERROR_CORE" and ALREADY.search(text) is not None


def _plain(one: Found) -> bool:
    """As we register: for everybody, at once. A second one would bring everything twice."""
    return not one.user_id and not one.offline


def _named(one: Found) -> tuple[str, str, str]:
    return (one.kind, one.code, one.handler)


def _bind(one: Wanted) -> Call:
    if one.kind == "event":
        return Call("event.bind", {"event": one.code, "handler": one.handler}, one.code)
    params = {
        "PLACEMENT": one.code,
        "HANDLER": one.handler,
        "TITLE": one.titles["en"],
        "LANG_ALL": {language: {"TITLE": title} for language, title in one.titles.items()},
    }
    return Call("placement.bind", params, one.code)


def _numbered(strays: Iterable[Found]) -> Iterable[Call]:
    return (_unbind(one, f"stray{number}") for number, one in enumerate(strays))


def _unbind(one: Found, key: str) -> Call:
    if one.kind == "placement":
        params: dict[str, Any] = {"PLACEMENT": one.code, "HANDLER": one.handler}
        return Call("placement.unbind", params | _user("USER_ID", one), key)
    params = {"event": one.code, "handler": one.handler} | _user("auth_type", one)
    if one.offline:
        params["event_type"] = "offline"
    return Call("event.unbind", params, key)


def _user(name: str, one: Found) -> dict[str, int]:
    return {name: one.user_id} if one.user_id else {}


def _items(result: Any) -> list[dict[str, Any]]:
    """PHP makes a list, a map with numbers, or nothing."""
    values = result.values() if isinstance(result, dict) else result
    return [one for one in values or () if isinstance(one, dict)] if values else []


def _code(one: Mapping[str, Any], name: str) -> str:
    return _text(one, name).upper()


def _text(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _whole(one: Mapping[str, Any], name: str) -> int:
    text = _text(one, name)
    return int(text) if text.isdecimal() else 0
