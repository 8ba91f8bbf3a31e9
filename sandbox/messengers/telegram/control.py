"""The control API under `/_sandbox/`: the hands of tests and of the phone page."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from sandbox.messengers.telegram import deeds
from sandbox.messengers.telegram.delivery import Courier
from sandbox.messengers.telegram.errors import Refused, bad
from sandbox.messengers.telegram.world import Chat, Json, Telegram

LONGEST_POLL_SECONDS = 20.0
SWITCHES = ("rate_limits",)


def control(telegram: Telegram, courier: Courier) -> Blueprint:
    """Everything a test or the page may ask of the simulator."""
    pages = Blueprint("control", __name__, url_prefix="/_sandbox")
    pages.register_error_handler(Refused, _refused)
    pages.register_error_handler(KeyError, _unknown)
    pages.register_error_handler(ValueError, _unknown)
    _clients(pages, telegram)
    _reading(pages, telegram)
    _machine(pages, telegram, courier)
    return pages


def _refused(error: Refused) -> tuple[Response, int]:
    return jsonify(error=error.description), 400


def _unknown(error: Exception) -> tuple[Response, int]:
    return jsonify(error=str(error.args[0] if error.args else error)), 400


def _clients(pages: Blueprint, telegram: Telegram) -> None:
    """What clients do on their phones."""

    @pages.post("/say")
    def say() -> Response:
        words = _given()
        with telegram.change():
            chat = _chat(telegram, words)
            said = deeds.say(telegram, chat, words)
        updates = [update for _, update in said if update]
        return jsonify(updates=updates, messages=[message for message, _ in said])

    @pages.post("/edit")
    def edit() -> Response:
        words = _given()
        with telegram.change():
            chat = _chat(telegram, words)
            message, update = deeds.edit(
                telegram, chat, int(words["message_id"]), str(words.get("text") or "")
            )
        return jsonify(updates=[update] if update else [], messages=[message])

    @pages.post("/block")
    def block() -> Response:
        words = _given()
        with telegram.change():
            chat = _chat(telegram, words)
            update = deeds.block(telegram, chat, blocked=bool(words.get("blocked", True)))
        return jsonify(updates=[update] if update else [])

    @pages.post("/press")
    def press() -> Response:
        words = _given()
        with telegram.change():
            chat = _chat(telegram, words)
            update = deeds.press(telegram, chat, int(words["message_id"]), str(words["data"]))
        return jsonify(updates=[update] if update else [])

    @pages.post("/read")
    def read() -> Response:
        with telegram.change():
            deeds.read(_chat(telegram, _given()))
        return jsonify(ok=True)

    @pages.post("/people")
    def people() -> Response:
        with telegram.change():
            person = telegram.person(_given())
        return jsonify(person.user() | {"phone": person.phone})


def _given() -> Json:
    """The JSON body; in a multipart call the part `json` with files as parts beside it."""
    text = request.get_data(as_text=True) if request.is_json else request.form.get("json")
    body = json.loads(text or "{}")
    if not isinstance(body, dict):
        raise bad("the body must be a JSON object")
    for kind in deeds.FILE_KINDS:
        if uploads := request.files.getlist(kind):
            body.update(_uploaded(kind, uploads, body))
    return body


def _uploaded(kind: str, uploads: Any, body: Mapping[str, Any]) -> Json:
    """One file is a message, several are an album."""
    facts = body.get(kind) if isinstance(body.get(kind), dict) else {}
    files = [
        {**(facts or {}), "name": file.filename, "mime": file.mimetype, "content": file.read()}
        for file in uploads
    ]
    return {kind: files[0]} if len(files) == 1 else {"album": [{kind: file} for file in files]}


def _chat(telegram: Telegram, words: Mapping[str, Any]) -> Chat:
    """The chat of `bot` with `user` (an object) or `user_id`."""
    user = words.get("user") or {"id": words.get("user_id")}
    if "user" not in words and int(user["id"] or 0) not in telegram.people:
        raise KeyError(f"no person with id {user['id']!r}")
    return telegram.chat(telegram.bot_named(str(words.get("bot"))), telegram.person(user))


def _reading(pages: Blueprint, telegram: Telegram) -> None:
    """What is to be seen."""

    @pages.get("/state")
    def state() -> Response:
        with telegram.changed:
            return jsonify(
                version=telegram.version,
                bots=[_bot(telegram, number) for number in telegram.bots],
                people=[person.user() | {"phone": person.phone} for person in _people(telegram)],
                chats=[_shown(telegram, chat) for chat in telegram.chats.values()],
            )

    @pages.get("/news")
    def news() -> Response:
        seconds = min(request.args.get("seconds", 0.0, float), LONGEST_POLL_SECONDS)
        return jsonify(version=telegram.wait(request.args.get("seen", -1, int), seconds))

    @pages.get("/chats/<bot>/<int:user_id>")
    def chat(bot: str, user_id: int) -> Response:
        with telegram.changed:
            return jsonify(_shown(telegram, _chat(telegram, {"bot": bot, "user_id": user_id})))

    @pages.get("/files/<file_id>")
    def file(file_id: str) -> Response:
        stored = telegram.files.get(file_id)
        if stored is None:
            abort(404)
        headers = {"Content-Disposition": "inline", "Content-Security-Policy": "sandbox"}
        return Response(stored.content, mimetype=stored.mime, headers=headers)

    @pages.get("/calls")
    def calls() -> Response:
        method, since = request.args.get("method", ""), request.args.get("since", 0, int)
        with telegram.changed:
            items = [
                call
                for call in telegram.calls
                if call["n"] > since and method.lower() in ("", call["method"].lower())
            ]
            return jsonify(items=items)


def _people(telegram: Telegram) -> list[Any]:
    return list(telegram.people.values())


def _bot(telegram: Telegram, number: int) -> Json:
    bot = telegram.bots[number]
    hook = {"url": bot.webhook.url, "pending": len(bot.pending), "error": bot.webhook.last_error}
    return {**bot.user(), "token": bot.token, "revoked": bot.revoked, "webhook": hook}


def _shown(telegram: Telegram, chat: Chat) -> Json:
    """A chat with the messages of both sides, oldest first."""
    acting = chat.action if chat.action_until > telegram.clock() else ""
    return {
        "bot": chat.bot.username,
        "user_id": chat.person.id,
        "started": chat.started,
        "blocked": chat.blocked,
        "action": acting,
        "messages": [
            {**line.message, "from_bot": line.message["from"]["is_bot"], "read": line.read}
            for line in chat.lines.values()
        ],
    }


def _machine(pages: Blueprint, telegram: Telegram, courier: Courier) -> None:
    """Levers of the simulator itself."""

    @pages.post("/reset")
    def reset() -> Response:
        telegram.reset()
        return jsonify(ok=True)

    @pages.post("/deliver")
    def deliver() -> Response:
        tries = courier.deliver()
        return jsonify(items=[{"update_id": go.update_id, "status": go.status} for go in tries])

    @pages.get("/faults")
    def faults() -> Response:
        return jsonify(items=telegram.faults.items())

    @pages.post("/faults")
    def add_fault() -> Response:
        telegram.faults.add(_given())
        return jsonify(items=telegram.faults.items())

    @pages.delete("/faults")
    def clear_faults() -> Response:
        telegram.faults.clear()
        return jsonify(items=[])

    @pages.post("/switches")
    def switches() -> Response:
        wanted = _given()
        if unknown := set(wanted) - set(SWITCHES):
            raise KeyError(f"switches are {', '.join(SWITCHES)}, not {', '.join(sorted(unknown))}")
        telegram.limits.switch(wanted.get("rate_limits", False))
        return jsonify(rate_limits=telegram.limits.allowed)

    @pages.post("/revoke")
    def revoke() -> Response:
        wanted = _given()
        with telegram.change():
            bot = telegram.bot_named(str(wanted.get("bot")))
            bot.revoked = bool(wanted.get("revoked", True))
        return jsonify(_bot(telegram, bot.id))
