"""The everyday commands set up only what is missing, and say what they cannot."""

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """scripts/setup.py at work in an empty folder."""
    spec = importlib.util.spec_from_file_location("setup", ROOT / "scripts" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in (("ROOT", ""), ("STAMPS", "stamps"), ("FRONTEND", "frontend")):
        monkeypatch.setattr(module, name, tmp_path / path)
    return module


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.19.0", True),
        ("v20.18.1", False),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("v18.20.0", False),
        ("", False),
    ],
)
def test_node_must_be_new_enough(setup: ModuleType, version: str, enough: bool) -> None:
    assert setup.node_is_new_enough(version) is enough


def test_step_is_done_again_when_sources_change(setup: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "requirements.txt"
    source.write_text("flask")
    setup._stamp("runtime", [source])
    assert setup._stamped("runtime", [source])
    source.write_text("flask, newer")
    assert not setup._stamped("runtime", [source])


def test_sources_leave_out_what_is_made(setup: ModuleType, tmp_path: Path) -> None:
    for name in ("src/a.ts", "node_modules/b.js", "auto-imports.d.ts", "c.tsbuildinfo"):
        path = tmp_path / "frontend" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [path.name for path in setup._sources()] == ["a.ts"]


def test_missing_package_is_named(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(setup.CannotSetUp, match="sudo apt-get install chromium"):
        setup._apt("chromium")


def test_browser_may_be_missing_at_home(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    setup.browser()
    assert "browser tests are left out" in capsys.readouterr().out


def test_browser_must_be_there_in_ci(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    assert setup.main(["browser"]) == 1


def test_make_prints_its_commands() -> None:
    told = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True)
    assert "make run" in told.stdout
    assert "make test" in told.stdout


def test_lock_file_names_no_registry() -> None:
    lock = ROOT / "frontend" / "package-lock.json"
    assert '"resolved"' not in lock.read_text()
