"""Addresses as they are compared, and what a broken connection tells."""

import re
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
STRANGE = re.compile(r"[@\\\s\x00-\x1f\x7f]")  # what hides another host, or none


def host(url: str) -> str:
    """Host and unusual port of an address or of a bare host, lower-case; "" for nonsense."""
    try:
        parts = urlsplit(url if "//" in url else f"https://{url}")
        name, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    usual = port is None or (parts.scheme, port) in (("http", 80), ("https", 443))
    return name if usual else f"{name}:{port}"


def origin(text: str, allow_http: bool) -> str:
    """Scheme, host and port of a portal's address as a person writes or pastes it.

    "" if it is none that a browser should be sent to. A path is cut off; http counts only
    where `allow_http`.
    """
    given = text.strip()
    try:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        name, port = _ascii(parts.hostname or ""), parts.port
    except ValueError:
        return ""
    schemes = ("https", "http") if allow_http else ("https",)
    named = HOST.fullmatch(name) and ("." in name or allow_http)
    if parts.scheme not in schemes or not named or STRANGE.search(parts.netloc + given):
        return ""
    usual = port in (None, {"https": 443, "http": 80}[parts.scheme])
    return f"{parts.scheme}://{name}" + ("" if usual else f":{port}")


def _ascii(name: str) -> str:
    """The host as it is looked up: портал.example is xn--80awhdgm.example.

    Raises: ValueError.
    """
    name = name.rstrip(".")
    return name if name.isascii() else name.encode("idna").decode()


def never_sent(error: requests.RequestException) -> bool:
    """Whether the request surely did not reach anybody: no address, refused, no route."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate verify failed" in str(error).lower()
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError | ConnectTimeoutError)


def endpoint(url: str, allow_http: bool) -> str:
    """A REST base as we keep it, `https://host/rest/`; "" if it is none that we would call."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    secure = parts.scheme == "https" or (allow_http and parts.scheme == "http")
    if (
        not secure
        or not parts.hostname
        or "@" in parts.netloc
        or "\\" in url
        or ":" in parts.hostname
    ):
        return ""
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    return f"{parts.scheme}://{parts.hostname}{port}{path}"
