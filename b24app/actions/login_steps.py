"""Connecting in several steps: what was begun travels encrypted through the dialog and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import InvalidToken

from b24app.channels import base
from b24app.db import Keyring
from b24app.errors import Invalid
from b24app.i18n import N_, say
from b24app.values import Step

VALID_SECONDS = 15 * 60
OLD = N_("This took too long. Begin again.")


@dataclass(frozen=True, slots=True)
class Answers:
    """What an administrator answers to a step: the sealed state and the fields of the step."""

    step: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    def settings(self, portal_id: int, kind: str) -> dict[str, Any]:
        """Settings to try beside those of the form.

        Raises:
            Invalid: the state is too old or not of this portal and kind.
        """
        if not self.step:
            return {}
        kept = _opened(self.step)
        if (kept.get("portal"), kept.get("kind")) != (portal_id, kind):
            raise Invalid(OLD)
        given = {name: base.plain(text, base.FIELD_LENGTH) for name, text in self.given.items()}
        return {**kept["state"], **{name: given.get(name, "") for name in kept["asked"]}}


def shown(step: Step, portal_id: int, kind: str, language: str) -> dict[str, Any]:
    """A step as the dialog sees it."""
    kept = {
        "portal": portal_id,
        "kind": kind,
        "state": dict(step.state),
        "asked": [one.name for one in step.fields],
    }
    return {
        "state": _sealed(kept),
        "text": say(step.text, language),
        "fields": [_field(one, language) for one in step.fields],
        "picture": step.picture or None,
        "again_seconds": step.again_seconds,
    }


def _field(one: base.Field, language: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": say(one.label, language),
        "type": one.type,
        "required": one.required,
        "help": say(one.help, language),
        "default": one.default,
        "options": [],
    }


def _sealed(kept: Mapping[str, Any]) -> str:
    assert Keyring.fernet is not None
    return Keyring.fernet.encrypt(json.dumps(kept).encode()).decode()


def _opened(sealed: str) -> dict[str, Any]:
    assert Keyring.fernet is not None
    try:
        found: dict[str, Any] = json.loads(
            Keyring.fernet.decrypt(sealed.encode(), ttl=VALID_SECONDS)
        )
    except (InvalidToken, ValueError):
        raise Invalid(OLD) from None
    return found
