"""What people do on the portal, by the control API: operators and managers."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sandbox.portal import crm, files, openlines, seed
from sandbox.portal import openlines_events as tell
from sandbox.portal.control_views import Views
from sandbox.portal.phpform import as_list, as_map
from sandbox.portal.portal import Portal
from sandbox.portal.registry import number


class People:
    """Deeds of operators and of those who keep cards."""

    def __init__(self, portal: Portal, views: Views) -> None:
        self.portal = portal
        self.views = views

    def routes(self) -> dict[str, Callable[..., Any]]:
        """Addresses and what answers them; all of it under the portal's lock."""
        deeds: dict[str, Callable[..., Any]] = {
            "/users": self.add_user,
            "/browser": self.sign_in,
            "/lines/<target>/reply": self.reply,
            "/lines/<target>/answer": self.answer,
            "/lines/<target>/finish": self.finish,
            "/lines/<target>/disconnect": self.disconnect,
            "/messages/<int:message_id>/edit": self.edit,
            "/messages/<int:message_id>/delete": self.delete,
            "/crm/<int:type_id>": self.add_card,
            "/crm/<int:type_id>/<int:number>": self.change_card,
        }
        return {rule: self._alone(deed) for rule, deed in deeds.items()}

    def _alone(self, deed: Callable[..., Any]) -> Callable[..., Any]:
        def locked(given: dict[str, Any], **target: Any) -> Any:
            with self.portal.lock:
                return deed(given, **target)

        return locked

    def add_user(self, given: dict[str, Any]) -> dict[str, Any]:
        """Hire somebody, or with an `ID` change a known user (dismiss: {"ACTIVE": false})."""
        identity = number(given.get("ID"))
        if identity in self.portal.users:
            self.portal.users[identity] |= {
                key: value for key, value in given.items() if key != "ID"
            }
            return {"id": identity}
        return {"id": seed.add_user(self.portal, **given)}

    def sign_in(self, given: dict[str, Any]) -> dict[str, Any]:
        """Who is signed in to the portal where /oauth/authorize/ opens; {"user_id": 0}: nobody."""
        self.portal.browser_user = number(given.get("user_id"))
        return {"user_id": self.portal.browser_user}

    def reply(self, given: dict[str, Any], target: str) -> dict[str, Any]:
        """An operator answers in a chat, taking it when nobody has."""
        chat, user = self._target(given, target), number(given.get("user_id"), 1)
        numbers = [self._file(as_map(one), user, chat) for one in as_list(given.get("files"))]
        session = openlines.running(self.portal, self.portal.chats[chat])
        if session is not None and not session.operator:
            openlines.answer(self.portal, chat, user)
        openlines.join(self.portal, self.portal.chats[chat], user)
        text = str(given.get("text") or "")
        return asdict(openlines.reply(self.portal, chat, user, text, numbers))

    def _target(self, given: dict[str, Any], target: str) -> int:
        """The chat meant: by `chat_id`, or by the number in the address."""
        return openlines.chat_by_id(self.portal, number(given.get("chat_id")) or number(target)).id

    def _file(self, one: dict[str, Any], user: int, chat: int) -> int:
        content = files.decoded(one.get("content") or "")
        return files.keep(self.portal, str(one.get("name") or "file"), content, user, chat).id

    def answer(self, given: dict[str, Any], target: str) -> dict[str, Any]:
        """An operator takes a chat."""
        chat = self._target(given, target)
        openlines.answer(self.portal, chat, number(given.get("user_id"), 1))
        return self.views.chat(chat)

    def finish(self, given: dict[str, Any], target: str) -> dict[str, Any]:
        """An operator (any) closes a chat."""
        chat = self.portal.chats[self._target(given, target)]
        session = openlines.session_of(self.portal, chat)
        user = number(given.get("user_id")) or session.operator or 1
        openlines.finish(self.portal, chat.id, user, own=session.operator == user)
        return self.views.chat(chat.id)

    def disconnect(self, given: dict[str, Any], target: str) -> dict[str, Any]:
        """The Disconnect button of Contact Center for a connector on a line."""
        code, line = str(given.get("connector") or "").lower(), number(target)
        self.portal.links.pop((code, line), None)
        tell.tell_disconnect(self.portal, code, line, number(given.get("user_id"), 1))
        return {"ok": True}

    def edit(self, given: dict[str, Any], message_id: int) -> dict[str, Any]:
        """The author changes a message."""
        message = self.portal.messages[message_id]
        openlines.edit(self.portal, message, message.author, str(given.get("text") or ""))
        return asdict(message)

    def delete(self, given: dict[str, Any], message_id: int) -> dict[str, Any]:
        """The author takes a message back."""
        message = self.portal.messages[message_id]
        openlines.delete(self.portal, message, message.author)
        return asdict(message)

    def add_card(self, given: dict[str, Any], type_id: int) -> dict[str, Any]:
        """Somebody makes a CRM item: {"fields", "user_id"}."""
        fields = as_map(given.get("fields", given))
        return crm.add(self.portal, type_id, fields, number(given.get("user_id"), 1))

    def change_card(self, given: dict[str, Any], type_id: int, number: int) -> dict[str, Any]:
        """Somebody changes a CRM item, or with {"delete": true} deletes it."""
        user = int(given.get("user_id", 1))
        if given.get("delete"):
            crm.remove(self.portal, type_id, number, user)
            return {"ok": True}
        return crm.change(self.portal, type_id, number, as_map(given.get("fields", given)), user)
