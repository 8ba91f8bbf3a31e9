"""The write batch carried out: refused parts mended or left out, nothing ever written twice.

Source: crm.md 17 (errors and reactions), 18.5 (a batch that was done in part).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from b24app.bitrix.client import Client
from b24app.errors import BitrixError
from b24app.i18n import N_
from b24app.rules.fields import Field
from b24app.rules.target import Reason
from b24app.values import Call

CARDS = ("contact", "lead", "deal")  # without them nothing else makes sense
WRONG_VALUE = ("CRM_FIELD_ERROR_VALUE_NOT_VALID", "100")
REQUIRED = "CRM_FIELD_ERROR_REQUIRED"
GONE = ("NOT_FOUND", "OWNER_NOT_FOUND")
INTO_CARD = ("comment", "activity")  # they go first into the main card
THERE_ALREADY = ("ACTIVITY_IS_ALREADY_BOUND",)
DROPPED = N_("Bitrix24 refused the value of field {field}, so the field was left out.")
DEMANDED = N_("Bitrix24 demands field {field}: add it to the field mapping in the settings.")
LEFT = N_("One step was refused and left out: {error}")

_MACRO = re.compile(r"\$result\[([A-Za-z0-9_]+)\](.*)")
_STEP = re.compile(r"\[([A-Za-z0-9_]+)\]")
Fields = Mapping[str, Mapping[str, Field]]


@dataclass(slots=True)
class Written:
    """What came of the calls; failed: why the writing could not go on.

    gone: a card that was to be written to is not there any more.
    """

    results: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    failed: BitrixError | None = None
    said: Reason | None = None
    gone: bool = False


def carry_out(client: Client, calls: Sequence[Call], fields: Fields) -> Written:
    """Run the calls in order; what was done is never sent again.

    Raises:
        BitrixError: the request as a whole failed, and nobody knows what was done of it.
    """
    written, left, mended = Written(), list(calls), set[str]()
    while left:
        answer = client.batch(left, halt=True)
        written.results |= {key: answer.results[key] for key in answer.results}
        failed = next((call for call in left if call.key in answer.errors), None)
        if failed is None:
            return _silent(written, left)
        error = answer.errors[failed.key]
        at = left.index(failed)
        rest = [_literal(call, written.results) for call in left[at + 1 :]]
        again = _mended(failed, error, fields, written) if failed.key not in mended else None
        mended.add(failed.key)
        if again:
            left = [_literal(again, written.results), *rest]
            continue
        if not _may_go_on(failed, error, fields, written):
            return written
        left = [call for call in rest if not _refers(call.params, failed.key)]
    return written


def _silent(written: Written, left: Sequence[Call]) -> Written:
    """An answer that names neither a result nor an error says nothing of what was done."""
    if any(call.key not in written.results for call in left):
        raise BitrixError("Bitrix24 did not answer everything.", code="no_answer", unknown=True)
    return written


def _mended(call: Call, error: BitrixError, fields: Fields, written: Written) -> Call | None:
    """The call without the field that was refused; None: nothing can be mended."""
    if error.code not in WRONG_VALUE or not call.method.startswith("crm.item."):
        return None
    told = call.params["fields"]
    code = _named(error.message, told, fields.get(call.key, {}))
    if code is None:
        return None
    written.reasons.append(Reason(DROPPED, {"field": _title(code, fields.get(call.key, {}))}))
    kept = {name: value for name, value in told.items() if name != code}
    return replace(call, params={**call.params, "fields": kept})


def _may_go_on(call: Call, error: BitrixError, fields: Fields, written: Written) -> bool:
    """Whether the rest is worth doing without this step."""
    if error.code in THERE_ALREADY:
        written.results[call.key] = True
        return True
    written.errors[call.key] = error.message
    written.gone = error.code in GONE and call.key in INTO_CARD
    if error.permanent and call.key not in CARDS and not written.gone:
        if call.key == "comment":
            written.failed = error
        else:
            written.reasons.append(Reason(LEFT, {"error": error.message}))
        return True
    written.failed = error
    if error.code == REQUIRED:
        known = fields.get(call.key, {})
        code = _named(error.message, known, known)
        name = _title(code, known) if code else error.message
        written.said = Reason(DEMANDED, {"field": name})
    return False


def _named(message: str, codes: Mapping[str, Any], known: Mapping[str, Field]) -> str | None:
    """Which of these fields an error speaks of: by its code, or by its title."""
    text = message.casefold()
    found = [code for code in codes if re.search(rf"\b{re.escape(code.casefold())}\b", text)]
    if not found:
        titled = [known[code] for code in codes if code in known and known[code].title]
        found = [one.code for one in titled if one.title.casefold() in text]
    return max(found, key=len, default=None)


def _title(code: str, known: Mapping[str, Field]) -> str:
    title = known[code].title if code in known else ""
    return f"“{title}” ({code})" if title and title != code else code


def _literal(call: Call, results: Mapping[str, Any]) -> Call:
    """The call with ids in the place of references to what is done already."""
    return replace(call, params=_substituted(call.params, results))


def _substituted(value: Any, results: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _substituted(item, results) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_substituted(item, results) for item in value]
    found = _MACRO.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[1] not in results:
        return value
    node = results[found[1]]
    for step in _STEP.findall(found[2]):
        node = node.get(step) if isinstance(node, Mapping) else None
    return value if node is None else node


def _refers(value: Any, key: str) -> bool:
    if isinstance(value, Mapping):
        return any(_refers(item, key) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_refers(item, key) for item in value)
    return isinstance(value, str) and value.startswith(f"$result[{key}]")
