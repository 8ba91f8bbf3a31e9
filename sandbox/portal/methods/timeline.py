"""crm.timeline.*: comments, their bindings, log messages."""

from typing import Any

from sandbox.portal import crm, events
from sandbox.portal.crm_fields import NAMES
from sandbox.portal.files import keep_pairs
from sandbox.portal.filters import Matcher, ordered, selected
from sandbox.portal.phpform import EmptyObject
from sandbox.portal.registry import Call, Page, RestError, bad_argument, method, number, page_of


def _owner(call: Call, fields: dict[str, Any]) -> tuple[int, int]:
    type_id = crm.type_by_name(fields.get("ENTITY_TYPE"))
    identity = number(fields.get("ENTITY_ID"))
    if not type_id or identity not in call.state.items[type_id]:
        raise RestError("OWNER_NOT_FOUND", "Owner was not found", 400)
    return type_id, identity


def _comment(call: Call, identity: int) -> dict[str, Any]:
    found = call.state.comments.get(identity)
    if found is None:
        raise crm.not_found("Not found.")
    return found


@method("crm.timeline.comment.add", scope="crm")
def comment_add(call: Call) -> int:
    """A comment in a card; the author is the caller."""
    fields = call.map("fields")
    owner = _owner(call, fields)
    author = _author(call, fields)
    identity = call.state.next_id("timeline", 900)
    call.state.comments[identity] = {
        "ID": identity,
        "CREATED": call.state.clock.iso(),
        "ENTITY_ID": owner[1],
        "ENTITY_TYPE": NAMES[owner[0]].lower(),
        "AUTHOR_ID": author,
        "COMMENT": str(fields["COMMENT"]),
        "FILES": keep_pairs(call.state, fields.get("FILES"), call.user_id),
        "bindings": [owner],
    }
    _touch(call, owner)
    _tell(call, "ADD", identity)
    return identity


def _author(call: Call, fields: dict[str, Any]) -> int:
    if fields.get("AUTHOR_ID") and not call.state.switches.comment_author:
        raise bad_argument("Field fields[AUTHOR_ID] is not documented", "AUTHOR_ID")
    return number(fields.get("AUTHOR_ID"), call.user_id)


def _touch(call: Call, owner: tuple[int, int]) -> None:
    if call.state.switches.comment_touches_item:
        row = call.state.items[owner[0]][owner[1]]
        row["lastActivityTime"] = call.state.clock.iso()


def _tell(call: Call, deed: str, identity: int) -> None:
    data = {"FIELDS": {"ID": identity}}
    events.emit(call.state, f"ONCRMTIMELINECOMMENT{deed}", data, call.user_id)


@method("crm.timeline.comment.update", scope="crm")
def comment_update(call: Call) -> int:
    """Change a comment in all its cards; FILES replaces whatever was attached."""
    comment, fields = _comment(call, call.int("id")), call.map("fields")
    if "COMMENT" in fields:
        if not fields["COMMENT"]:
            raise RestError("INVALID_ARG_VALUE", "The comment must not be empty", 400)
        comment["COMMENT"] = str(fields["COMMENT"])
    if "FILES" in fields:
        comment["FILES"] = keep_pairs(call.state, fields["FILES"], call.user_id)
    for owner in comment["bindings"]:
        _touch(call, owner)
    _tell(call, "UPDATE", comment["ID"])
    return int(comment["ID"])


@method("crm.timeline.comment.get", scope="crm")
def comment_get(call: Call) -> dict[str, Any]:
    """One comment."""
    return _public(_comment(call, call.int("id")))


@method("crm.timeline.comment.list", scope="crm")
def comment_list(call: Call) -> Page:
    """Comments of one card."""
    conditions = call.map("filter")
    owner = (
        crm.type_by_name(conditions.pop("ENTITY_TYPE", "")),
        number(conditions.pop("ENTITY_ID", 0)),
    )
    if not all(owner):
        raise bad_argument("Filter needs ENTITY_ID and ENTITY_TYPE", "filter")
    matcher = Matcher(conditions, call.state.switches.empty_filter)
    rows = [row for row in call.state.comments.values() if owner in row["bindings"]]
    shown = [_public(row) for row in rows if matcher.fits(row)]
    page = page_of(call, ordered(shown, call.get("order"), "ID"))
    chosen = [selected(row, call.get("select"), ("ID",)) for row in page.items]
    return Page(chosen, page.total, page.next)


def _public(row: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in row.items() if key != "bindings"}
    texts = {key: str(shown[key]) for key in ("ID", "ENTITY_ID", "AUTHOR_ID")}
    return {**shown, **texts, "FILES": row["FILES"] or EmptyObject()}


@method("crm.timeline.comment.delete", scope="crm")
def comment_delete(call: Call) -> None:
    """Delete a comment; with an owner it only leaves that card."""
    comment = _comment(call, call.int("id"))
    owner = call.int("ownerTypeId"), call.int("ownerId")
    if len(comment["bindings"]) > 1:
        if owner not in comment["bindings"]:
            raise RestError("MULTIPLE_BINDINGS", "The comment has several bindings", 400)
        comment["bindings"].remove(owner)
        return
    del call.state.comments[comment["ID"]]
    _tell(call, "DELETE", comment["ID"])


def _record(call: Call, identity: int) -> dict[str, Any]:
    found = call.state.comments.get(identity) or call.state.log_messages.get(identity)
    if found is None:
        raise crm.not_found("Not found.")
    return found


@method("crm.timeline.bindings.bind", scope="crm")
def bindings_bind(call: Call) -> bool:
    """Show a comment in one more card."""
    fields = call.map("fields")
    record, owner = _record(call, number(fields["OWNER_ID"])), _owner(call, fields)
    if owner not in record["bindings"]:
        record["bindings"].append(owner)
    _touch(call, owner)
    return True


@method("crm.timeline.bindings.unbind", scope="crm")
def bindings_unbind(call: Call) -> bool:
    """Take a comment out of a card."""
    fields = call.map("fields")
    record, owner = _record(call, number(fields["OWNER_ID"])), _owner(call, fields)
    if owner in record["bindings"]:
        record["bindings"].remove(owner)
    return True


@method("crm.timeline.bindings.list", scope="crm")
def bindings_list(call: Call) -> Page:
    """Cards of a comment."""
    identity = number(call.map("filter").get("OWNER_ID"))
    rows = [
        {
            "OWNER_ID": str(identity),
            "ENTITY_ID": str(owner),
            "ENTITY_TYPE": NAMES[type_id].lower(),
        }
        for type_id, owner in _record(call, identity)["bindings"]
    ]
    return page_of(call, rows)


@method("crm.timeline.logmessage.add", scope="crm", app=True)
def logmessage_add(call: Call) -> dict[str, Any]:
    """A small record of the application in a card."""
    fields = call.map("fields")
    owner = number(fields["entityTypeId"]), number(fields["entityId"])
    crm.item(call.state, *owner)
    identity = call.state.next_id("timeline", 900)
    row = {
        "id": identity,
        "created": call.state.clock.iso(),
        "authorId": call.user_id,
        "title": str(fields["title"]),
        "text": str(fields["text"]),
        "iconCode": str(fields["iconCode"]),
        "bindings": [owner],
    }
    call.state.log_messages[identity] = row
    return {"logMessage": {key: value for key, value in row.items() if key != "bindings"}}


@method("crm.timeline.logmessage.list", scope="crm", app=True)
def logmessage_list(call: Call) -> Page:
    """Records of the application in a card."""
    owner = call.int("entityTypeId"), call.int("entityId")
    rows = [row for row in call.state.log_messages.values() if owner in row["bindings"]]
    shown = [{key: value for key, value in row.items() if key != "bindings"} for row in rows]
    page = page_of(call, ordered(shown, call.get("order")))
    return Page({"logMessages": page.items}, page.total, page.next)
