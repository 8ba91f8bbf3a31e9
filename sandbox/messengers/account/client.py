"""The application's client when it lives in the sandbox: Telethon's place, over HTTP."""

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import Any, BinaryIO

import requests

from b24app import http
from b24app.channels.telegram_personal.client import Keys, News, Peer, Refused, Utterance

URL = "http://127.0.0.1:7213"


class SandboxClient:
    """See b24app.channels.telegram_personal.client.Client."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.mark = keys.session or f"session-{secrets.token_hex(8)}"

    def close(self) -> None:
        """Nothing is open."""

    def session(self) -> str:
        return self.mark

    def ask_code(self, phone: str) -> str:
        return str(self._ask("ask_code", phone=phone))

    def give_code(self, phone: str, code: str, mark: str) -> None:
        self._ask("give_code", phone=phone, code=code, mark=mark)

    def give_password(self, password: str) -> None:
        self._ask("give_password", password=password)

    def ask_picture(self) -> str:
        return str(self._ask("ask_picture", api_id=self.keys.api_id))

    def me(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("me")
        return found

    def bookmark(self) -> str:
        return str(self._ask("bookmark"))

    def news(self, after: str, seconds: float) -> News:
        found = self._ask("news", after=after, seconds=seconds)
        return News(found["items"], found["after"])

    def send(self, peer: Peer, said: Utterance) -> tuple[int, int]:
        number, second = self._ask(
            "send",
            **_named(peer),
            text=said.text,
            random_id=said.random_id,
            reply_to=said.reply_to,
            file=_packed(said),
        )
        return number, second

    def said(self, peer: Peer) -> Sequence[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("said", **_named(peer))
        return found

    def edit(self, peer: Peer, number: int, text: str) -> None:
        self._ask("edit", **_named(peer), number=number, text=text)

    def delete(self, numbers: Sequence[int]) -> None:
        self._ask("delete", numbers=list(numbers))

    def typing(self, peer: Peer) -> None:
        self._ask("typing", **_named(peer))

    def mark_read(self, peer: Peer, number: int) -> None:
        self._ask("mark_read", **_named(peer), number=number)

    def by_phone(self, phone: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._ask("by_phone", phone=phone)
        return found

    def by_username(self, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._ask("by_username", username=name)
        return found

    def file(self, peer: Peer, number: int) -> BinaryIO:
        return BytesIO(b64decode(self._ask("file", number=number)))

    def _ask(self, method: str, **given: Any) -> Any:
        url = f"{os.environ.get('SANDBOX_ACCOUNT_URL', URL)}/account/{method}"
        try:
            answer = http.session().post(url, json={**given, "session": self.mark}).json()
        except requests.RequestException as error:
            raise Refused("NoAnswer", lost=not http.never_sent(error)) from error
        if "refused" in answer:
            raise Refused(answer["refused"], answer["seconds"], lost=bool(answer.get("lost")))
        return answer["result"]


def _named(peer: Peer) -> dict[str, int]:
    return {"peer": peer.id, "key": peer.key}


def _packed(said: Utterance) -> dict[str, Any] | None:
    file = said.file
    if file is None:
        return None
    with file.open() as stream:
        content = b64encode(stream.read()).decode()
    about = {"kind": file.kind, "name": file.name, "mime": file.mime, "size": file.size}
    return {"about": about, "content": content}
