"""Open Lines: the chats of clients, answering, replying, finishing, as an operator sees them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request
from werkzeug.datastructures import FileStorage

from sandbox.portal import openlines
from sandbox.portal.browser_bbcode import plain, render
from sandbox.portal.browser_page import Missing, Pages, Refused, face, found
from sandbox.portal.files import keep, path_of
from sandbox.portal.portal import Portal
from sandbox.portal.state import Chat, Message, Session

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
CRM_LINKS = (("DEAL", "deal"), ("LEAD", "lead"), ("CONTACT", "contact"), ("COMPANY", "company"))


def add_to(pages: Pages) -> None:
    """The page and the requests of this file."""
    pages.route("/online/", online)
    pages.route("/_browser/online/<int:chat_id>/reply", reply, "POST")
    pages.route("/_browser/online/<int:chat_id>/edit", edit, "POST")
    pages.route("/_browser/online/<int:chat_id>/delete", delete, "POST")
    pages.route("/_browser/online/<int:chat_id>/<deed>", steer, "POST")


def online(pages: Pages) -> Response:
    """The list of chats and the chosen one."""
    chosen = _chosen(pages)
    context: dict[str, Any] = {"chats": _rows(pages, chosen), "chat": None}
    live = {"chats": "online/_chats.html"}
    if chosen is not None:
        live |= {name: f"online/_{name}.html" for name in ("head", "log", "answer")}
        context |= {
            "chat": _head(pages, chosen),
            "log": [_line(pages, chosen, message) for message in _messages(pages, chosen)],
            "tools": _tools(pages, chosen),
        }
    return pages.page("online/index.html", pages.say("Open Lines"), live, **context)


def _chosen(pages: Pages) -> Chat | None:
    """The chat named by `?chat=7` or by `?dialog=chat7` of the messenger's links."""
    named = request.args.get("chat") or request.args.get("dialog", "")
    if named.startswith("imol|"):
        return next(filter(lambda chat: chat.user_code == named[5:], _all(pages)), None)
    number = named.removeprefix("chat")
    return found(pages.portal.chats, int(number)) if number.isdigit() else None


def _all(pages: Pages) -> list[Chat]:
    """The chats this user may look into."""
    chats = pages.portal.chats.values()
    return [chat for chat in chats if openlines.may_see(pages.portal, chat, pages.user_id)]


def _session(pages: Pages, chat: Chat) -> Session | None:
    return pages.portal.sessions.get(chat.session_id)


def _messages(pages: Pages, chat: Chat) -> list[Message]:
    return [pages.portal.messages[number] for number in chat.message_ids]


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _rows(pages: Pages, chosen: Chat | None) -> list[dict[str, Any]]:
    rows = [_row(pages, chat, chat is chosen) for chat in _all(pages)]
    return sorted(rows, key=lambda row: row["at"], reverse=True)


def _row(pages: Pages, chat: Chat, current: bool) -> dict[str, Any]:
    messages = _messages(pages, chat)
    last, session = (messages[-1] if messages else None), _session(pages, chat)
    framed = "IFRAME=Y&" if pages.framed else ""
    return {
        "id": chat.id,
        "url": f"/online/?{framed}chat={chat.id}",
        "name": chat.name,
        "client": face(chat.name, chat.id),
        "at": _iso(last.at) if last else "",
        "last": plain(last.text)[:90] if last else "",
        "waiting": session is not None and session.status == "new",
        "closed": session is None or session.closed,
        "current": current,
    }


def _head(pages: Pages, chat: Chat) -> dict[str, Any]:
    session, connector = _session(pages, chat), pages.portal.connectors.get(chat.connector)
    owner = chat.owner or (session.operator if session else 0)
    member = pages.user_id in chat.members
    return {
        "id": chat.id,
        "name": chat.name,
        "client": face(chat.name, chat.id),
        "connector": connector.name if connector else chat.connector,
        "line": pages.portal.lines.get(chat.line, {}).get("LINE_NAME", chat.line),
        "owner": pages.portal.user_name(owner) if owner else "",
        "crm": _crm_links(pages, chat),
        "waiting": session is not None and session.status == "new",
        "closed": session is None or session.closed,
        "member": member,
    }


def _crm_links(pages: Pages, chat: Chat) -> list[dict[str, str]]:
    names = {"deal": "Deal", "lead": "Lead", "contact": "Contact", "company": "Company"}
    return [
        {
            "url": f"/crm/{kind}/details/{chat.crm[code]}/",
            "icon": kind,
            "text": f"{pages.say(names[kind])} № {chat.crm[code]}",
        }
        for code, kind in CRM_LINKS
        if chat.crm.get(code)
    ]


def _tools(pages: Pages, chat: Chat) -> list[dict[str, Any]]:
    return [
        {
            "id": known.id,
            "title": pages.bound_title(known),
            "frame": {
                "placement": known.code,
                "binding": known.id,
                "options": {"dialogId": f"chat{chat.id}"},
            },
        }
        for known in pages.bound("IM_TEXTAREA")
    ]


def _line(pages: Pages, chat: Chat, message: Message) -> dict[str, Any]:
    side = _side(chat, message)
    return {
        "id": message.id,
        "side": side,
        "author": pages.portal.user_name(message.author) if side == "mine" else "",
        "body": render(message.text) if message.text else "",
        "source": message.text,
        "files": [_file(pages, number) for number in message.files],
        "at": _iso(message.at),
        "state": openlines.delivery(pages.portal, message) if side == "mine" else "",
        "edited": message.edited,
        "deleted": message.deleted,
        "own": side == "mine" and message.author == pages.user_id,
    }


def _side(chat: Chat, message: Message) -> str:
    if message.system or not message.author:
        return "system"
    return "client" if message.author == chat.client_id else "mine"


def _file(pages: Pages, number: int) -> dict[str, Any]:
    known = pages.portal.files[number]
    url = path_of(known) if known.content or not known.url else known.url
    return {"name": known.name, "url": url, "picture": known.mime in PICTURES}


def reply(pages: Pages, chat_id: int) -> Response:
    """What the operator wrote and attached: one message."""
    text = request.form.get("text", "").strip()
    given = [one for one in request.files.getlist("files") if one.filename]
    if not text and not given:
        raise Refused("Write something or attach a file.")
    numbers = [_kept(pages, chat_id, one) for one in given]
    openlines.reply(pages.portal, chat_id, pages.user_id, text, numbers)
    return jsonify(ok=True)


def _kept(pages: Pages, chat_id: int, given: FileStorage) -> int:
    name, content = given.filename or "file", given.stream.read()
    return keep(pages.portal, name, content, pages.user_id, chat_id).id


def _message(pages: Pages, chat_id: int) -> Message:
    message = found(pages.portal.messages, request.form.get("message", 0, type=int))
    if message.chat_id != chat_id:
        raise Missing(str(message.id))
    return message


def edit(pages: Pages, chat_id: int) -> Response:
    """Other words for the operator's own message."""
    text = request.form.get("text", "").strip()
    if not text:
        raise Refused("Write something or attach a file.")
    openlines.edit(pages.portal, _message(pages, chat_id), pages.user_id, text)
    return jsonify(ok=True)


def delete(pages: Pages, chat_id: int) -> Response:
    """The operator's own message goes."""
    openlines.delete(pages.portal, _message(pages, chat_id), pages.user_id)
    return jsonify(ok=True)


def steer(pages: Pages, chat_id: int, deed: str) -> Response:
    """Take a dialog, pass it on, finish it, begin it again."""
    found(DEEDS, deed)(pages.portal, chat_id, pages.user_id)
    return jsonify(ok=True)


def _finish(portal: Portal, chat_id: int, user_id: int) -> None:
    """End one's own dialog, or, as an administrator may, somebody else's."""
    chat = found(portal.chats, chat_id)
    session = openlines.running(portal, chat)
    own = session is not None and session.operator == user_id
    openlines.finish(portal, chat_id, user_id, own=own)


DEEDS: dict[str, Callable[[Portal, int, int], Any]] = {
    "answer": openlines.answer,
    "skip": openlines.skip,
    "intercept": openlines.intercept,
    "start": openlines.start,
    "finish": _finish,
}
