"""The control API under `/_sandbox/`: the hands of tests and of the page with phones."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from sandbox.messengers.phones.courier import Courier
from sandbox.messengers.phones.world import Account, Chat, Json, Message, Person, Refused, World

LONGEST_POLL_SECONDS = 20.0
PLACE = {"latitude": 55.751244, "longitude": 37.618423}


def control(world: World, courier: Courier) -> Blueprint:
    """Everything a test or the page may ask of the simulator."""
    pages = Blueprint("control", __name__, url_prefix="/_sandbox")
    for error in (Refused, KeyError, ValueError):
        pages.register_error_handler(error, _refused)
    _clients(pages, world)
    _reading(pages, world)
    _machine(pages, world, courier)
    return pages


def _refused(error: Exception) -> tuple[Response, int]:
    return jsonify(error=str(error.args[0] if error.args else error)), 400


def _clients(pages: Blueprint, world: World) -> None:
    """What clients do on their phones."""

    @pages.post("/say")
    def say() -> Response:
        words = _given(world)
        with world.change():
            chat = _chat(world, words)
            said = [world.add(chat, one) for one in _messages(world, chat, words)]
            for one in said:
                world.messenger.said(chat, one)
        return jsonify(messages=[one.shown() for one in said])

    @pages.post("/react")
    def react() -> Response:
        words = _given(world)
        with world.change():
            chat = _chat(world, words)
            message = _message(chat, words)
            message.reaction = str(words.get("emoji") or "")
            world.messenger.reacted(chat, message)
        return jsonify(message.shown())

    @pages.post("/read")
    def read() -> Response:
        with world.change():
            chat = _chat(world, _given(world))
            fresh = [one for one in chat.messages.values() if _unread(one)]
            for one in fresh:
                one.state = "read"
            world.messenger.read(chat, fresh)
        return jsonify(read=len(fresh))

    @pages.post("/open")
    def open_chat() -> Response:
        with world.change():
            chat = _chat(world, _given(world))
            if not chat.opened:
                chat.opened = True
                world.messenger.opened(chat)
        return jsonify(chat.shown())

    @pages.post("/block")
    def block() -> Response:
        words = _given(world)
        with world.change():
            chat = _chat(world, words)
            chat.blocked = bool(words.get("blocked", True))
            world.messenger.blocked(chat)
        return jsonify(chat.shown())

    @pages.post("/people")
    def people() -> Response:
        with world.change():
            person = _person(world, _given(world))
        return jsonify(person.shown())


def _unread(message: Message) -> bool:
    return not message.mine and message.state in ("sent", "delivered")


def _given(world: World) -> Json:
    """The JSON body; in a multipart call the part `json` with files as parts beside it."""
    text = request.get_data(as_text=True) if request.is_json else request.form.get("json")
    body = json.loads(text or "{}")
    if not isinstance(body, dict):
        raise Refused("The body must be a JSON object.")
    for kind in world.messenger.kinds:
        if uploads := request.files.getlist(kind):
            body["files"] = [
                {"kind": kind, "name": one.filename, "mime": one.mimetype, "content": one.read()}
                for one in uploads
            ]
    return body


def _account(world: World, words: Mapping[str, Any]) -> Account:
    """The account named, or the first one."""
    wanted = str(words.get("account") or next(iter(world.accounts)))
    if wanted not in world.accounts:
        raise KeyError(f"no account {wanted!r}")
    return world.accounts[wanted]


def _person(world: World, words: Mapping[str, Any]) -> Person:
    """`person` is an id, or an object that describes somebody new."""
    wanted = words.get("person", words)
    if isinstance(wanted, Mapping):
        if str(wanted.get("id", "")) in world.people:
            return world.people[str(wanted["id"])]
        person = world.messenger.person(wanted, world.next())
        return world.people.setdefault(person.id, person)
    if str(wanted) not in world.people:
        raise KeyError(f"no person {wanted!r}")
    return world.people[str(wanted)]


def _chat(world: World, words: Mapping[str, Any]) -> Chat:
    return world.chat(_account(world, words), _person(world, words))


def _message(chat: Chat, words: Mapping[str, Any]) -> Message:
    wanted = str(words.get("message"))
    if wanted not in chat.messages:
        raise KeyError(f"no message {wanted!r}")
    return chat.messages[wanted]


def _messages(world: World, chat: Chat, words: Mapping[str, Any]) -> list[Message]:
    """What the client sends: words, a thing, or files one by one, the words with the first."""
    files = list(words.get("files") or ())
    ready = [kind for kind in world.messenger.kinds if words.get(kind)]
    files += [{"kind": kind, **_facts(words[kind])} for kind in ready]
    text = str(words.get("text") or "")
    made = [
        _one(world, chat, words, kind=str(facts["kind"]), facts=facts, text=text * (not number))
        for number, facts in enumerate(files)
    ]
    made += [
        _one(world, chat, words, kind=kind, more={kind: _thing(chat, kind, words[kind])})
        for kind in ("location", "contact", "button", "odd")
        if words.get(kind)
    ]
    if not made and not text.strip():
        raise Refused("There is nothing in this message.")
    return made or [_one(world, chat, words, kind="text", text=text)]


def _one(world: World, chat: Chat, words: Mapping[str, Any], **what: Any) -> Message:
    facts, kind = what.get("facts"), what["kind"]
    return Message(
        id=f"c{world.next()}",
        mine=True,
        at=world.clock(),
        kind=kind,
        text=what.get("text", ""),
        file=_file(world, chat, kind, facts) if facts else None,
        quote=str(words.get("quote") or ""),
        more=what.get("more", {}),
    )


def _facts(given: Any) -> Json:
    return dict(given) if isinstance(given, Mapping) else {}


def _file(world: World, chat: Chat, kind: str, facts: Mapping[str, Any]) -> Any:
    """`{"content": base64 or bytes, "name", "mime"}`, else a ready one (of the name `sample`)."""
    if facts.get("content") is None:
        name, mime, content = world.sample(str(facts.get("sample") or kind))
        return world.store(str(facts.get("name") or name), mime, content, chat.account.id)
    mime = str(facts.get("mime") or "application/octet-stream")
    return world.store(
        str(facts.get("name") or kind), mime, _decoded(facts["content"]), chat.account.id
    )


def _decoded(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(str(content), validate=True)
    except binascii.Error:
        raise Refused("The content must be base64.") from None


def _thing(chat: Chat, kind: str, given: Any) -> Any:
    if isinstance(given, Mapping | str):
        return given
    card = {"name": chat.person.name, "phone": chat.person.phone}
    return {"location": PLACE, "contact": card}.get(kind, {})


def _reading(pages: Blueprint, world: World) -> None:
    """What is to be seen."""

    @pages.get("/state")
    def state() -> Response:
        messenger = world.messenger
        with world.changed:
            return jsonify(
                version=world.version,
                brand=messenger.brand,
                can={"react": messenger.can_react, "quote": messenger.can_quote},
                kinds=list(messenger.kinds),
                accounts=[one.shown() for one in world.accounts.values()],
                people=[one.shown() for one in world.people.values()],
                chats=[one.shown() for one in world.chats.values()],
                waiting=len(world.tellings),
            )

    @pages.get("/news")
    def news() -> Response:
        seconds = min(request.args.get("seconds", 0.0, float), LONGEST_POLL_SECONDS)
        return jsonify(version=world.wait(request.args.get("seen", -1, int), seconds))

    @pages.get("/chats/<account>/<path:person>")
    def chat(account: str, person: str) -> Response:
        with world.changed:
            return jsonify(_chat(world, {"account": account, "person": person}).shown())

    @pages.get("/files/<number>")
    def file(number: str) -> Response:
        stored = world.files.get(number)
        if stored is None:
            abort(404)
        return Response(stored.content, mimetype=stored.mime)

    @pages.get("/calls")
    def calls() -> Response:
        wanted = request.args.get("method", "")
        with world.changed:
            items = [one for one in world.calls if wanted in ("", one["method"])]
            return jsonify(items=items)


def _machine(pages: Blueprint, world: World, courier: Courier) -> None:
    """Levers of the simulator itself."""

    @pages.post("/reset")
    def reset() -> Response:
        world.reset()
        return jsonify(ok=True)

    @pages.post("/deliver")
    def deliver() -> Response:
        tries = courier.deliver()
        return jsonify(items=[{"account": one.account, "status": one.status} for one in tries])

    @pages.route("/faults", methods=["GET", "POST", "DELETE"])
    def faults() -> Response:
        if request.method == "POST":
            world.faults.add(_given(world))
        if request.method == "DELETE":
            world.faults.clear()
        return jsonify(items=world.faults.items())

    @pages.post("/switches")
    def switches() -> Response:
        world.limits.switch(_given(world).get("rate_limits"))
        return jsonify(rate_limits=world.limits.allowed)

    @pages.post("/revoke")
    def revoke() -> Response:
        words = _given(world)
        with world.change():
            account = _account(world, words)
            account.revoked = bool(words.get("revoked", True))
        return jsonify(account.shown())

    @pages.post("/age")
    def age() -> Response:
        """The client's last words become older by so many hours."""
        words = _given(world)
        with world.change():
            chat = _chat(world, words)
            chat.client_at -= 3600 * float(words.get("hours", 25))
        return jsonify(client_at=chat.client_at)
