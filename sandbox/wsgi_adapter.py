"""A requests adapter that serves a WSGI application in the same process, without sockets."""

import io
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

# How an application asks the carrier to break the connection instead of answering.
BROKEN = "X-Sandbox-Broken"


class WsgiAdapter(HTTPAdapter):
    """`session.mount("http://localhost:7200", WsgiAdapter(portal.app))`."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self.app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The application's answer to a prepared request."""
        chunks, status, headers = run_wsgi_app(self.app, _environ(request), buffered=True)
        _break_if_asked(headers.get(BROKEN), request)
        return self._answer(request, chunks, status, headers.items())

    def _answer(
        self,
        request: requests.PreparedRequest,
        chunks: Iterable[bytes],
        status: str,
        headers: Iterable[tuple[str, str]],
    ) -> requests.Response:
        code, _, reason = status.partition(" ")
        raw = HTTPResponse(
            body=io.BytesIO(b"".join(chunks)),
            headers=HTTPHeaderDict(headers),
            status=int(code),
            reason=reason,
            preload_content=False,
            request_method=request.method,  # a HEAD's length promises no body
        )
        return self.build_response(request, raw)


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    parts = urlsplit(str(request.url))
    builder = EnvironBuilder(
        path=parts.path or "/",
        base_url=f"{parts.scheme}://{parts.netloc}/",
        query_string=parts.query,
        method=request.method or "GET",
        headers=list(request.headers.items()),
        input_stream=io.BytesIO(_body(request.body)),
    )
    return dict(builder.get_environ())


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    return bytes(body.read()) if hasattr(body, "read") else b"".join(body)


def _break_if_asked(how: str | None, request: requests.PreparedRequest) -> None:
    if how == "timeout":
        raise requests.ReadTimeout("the sandbox did not answer in time", request=request)
    if how:
        raise requests.ConnectionError("the sandbox broke the connection", request=request)
