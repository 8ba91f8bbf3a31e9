"""Where Vite put the scripts and styles of an entry, by its manifest."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request

from b24app.errors import AppError

BASE = "/static/dist/"
HASHED = BASE + "assets/"
YEAR_SECONDS = 31_536_000


class NotBuilt(AppError):
    """The front end was never built on this machine."""

    status = 503
    code = "not_built"


@dataclass(frozen=True, slots=True)
class Assets:
    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A manifest as it was when the file had this time."""

    mtime_ns: int
    chunks: Mapping[str, Any]


def init_app(app: Flask) -> None:
    app.after_request(_keep_hashed)


def entry(name: str) -> Assets:
    """What the page of an entry loads.

    Raises:
        NotBuilt: there is no manifest, or it does not know the entry.
    """
    chunks = _chunks(Path(str(current_app.static_folder)) / "dist" / "manifest.json")
    key = f"src/entries/{name}.ts"
    if key not in chunks:
        raise NotBuilt(f"The front end has no part {name!r}: run `make setup`.")
    keys = list(_with_imports(chunks, key, set()))
    styles = dict.fromkeys(style for found in keys for style in chunks[found].get("css", ()))
    return Assets(
        script=BASE + chunks[key]["file"],
        styles=tuple(BASE + style for style in styles),
        preloads=tuple(BASE + chunks[found]["file"] for found in keys if found != key),
    )


def _with_imports(chunks: Mapping[str, Any], key: str, seen: set[str]) -> Iterator[str]:
    """The chunk after what it imports, so that shared styles come first."""
    seen.add(key)
    for name in chunks[key].get("imports", ()):
        if name not in seen:
            yield from _with_imports(chunks, name, seen)
    yield key


def _chunks(path: Path) -> Mapping[str, Any]:
    """The manifest, read again whenever a build replaced it under a running server."""
    try:
        mtime_ns = path.stat().st_mtime_ns
        known: _Read | None = current_app.extensions.get("manifest")
        if known is None or known.mtime_ns != mtime_ns:
            known = _Read(mtime_ns, json.loads(path.read_text()))
            current_app.extensions["manifest"] = known
    except (OSError, ValueError) as error:
        raise NotBuilt("The front end is not built: run `make setup`.") from error
    return known.chunks


def _keep_hashed(answer: Response) -> Response:
    """A file whose name holds its hash never changes."""
    if request.path.startswith(HASHED) and answer.status_code == 200:
        answer.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return answer
