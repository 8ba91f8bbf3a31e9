"""PHP's habits on the wire: bracketed keys, lists that are arrays, empty maps that are lists."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

MAX_DEPTH = 12


class EmptyObject(dict[str, Any]):
    """A map that stays `{}` in an answer, where Bitrix24 has a date object of its own."""


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Pairs with bracketed keys as nested maps and lists."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _put(tree, _path(key), value)
    return {key: _settle(value) for key, value in tree.items()}


def _path(key: str) -> list[str]:
    head, bracket, _ = key.partition("[")
    if not bracket or not head:
        return [key]
    return [head, *re.findall(r"\[([^\]]*)\]", key)][:MAX_DEPTH]


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for step in path[:-1]:
        branch = tree.setdefault(_step(tree, step), {})
        if not isinstance(branch, dict):
            return
        tree = branch
    tree[_step(tree, path[-1])] = value


def _step(tree: dict[str, Any], step: str) -> str:
    return step or str(len(tree))


def _settle(value: Any) -> Any:
    """Maps with keys 0, 1, 2 … become lists, as PHP cannot tell them apart."""
    if not isinstance(value, dict):
        return value
    settled = {key: _settle(inner) for key, inner in value.items()}
    if settled and list(settled) == [str(n) for n in range(len(settled))]:
        return list(settled.values())
    return settled


def as_map(value: Any) -> dict[str, Any]:
    """A PHP array as a map: lists get their indexes, an empty list is an empty map."""
    if isinstance(value, dict):
        return {str(key): inner for key, inner in value.items()}
    if isinstance(value, list):
        return {str(index): inner for index, inner in enumerate(value)}
    return {}


def as_list(value: Any) -> list[Any]:
    """A PHP array as a list: only the values; a scalar is a list of one; nothing is empty."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    return [] if value in (None, "") else [value]


def php_json(value: Any) -> Any:
    """What PHP's json_encode makes of arrays: empty maps are `[]`, maps 0..n-1 are lists."""
    if isinstance(value, EmptyObject):
        return {}
    if isinstance(value, dict):
        if list(value) == list(range(len(value))):
            return [php_json(inner) for inner in value.values()]
        return {str(key): php_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [php_json(inner) for inner in value]
    return value


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Pairs as PHP's http_build_query makes them: None left out, booleans 1 and 0."""
    if isinstance(value, dict | list | tuple):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in entries:
            yield from flatten(inner, f"{prefix}[{key}]" if prefix else str(key))
    elif value is not None:
        yield prefix, str(int(value)) if isinstance(value, bool) else str(value)


def truthy(value: Any) -> bool:
    """PHP's cast to bool: "", "0", 0, nothing and empty arrays are false; "false" is true."""
    return bool(value) and value != "0"


def yes(value: Any) -> bool:
    """Y/N as Bitrix24 reads its flags."""
    return value is True or str(value).upper() in ("Y", "1", "TRUE")
