"""The README keeps its word: every setting, every folder, both commands."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
CONFIG = (ROOT / "b24app" / "config.py").read_text()


def test_every_setting_is_documented() -> None:
    names = set(re.findall(r'env, "([A-Z0-9_]+)"', CONFIG))
    assert names
    assert {name for name in names if f"`{name}`" not in README} == set()


def test_every_documented_setting_exists() -> None:
    table = README[README.index("## Settings") : README.index("## Connect")]
    told = set(re.findall(r"^\| (.*?) \|", table, re.M)) - {"name", "---"}
    names = {name for cell in told for name in re.findall(r"`([A-Z0-9_]+)`", cell)}
    assert {name for name in names if f'"{name}"' not in CONFIG} == set()


def test_map_shows_every_folder() -> None:
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith((".", "__")) and path.name != "var"
    }
    assert {name for name in folders if f"{name}/" not in README} == {"scripts"} & folders


def test_every_placement_is_named() -> None:
    names = {path.stem for path in (ROOT / "placement").glob("*.py")} - {"__init__", "door"}
    assert {name for name in names if not re.search(rf"\b{name}\b", README)} == set()


def test_pictures_are_there() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert [name for name in pictures if not (ROOT / name).exists()] == []
