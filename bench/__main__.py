"""`python -m bench [names]`: run benches, print what they measured."""

import os
import sys
import time
from importlib import import_module
from pkgutil import iter_modules

import bench


def names() -> list[str]:
    """Every bench: the modules here that have a `main`."""
    found = [one.name for one in iter_modules(bench.__path__) if not one.name.startswith("_")]
    return [name for name in found if hasattr(import_module(f"bench.{name}"), "main")]


def main() -> int:
    known = names()
    wanted = sys.argv[1:] or known
    if unknown := set(wanted) - set(known):
        print(f"No such bench: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.")
        return 2
    for name in wanted:
        module = import_module(f"bench.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        print(f"   load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        began = time.monotonic()
        module.main()
        print(f"   ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
