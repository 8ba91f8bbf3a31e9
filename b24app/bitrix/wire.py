"""Addresses as they are compared, and what a broken connection tells."""

from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


def host(url: str) -> str:
    """Host and unusual port of an address or of a bare host, lower-case; "" for nonsense."""
    try:
        parts = urlsplit(url if "//" in url else f"https://{url}")
        name, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    usual = port is None or (parts.scheme, port) in (("http", 80), ("https", 443))
    return name if usual else f"{name}:{port}"


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
