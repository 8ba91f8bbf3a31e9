"""Messengers: one module each, found by itself; nothing lists them."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import requests

from b24app import http
from b24app.channels.base import Adapter, configure
from b24app.errors import Invalid
from b24app.values import Account

__all__ = ["adapter", "configure", "kinds"]


@cache
def kinds() -> dict[str, type[Adapter]]:
    """Kind → its adapter: every class with a `kind` in the modules of this package."""
    found: dict[str, type[Adapter]] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        for thing in vars(import_module(module.name)).values():
            if isinstance(thing, type) and issubclass(thing, Adapter) and thing is not Adapter:
                found[thing.kind] = thing
    return dict(sorted(found.items()))


def adapter(kind: str, account: Account, session: requests.Session | None = None) -> Adapter:
    """What speaks for this account.

    Raises:
        Invalid: there is no such kind.
    """
    if kind not in kinds():
        raise Invalid(fields={"kind": f"There is no channel of the kind {kind!r}."})
    return kinds()[kind](account, session or http.session())
