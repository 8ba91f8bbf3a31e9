"""Sudden death at a chosen moment: before every commit, around every call to the outside.

What comes between two of these moments leaves no trace, so dying there is no other case.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import BaseAdapter
from sqlalchemy import event
from sqlalchemy.orm import Session

from b24app import http


class Death(BaseException):
    """Nobody catches it: all that is left is what was committed or sent."""


class Reaper:
    """Counts the moments at which a process may die, and kills at one of them."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.fatal: int | None = None
        self.watching = False

    def arm(self, fatal: int | None) -> None:
        """Die at this moment, counted from now on; None: only count."""
        self.passed, self.fatal = [], fatal

    def moment(self, name: str) -> None:
        if not self.watching:
            return
        self.passed.append(name)
        if len(self.passed) - 1 == self.fatal:
            raise Death(name)

    @contextmanager
    def eye(self) -> Iterator[None]:
        """What happens inside counts."""
        self.watching = True
        try:
            yield
        finally:
            self.watching = False


class Carrier(BaseAdapter):
    """A mounted adapter whose every call has a moment before it and one after it."""

    def __init__(self, inner: BaseAdapter, reaper: Reaper) -> None:
        super().__init__()
        self.inner = inner
        self.reaper = reaper

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        place = str(request.url).partition("?")[0].rpartition("/")[2]
        self.reaper.moment(f"before {place}")
        answer = self.inner.send(request, **more)
        self.reaper.moment(f"after {place}")
        return answer

    def close(self) -> None:
        self.inner.close()


@contextmanager
def reaping() -> Iterator[Reaper]:
    """A reaper at every commit and every mounted address, until the end."""
    reaper = Reaper()

    def before(session: Session) -> None:
        reaper.moment("before commit")

    mounts = dict(http._mounts)
    event.listen(Session, "before_commit", before)
    for address, adapter in mounts.items():
        http.mount(address, Carrier(adapter, reaper))
    try:
        yield reaper
    finally:
        event.remove(Session, "before_commit", before)
        for address, adapter in mounts.items():
            http.mount(address, adapter)
