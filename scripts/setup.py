"""Puts in place what `make` needs: `setup.py runtime|dev|frontend|browser|mail`.

Standard library only, since it runs before anything is installed. What was done is remembered
as a hash of what it was made from, so that a second run takes a moment.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
FRONTEND = ROOT / "frontend"
# What the build leaves; a build of only a part by hand may have swept the rest away.
BUILT = tuple(ROOT / "static" / "dist" / name for name in ("manifest.json", "widget.js"))
STAMPS = VENV / "stamps"
OLDEST_PYTHON = (3, 11)
# What the front end's tools run on: any of these majors from this minor on, or anything newer.
NODE_MINORS = {20: 19, 22: 12}
NODE_NEWEST = 22
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
GENERATED = ("node_modules", "auto-imports.d.ts", "components.d.ts", "dist", "coverage")


class CannotSetUp(Exception):
    """What is missing and how to get it."""


def main(arguments: Sequence[str]) -> int:
    try:
        for step in arguments:
            STEPS[step]()
    except CannotSetUp as trouble:
        print(f"Cannot set up: {trouble}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as trouble:
        words = " ".join(trouble.cmd)
        print(f"Cannot set up: {words} ended with {trouble.returncode}.", file=sys.stderr)
        return 1
    return 0


def runtime() -> None:
    """What the product runs on."""
    if not _stamped("dev", [ROOT / "requirements-dev.txt"]):
        _python("runtime", ROOT / "requirements.txt")


def dev() -> None:
    """What checks it, the product's own needs included."""
    _python("dev", ROOT / "requirements-dev.txt")


def _python(name: str, requirements: Path) -> None:
    """Install pinned packages into the environment, if they changed."""
    if _stamped(name, [requirements]):
        return
    _environment()
    tell(f"Installing Python packages from {requirements.name}")
    run(BIN / "python", "-m", "pip", "install", "--require-hashes", "-r", requirements)
    _stamp(name, [requirements])


def _environment() -> None:
    """A virtual environment of our own."""
    if sys.version_info < OLDEST_PYTHON:
        raise CannotSetUp("Python 3.11 or newer is needed; name it: make PYTHON=python3.12 …")
    if (BIN / "pip").exists():
        return
    tell("Making a Python environment in .venv")
    try:
        run(sys.executable, "-m", "venv", VENV)
    except subprocess.CalledProcessError:
        shutil.rmtree(VENV, ignore_errors=True)
        _apt("python3-venv")
        run(sys.executable, "-m", "venv", VENV)


def _apt(package: str) -> None:
    """Install a system package where we may; else say how.

    Raises:
        CannotSetUp: we may not, or it failed.
    """
    how = f"{package} is missing. Get it with: sudo apt-get install {package}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise CannotSetUp(how)
    tell(f"Installing {package} with apt-get")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    try:
        run(*command, env=quiet)
    except subprocess.CalledProcessError:
        run("apt-get", "update", env=quiet)  # a fresh machine has no lists yet
        run(*command, env=quiet)


def frontend() -> None:
    """Screens and the widget, built into static/dist."""
    if os.environ.get("SKIP_FRONTEND") == "1" or not (FRONTEND / "package.json").exists():
        tell("Skipping the front end")
        return
    env = _node_environment()
    locks = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
    if not (_stamped("npm", locks) and (FRONTEND / "node_modules").is_dir()):
        tell("Installing front-end packages (npm ci)")
        run("npm", "ci", "--no-audit", "--no-fund", cwd=FRONTEND, env=env)
        _stamp("npm", locks)
    sources = list(_sources())
    if not (_stamped("build", sources) and all(path.exists() for path in BUILT)):
        tell("Building the front end (npm run build)")
        run("npm", "run", "build", cwd=FRONTEND, env=env)
        _stamp("build", sources)


def _sources() -> Iterable[Path]:
    """Every file the build is made from."""
    for folder, below, names in os.walk(FRONTEND):
        below[:] = sorted(name for name in below if name not in GENERATED)
        kept = (name for name in sorted(names) if name not in GENERATED)
        yield from (Path(folder) / name for name in kept if not name.endswith(".tsbuildinfo"))


def _node_environment() -> dict[str, str]:
    """An environment whose PATH has a Node new enough: the system's, else one in .venv."""
    path = os.environ.get("PATH", "")
    if node_is_new_enough(_node_version(shutil.which("node", path=path))):
        return dict(os.environ)
    _environment()
    if not node_is_new_enough(_node_version(str(BIN / "node"))):
        tell("No Node 20.19+ or 22.12+ here: installing one into .venv")
        wanted = ROOT / "requirements-node.txt"
        run(BIN / "python", "-m", "pip", "install", "--require-hashes", "-r", wanted)
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{path}"}


def _node_version(node: str | None) -> str:
    """What `node --version` says; empty without a Node."""
    if node is None or not Path(node).exists():
        return ""
    return subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()


def node_is_new_enough(version: str) -> bool:
    """Whether the front end can be built with it: `v20.19.2` yes, `v21.7.0` no."""
    found = re.fullmatch(r"v(\d+)\.(\d+)\..*", version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return major > NODE_NEWEST or minor >= NODE_MINORS.get(major, minor + 1)


def browser() -> None:
    """A Chromium for the browser tests; without one they are left out, except in CI."""
    if any(map(shutil.which, BROWSERS)):
        return
    try:
        _apt("chromium")
    except (CannotSetUp, subprocess.CalledProcessError) as trouble:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        tell(f"The browser tests are left out. {trouble}")


def mail() -> None:
    """A mail server for the tests of e-mail; without one they are left out, except in CI."""
    if any(map(shutil.which, ("dovecot", "/usr/sbin/dovecot"))):
        return
    try:
        _apt("dovecot-imapd")
    except (CannotSetUp, subprocess.CalledProcessError) as trouble:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        tell(f"The tests of e-mail are left out. {trouble}")


def _stamped(name: str, sources: Iterable[Path]) -> bool:
    """Whether the step was done with these very sources."""
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == _digest(sources)


def _stamp(name: str, sources: Iterable[Path]) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(_digest(sources))


def _digest(sources: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in sources:
        whole.update(str(path.relative_to(ROOT)).encode())
        whole.update(path.read_bytes() if path.exists() else b"")
    return whole.hexdigest()


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command with its output in sight."""
    begun = time.monotonic()
    subprocess.run([str(word) for word in command], cwd=cwd, env=env, check=True)
    tell(f"  done in {time.monotonic() - begun:.0f} s")


def tell(text: str) -> None:
    print(text, flush=True)


STEPS: dict[str, Callable[[], None]] = {
    "runtime": runtime,
    "dev": dev,
    "frontend": frontend,
    "browser": browser,
    "mail": mail,
}

if __name__ == "__main__":
    if not sys.argv[1:] or not set(sys.argv[1:]) <= set(STEPS):
        sys.exit(f"usage: python3 scripts/setup.py {'|'.join(STEPS)} …")
    sys.exit(main(sys.argv[1:]))
