"""The sandbox's only door out: what portals and messengers send to the application."""

from collections.abc import Iterable, Mapping
from typing import Any

import requests

from sandbox.wsgi_adapter import WsgiAdapter

Form = Mapping[str, str] | Iterable[tuple[str, str]]
ANSWER_LIMIT = 4_000_000


class Unreachable(Exception):
    """The application did not answer: refused, timed out or broke off."""


class Outside:
    """Calls to the application, over the network or into a WSGI app of the same process."""

    def __init__(self, wsgi: Mapping[str, Any] | None = None) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        for address, app in (wsgi or {}).items():
            self.session.mount(address, WsgiAdapter(app))

    def post(
        self,
        url: str,
        *,
        form: Form | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10,
    ) -> tuple[int, str]:
        """Status and text of the answer; `body` goes as it is, for who signed it.

        Raises:
            Unreachable: nobody answered within `timeout` seconds.
        """
        data = _pairs(form) if body is None else body
        return self._send("POST", url, data=data, json=json, headers=headers, timeout=timeout)

    def head(self, url: str, *, timeout: float = 10) -> int:
        """Status of a HEAD request: how Bitrix24 tries a handler's address."""
        return self._send("HEAD", url, timeout=timeout)[0]

    def get(self, url: str, *, timeout: float = 20) -> tuple[bytes, str]:
        """Content and type of a file, as Bitrix24 and messengers download it.

        Raises:
            Unreachable: nobody answered, or not with 200.
        """
        try:
            answer = self.session.get(url, timeout=timeout)
        except requests.RequestException as error:
            raise Unreachable(str(error)) from error
        if answer.status_code != 200:
            raise Unreachable(f"{url.partition('?')[0]} answered {answer.status_code}")
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return answer.content, kind

    def _send(self, verb: str, url: str, **options: Any) -> tuple[int, str]:
        try:
            answer = self.session.request(verb, url, allow_redirects=False, **options)
        except requests.RequestException as error:
            raise Unreachable(str(error)) from error
        return answer.status_code, answer.text[:ANSWER_LIMIT]


def _pairs(form: Form | None) -> list[tuple[str, str]] | None:
    if form is None:
        return None
    return list(form.items()) if isinstance(form, Mapping) else list(form)
