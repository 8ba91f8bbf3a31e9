"""What differs between two versions of settings, for people to read."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Change = dict[str, Any]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """`[{"path", "before", "after"}]` of two dumped documents, in the document's order.

    Rows of a list are matched by their ids, which stand in the path
    (`responsibles.r1.user_id`). A row that came or went is one change with null on the
    other side; one that moved is a change of `….place`, counted from 1. Conditions and
    plain lists are compared as a whole.
    """
    return list(_of_names(before, after, ""))


def _of_names(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Change]:
    for name in dict.fromkeys([*after, *before]):
        where = f"{path}.{name}" if path else name
        yield from _of_values(before.get(name), after.get(name), where)


def _of_values(before: Any, after: Any, path: str) -> Iterator[Change]:
    if before == after:
        return
    if _rows(before) and _rows(after) and (before or after):
        yield from _of_rows(before, after, path)
    elif _names(before) and _names(after):
        yield from _of_names(before, after, path)
    else:
        yield _change(path, before, after)


def _of_rows(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[Change]:
    old = {row["id"]: (place, row) for place, row in enumerate(before, 1)}
    new = {row["id"]: (place, row) for place, row in enumerate(after, 1)}
    moved = _moved([old[one][0] for one in new if one in old])
    for row_id, (place, row) in new.items():
        if row_id not in old:
            yield _change(f"{path}.{row_id}", None, row)
            continue
        was, old_row = old[row_id]
        if was in moved:
            yield _change(f"{path}.{row_id}.place", was, place)
        yield from _of_names(old_row, row, f"{path}.{row_id}")
    for row_id, (_, row) in old.items():
        if row_id not in new:
            yield _change(f"{path}.{row_id}", row, None)


def _moved(places: Sequence[int]) -> set[int]:
    """The fewest of these that must move to make the rest a rising row of numbers."""
    ends: list[int] = []  # the smallest last place of a rising run of each length
    ranks: list[int] = []
    for place in places:
        rank = bisect_left(ends, place)
        ends[rank : rank + 1] = [place]
        ranks.append(rank)
    kept: set[int] = set()
    wanted = len(ends) - 1
    for place, rank in zip(reversed(places), reversed(ranks), strict=True):
        if rank == wanted:
            kept.add(place)
            wanted -= 1
    return set(places) - kept


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and "id" in one for one in value
    )


def _names(value: Any) -> bool:
    """An object of settings; a condition is not taken apart."""
    return isinstance(value, Mapping) and "join" not in value


def _change(path: str, before: Any, after: Any) -> Change:
    return {"path": path, "before": before, "after": after}
