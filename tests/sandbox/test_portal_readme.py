"""sandbox/README.md tells of everything there is."""

from dataclasses import fields
from pathlib import Path

from sandbox.faults import KINDS
from sandbox.portal import Switches, create_portal
from sandbox.portal.registry import METHODS

README = (Path(__file__).parents[2] / "sandbox" / "README.md").read_text(encoding="utf-8")
FAMILIES = tuple(f"crm.{word}." for word in ("lead", "deal", "contact", "company"))


def test_every_method_is_listed():
    names = [one.name for one in METHODS.values() if not one.name.startswith(FAMILIES)]
    assert [name for name in names if f"`{name}`" not in README] == []


def test_every_switch_is_listed_with_its_default():
    rows = [(one.name, str(one.default).lower()) for one in fields(Switches)]
    told = [line.replace("`", "").split(" | ") for line in README.splitlines() if " | " in line]
    known = {row[0].strip("| "): row[1].lower() for row in told}
    assert [row for row in rows if known.get(row[0]) != row[1]] == []


def test_every_fault_is_listed():
    assert [kind for kind in KINDS if f"`{kind}`" not in README] == []


def test_every_control_address_is_listed():
    rules = [rule.rule for rule in create_portal().app.url_map.iter_rules()]
    control = {
        rule.removeprefix("/_sandbox").split("<")[0] for rule in rules if "/_sandbox" in rule
    }
    assert [rule for rule in sorted(control) if f" {rule}" not in README] == []
