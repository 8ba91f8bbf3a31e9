"""The law of the house: a file imports from lower floors only."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = (
    {"values", "errors", "clock", "config", "i18n"},
    {"rules", "db", "bell", "http", "media"},
    {"models", "bitrix", "channels"},
    {"actions"},
    {"web", "worker", "cli"},
    {"placement"},
    {"application", "asgi", "server", "app"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# The database handle rings the bell; the roof is one room of several files.
NEIGHBOURS = {("db", "bell"), ("cli", "worker")} | {(a, b) for a in FLOORS[-1] for b in FLOORS[-1]}
STANDARD_ONLY = FLOORS[0] | {"rules"}
TALKERS = {"http", "bitrix", "channels"}
ASKED = {"web", "placement", "application"}


def files() -> Iterator[Path]:
    yield ROOT / "app.py"
    for room in ("b24app", "placement"):
        yield from sorted((ROOT / room).rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "b24app" and len(parts) > 1 else parts[0]


def imports(path: Path) -> Iterator[tuple[str, ...]]:
    """Every module named by an import, as parts; `from x import y` gives x.y."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (tuple(name.name.split(".")) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((*node.module.split("."), name.name) for name in node.names)


def room_named(parts: tuple[str, ...]) -> str | None:
    """The room of ours that an import names, or None."""
    if parts[0] == "b24app" and len(parts) > 1 and parts[1] in FLOOR:
        return parts[1]
    return parts[0] if parts[0] in ("placement", "app") else None


def test_every_room_has_a_floor() -> None:
    rooms = {
        room_of(path)
        for path in files()
        if path.name != "__init__.py" or path.parent != ROOT / "b24app"
    }
    assert rooms - set(FLOOR) == set()


def test_files_import_from_lower_floors_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {target}"
        for path in files()
        if (room := room_of(path)) in FLOOR
        for parts in imports(path)
        if (target := room_named(parts))
        and target != room
        and FLOOR[target] >= FLOOR[room]
        and (room, target) not in NEIGHBOURS
    ]
    assert wrong == []


def test_rules_and_ground_floor_use_the_standard_library() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {'.'.join(parts)}"
        for path in files()
        if room_of(path) in STANDARD_ONLY
        for parts in imports(path)
        if parts[0] not in sys.stdlib_module_names and parts[0] != "b24app"
    ]
    assert wrong == []


def test_only_talkers_use_requests() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in files()
        if room_of(path) not in TALKERS
        for parts in imports(path)
        if parts[0] == "requests"
    ]
    assert wrong == []


def test_only_edges_know_the_request() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in files()
        if room_of(path) not in ASKED
        for parts in imports(path)
        if parts[:1] == ("flask",) and parts[-1] == "request"
    ]
    assert wrong == []


def test_rooms_have_no_circles() -> None:
    graph = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): {
            name
            for parts in imports(path)
            for name in (".".join(parts), ".".join(parts[:-1]))
            if name.startswith(("b24app.", "placement."))
        }
        for path in files()
        if path.name != "__init__.py"
    }
    assert circle(graph) is None


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """A way that leads back to where it began, or None."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str] | None:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done or name not in graph:
            return None
        for target in sorted(graph[name]):
            if found := walk(target, [*way, name]):
                return found
        done.add(name)
        return None

    for name in sorted(graph):
        if found := walk(name, []):
            return found
    return None
