"""HTTP: what the application's client asks (`/account/`), and hands of tests and page."""

import json
import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.messengers.account.world import CODE, OWNER, PASSWORD, Accounts, Json, No


def api(world: Accounts) -> Blueprint:
    """One door for every method: JSON in, `{"result"}` or `{"refused", "seconds"}` out."""
    pages = Blueprint("account_api", __name__)

    @pages.post("/account/<method>")
    def call(method: str) -> Response:
        given = request.get_json()
        try:
            result = METHODS[method](world, given)
        except No as no:
            return jsonify(refused=no.name, seconds=no.seconds)
        if world.lost_answers and method == "send":
            world.lost_answers -= 1
            return jsonify(refused="NoAnswer", seconds=0, lost=True)
        return jsonify(result=result)

    return pages


def control(world: Accounts) -> Blueprint:
    pages = Blueprint("account_control", __name__, url_prefix="/_sandbox")

    @pages.post("/say")
    def say() -> Response:
        """A client writes to the account: `{"user_id", "text"?, "file"?, "contact"?, …}`."""
        given = request.get_json()
        peer = int(given.pop("user_id"))
        world.meet(peer, first_name=given.pop("first_name", "Anna"))
        file = given.pop("file", None)
        more = {"file": file["about"]} if file else {}
        message = world.say(peer, given.pop("text", ""), **more, **given)
        if file:
            world.files[message["id"]] = file
        return jsonify(message)

    @pages.post("/tell")
    def tell() -> Response:
        world.tell(request.get_json())
        return jsonify(ok=True)

    @pages.post("/edit")
    def edit() -> Response:
        given = request.get_json()
        message = world.messages[int(given["id"])]
        message.update(text=given["text"], edited=int(world.clock()))
        user = world.people.get(message["peer"])
        world.tell({**message, "kind": "edit", "user": user})
        return jsonify(message)

    @pages.post("/read")
    def read() -> Response:
        """The client opens the chat."""
        peer = int(request.get_json()["user_id"])
        newest = max((one["id"] for one in world.of(peer)), default=0)
        world.tell({"kind": "read", "peer": peer, "id": newest})
        return jsonify(ok=True)

    @pages.post("/set")
    def settings() -> Response:
        """`two_step`, `scanned`, `lost_answers`; `block`: a client; `refuse`: next call."""
        given = request.get_json()
        for name in ("two_step", "scanned", "lost_answers"):
            setattr(world, name, given.get(name, getattr(world, name)))
        for number in given.get("block", ()):
            world.people[number]["blocked"] = True
        for name, seconds in given.get("refuse", ()):
            world.trouble.append(No(name, seconds))
        if given.get("log_out"):
            world.sessions.clear()
        return jsonify(ok=True)

    @pages.get("/state")
    def state() -> Response:
        people = list(world.people.values())
        messages = list(world.messages.values())
        waiting = "waiting" in world.sessions.values()
        return jsonify(people=people, messages=messages, owner=OWNER, waiting=waiting, code=CODE)

    return pages


def _ask_code(world: Accounts, given: Json) -> str:
    if given["phone"] != OWNER["phone"]:
        raise No("PhoneNumberInvalid")
    world.sessions[given["session"]] = "code"
    return "mark-1"


def _give_code(world: Accounts, given: Json) -> None:
    if given["mark"] != "mark-1" or given["code"] != CODE:
        raise No("PhoneCodeInvalid")
    world.log_in(given["session"], "code")


def _give_password(world: Accounts, given: Json) -> None:
    if given["password"] != PASSWORD:
        raise No("PasswordHashInvalid")
    world.log_in(given["session"], "password")


def _ask_picture(world: Accounts, given: Json) -> str:
    if given["api_id"] != 4242:
        raise No("ApiIdInvalid")
    if not world.scanned:
        world.sessions[given["session"]] = "waiting"
        return f"tg://login?token={secrets.token_urlsafe(12)}"
    world.log_in(given["session"], "scanned")
    return ""


def _me(world: Accounts, given: Json) -> Json:
    world.check(given["session"])
    return OWNER


def _bookmark(world: Accounts, given: Json) -> str:
    world.check(given["session"])
    return json.dumps({"pts": len(world.told)})


def _news(world: Accounts, given: Json) -> Json:
    """What came since; waits for it a little."""
    world.check(given["session"])
    pts = int(json.loads(given["after"])["pts"])
    with world.changed:
        if len(world.told) <= pts:
            world.changed.wait(min(float(given["seconds"]), world.patience_seconds))
        return {"items": world.told[pts:], "after": json.dumps({"pts": len(world.told)})}


def _send(world: Accounts, given: Json) -> list[int]:
    world.check(given["session"])
    world.somebody(given["peer"], given["key"])
    if given["random_id"] in world.sent:
        raise No("RandomIdDuplicate")
    file = given.get("file")
    more: Json = {"file": file["about"]} if file else {}
    more["reply_to"] = given.get("reply_to")
    message = world.say(given["peer"], given["text"], out=True, **more)
    world.sent[given["random_id"]] = message["id"]
    if file:
        world.files[message["id"]] = file
    return [message["id"], message["date"]]


def _said(world: Accounts, given: Json) -> list[Json]:
    world.check(given["session"])
    return list(reversed(world.of(given["peer"])))


def _edit(world: Accounts, given: Json) -> None:
    world.check(given["session"])
    world.messages[given["number"]].update(text=given["text"], edited=int(world.clock()))


def _delete(world: Accounts, given: Json) -> None:
    world.check(given["session"])
    for number in given["numbers"]:
        world.messages.pop(number, None)


def _mark_read(world: Accounts, given: Json) -> None:
    world.check(given["session"])
    world.seen[given["peer"]] = given["number"]


def _by(name: str) -> Callable[[Accounts, Json], Json | None]:
    def found(world: Accounts, given: Json) -> Json | None:
        world.check(given["session"])
        wanted = given[name].lower()
        return next((one for one in world.people.values() if one[name].lower() == wanted), None)

    return found


def _file(world: Accounts, given: Json) -> str:
    world.check(given["session"])
    if given["number"] not in world.files:
        raise No("MediaEmpty")
    return str(world.files[given["number"]]["content"])


METHODS: dict[str, Callable[[Accounts, Json], Any]] = {
    "ask_code": _ask_code,
    "give_code": _give_code,
    "give_password": _give_password,
    "ask_picture": _ask_picture,
    "me": _me,
    "bookmark": _bookmark,
    "news": _news,
    "send": _send,
    "said": _said,
    "edit": _edit,
    "delete": _delete,
    "typing": lambda world, given: world.check(given["session"]),
    "mark_read": _mark_read,
    "by_phone": _by("phone"),
    "by_username": _by("username"),
    "file": _file,
}
