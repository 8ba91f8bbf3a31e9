"""The batch method: commands in order, `$result[...]` with the portal's own traps."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from sandbox.portal.phpform import parse_pairs, truthy
from sandbox.portal.registry import Page, RestError, bad_argument

LENGTH = 50
REFUSED = re.compile(r"(^batch$)|upload|download", re.IGNORECASE)
MACRO = re.compile(r"\$result(?=\[)\S*", re.IGNORECASE)
STEP = re.compile(r"\[([^\[\]]*)\]")

Execute = Callable[[str, dict[str, Any]], tuple[Page, dict[str, Any]]]


def run_batch(params: dict[str, Any], execute: Execute) -> dict[str, Any]:
    """Carry out the commands of one batch.

    Args:
        params: `cmd` (list or map of "method?query" strings) and `halt`.
        execute: carries out one command: method, parameters → page and time block; it may
            raise RestError.
    """
    commands = params.get("cmd")
    if not isinstance(commands, dict | list):
        raise bad_argument("Argument 'cmd' must be an array of commands", "cmd")
    pairs = list(enumerate(commands)) if isinstance(commands, list) else list(commands.items())
    answer: dict[str, dict[Any, Any]] = {
        "result": {},
        "result_error": {},
        "result_total": {},
        "result_next": {},
        "result_time": {},
    }
    for position, (key, command) in enumerate(pairs):
        _run_one(answer, position, key, command, execute)
        if answer["result_error"] and truthy(params.get("halt", 0)):
            break
    return answer


def _run_one(
    answer: dict[str, dict[Any, Any]], position: int, key: Any, command: Any, execute: Execute
) -> None:
    try:
        name, params = parse_command(command)
        _allow(position, name)
        page, times = execute(name, substitute(params, answer["result"]))
    except RestError as error:
        answer["result_error"][key] = error.document()
        return
    answer["result"][key] = page.items
    answer["result_time"][key] = times
    if page.total is not None:
        answer["result_total"][key] = page.total
    if page.next is not None:
        answer["result_next"][key] = page.next


def _allow(position: int, name: str) -> None:
    if position >= LENGTH:
        text = "Max batch length exceeded"
        raise RestError("ERROR_BATCH_LENGTH_EXCEEDED", text, 400)
    if REFUSED.search(name):
        text = "Method is not allowed for batch usage"
        raise RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", text, 400)


def parse_command(command: Any) -> tuple[str, dict[str, Any]]:
    """Method and parameters of a command; it is read as an address, so `#` ends it."""
    if not isinstance(command, str):
        raise bad_argument("A command of a batch must be a string method?query", "cmd")
    address = command.partition("#")[0]
    name, _, query = address.partition("?")
    return name.strip("/ "), parse_pairs(parse_qsl(query, keep_blank_values=True))


def substitute(value: Any, results: dict[Any, Any]) -> Any:
    """References in a value, at any depth, replaced by earlier results."""
    if isinstance(value, dict):
        return {key: substitute(inner, results) for key, inner in value.items()}
    if isinstance(value, list):
        return [substitute(inner, results) for inner in value]
    return _replaced(value, results) if isinstance(value, str) else value


def _replaced(text: str, results: dict[Any, Any]) -> Any:
    whole = MACRO.fullmatch(text)
    if whole:
        return _node(text, results)
    return MACRO.sub(lambda macro: _as_text(_node(macro.group(), results)), text)


def _node(macro: str, results: dict[Any, Any]) -> Any:
    """The node a macro names; where a key is missing, the nearest parent that exists."""
    node: Any = results
    for step in _steps(macro):
        found = _child(node, step)
        if found is None:
            break
        node = found[0]
    return node


def _steps(macro: str) -> list[str]:
    """The bracketed path at the macro's head; whatever follows it up to a space is lost."""
    path = re.match(r"\$result((?:\[[^\[\]]*\])+)", macro, re.IGNORECASE)
    return STEP.findall(path.group(1)) if path else []


def _child(node: Any, step: str) -> tuple[Any] | None:
    if isinstance(node, dict):
        for key in (step, int(step) if step.isdigit() else step):
            if key in node:
                return (node[key],)
    if isinstance(node, list) and step.isdigit() and int(step) < len(node):
        return (node[int(step)],)
    return None


def _as_text(node: Any) -> str:
    if isinstance(node, dict | list):
        return "Array"  # PHP's own word for an array in a string
    if isinstance(node, bool):
        return "1" if node else ""
    return "" if node is None else str(node)
