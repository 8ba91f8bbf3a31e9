"""The only door out: sessions that refuse private addresses, and capped downloads."""

import ipaddress
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from b24app import __version__
from b24app.errors import TooLarge
from b24app.values import Fetched

TIMEOUT_SECONDS = (3.05, 30.0)
ANSWER_LIMIT_BYTES = 32 << 20  # an answer read whole; files are streamed by download()
DOWNLOAD_SECONDS = 120.0
CHUNK_BYTES = 16 << 10
SPOOL_BYTES = 1 << 20
MOST_REDIRECTS = 5
MOST_ADDRESSES = 4
HOSTS_KEPT = 32
METADATA = (  # of Azure and Oracle; public by their numbers
    ipaddress.ip_network("168.63.129.16/32"),
    ipaddress.ip_network("192.0.0.0/24"),
)
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class RefusedHost(requests.exceptions.InvalidURL):
    """The address is private, or not https, and the configuration does not allow that."""


class _Refused(ValueError):
    """RefusedHost below urllib3, which would wrap a RequestException (it is an OSError)."""


class _Settings:
    allow_private = False


_mounts: dict[str, BaseAdapter] = {}
_local = threading.local()


def configure(allow_private: bool) -> None:
    """Called once at the start; later sessions obey."""
    _Settings.allow_private = allow_private


def mount(prefix: str, adapter: BaseAdapter) -> None:
    """Serve addresses that begin with `prefix` by `adapter`, in every session of every thread."""
    _mounts[prefix.lower()] = adapter


def unmount(prefix: str) -> None:
    _mounts.pop(prefix.lower(), None)


def session(allow_private: bool | None = None) -> requests.Session:
    """This thread's session; None: as configured."""
    allowed = _Settings.allow_private if allow_private is None else allow_private
    sessions: dict[bool, requests.Session] = _local.__dict__.setdefault("sessions", {})
    if allowed not in sessions:
        sessions[allowed] = Session(GuardedAdapter(allowed))
    return sessions[allowed]


def download(
    url: str,
    limit_bytes: int,
    by: requests.Session | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fetched:
    """The file at `url`, read to its end into a spooled temporary stream.

    `headers` go to this host only: a redirect to another one loses the authorization.

    Raises:
        TooLarge: it is longer than `limit_bytes`; no more than that was read.
        requests.RequestException: anything else that went wrong, an HTTP error included.
    """
    with (by or session()).get(url, stream=True, headers=dict(headers or {})) as answer:
        answer.raise_for_status()
        _refuse_long(answer, limit_bytes)
        stream = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115
        try:
            size = _copy(answer.iter_content(CHUNK_BYTES), stream, limit_bytes)
        except BaseException:
            stream.close()
            raise
    stream.seek(0)
    mime = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return Fetched(stream=stream, name=_last_part(url), mime=mime, size=size)


def never_sent(error: requests.RequestException) -> bool:
    """True if no connection was made, so the other side surely did nothing."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.InvalidURL)):
        return True
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(cause, (NewConnectionError, ConnectTimeoutError))


def reach(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to a server that does not speak HTTP, judged by the same rule.

    Raises:
        RefusedHost: the address is private, and the configuration does not allow that.
        OSError: there is no such host, or it does not answer.
    """
    found = (_resolve(host, port) or [host])[:MOST_ADDRESSES]
    if not _Settings.allow_private and any(forbidden(address) for address in found):
        raise RefusedHost(f"{host} is a private address, and those are not called.")
    failure: OSError | None = None
    for address in found:
        try:
            return socket.create_connection((address, port), seconds)
        except OSError as error:
            failure = error
    raise failure or OSError(f"{host} has no address.")


def private_allowed() -> bool:
    """Whether hosts may be private and talk may be open: sandbox and tests only."""
    return _Settings.allow_private


def forbidden(address: str) -> bool:
    """True for anything but a public unicast address, however it is wrapped."""
    ip = _unwrapped(ipaddress.ip_address(address.split("%")[0]))
    if any(ip in network for network in METADATA) or ip.is_multicast or ip.is_reserved:
        return True
    return not ip.is_global or getattr(ip, "is_site_local", False)


class Session(requests.Session):
    """A session with our timeout and limits, no cookies, no proxy, and shared mounts."""

    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__()
        self.trust_env = False  # a proxy would connect for us, past the guard
        self.max_redirects = MOST_REDIRECTS
        self.headers["User-Agent"] = f"CallGearChats/{__version__}"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_adapter(self, url: str | bytes) -> BaseAdapter:
        text = url.decode() if isinstance(url, bytes) else url
        for prefix in sorted(_mounts, key=len, reverse=True):
            if _serves(prefix, text.lower()):
                return _mounts[prefix]
        return super().get_adapter(text)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target:
            _read_whole(resp)  # requests reads it next, and would without a limit
        return target

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        whole = not kwargs.get("stream")
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = TIMEOUT_SECONDS
        answer = super().send(request, **{**kwargs, "stream": True})
        if whole:
            _read_whole(answer)
        return answer


class GuardedAdapter(HTTPAdapter):
    """Resolves a host once, refuses forbidden addresses, connects to the one it judged."""

    def __init__(self, allow_private: bool, resolve: Resolve | None = None) -> None:
        self.allow_private = allow_private
        self.resolve = resolve or _resolve
        super().__init__(pool_connections=HOSTS_KEPT, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        guard(self.poolmanager, self.addresses)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        if not self.allow_private and not (request.url or "").lower().startswith("https:"):
            raise RefusedHost("Only https addresses are called.", request=request)
        try:
            return super().send(request, **kwargs)
        except _Refused as error:
            raise RefusedHost(str(error), request=request) from error

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """Where to connect; all addresses of a host must be allowed, for one is as good."""
        found = self.resolve(host, port)[:MOST_ADDRESSES]
        if not self.allow_private and any(forbidden(address) for address in found):
            raise _Refused(f"{host} is a private address, and those are not called.")
        return found


def guard(pools: PoolManager, addresses: Resolve) -> None:
    """Make the connections of `pools` ask `addresses` where to connect.

    The host keeps its name in Host and SNI. This overrides urllib3's `_new_conn` and
    `_dns_host` (private, the same throughout 2.x: the tests would notice).
    """

    class Http(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, super()._new_conn, addresses)

    class Https(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, super()._new_conn, addresses)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    pools.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}


def _connected(
    connection: HTTPConnection, connect: Callable[[], socket.socket], addresses: Resolve
) -> socket.socket:
    """A socket to the first judged address that answers."""
    host = connection._dns_host
    failure: Exception | None = None
    try:
        for address in _found(connection, addresses):
            connection._dns_host = address
            try:
                return connect()
            except (NewConnectionError, ConnectTimeoutError) as error:
                failure = error
    finally:
        connection._dns_host = host
    raise failure or NewConnectionError(connection, f"{host} has no address.")


def _found(connection: HTTPConnection, addresses: Resolve) -> Sequence[str]:
    try:
        return addresses(connection._dns_host.strip("[]"), connection.port or 0)
    except (OSError, UnicodeError) as error:
        raise NewConnectionError(connection, f"{connection.host} has no address.") from error


def _resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _unwrapped(ip: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64), or itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def _serves(prefix: str, url: str) -> bool:
    """`http://host:72` must not serve `http://host:7200`."""
    rest = url[len(prefix) :]
    return url.startswith(prefix) and (prefix.endswith("/") or not rest or rest[0] in "/?#")


def _read_whole(answer: requests.Response) -> None:
    """What requests does without `stream`, but never more than ANSWER_LIMIT_BYTES."""
    if isinstance(answer._content, bytes):
        return  # read already
    body = bytearray()
    for chunk in answer.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > ANSWER_LIMIT_BYTES:
            answer.close()
            raise requests.exceptions.ContentDecodingError("The answer is too long.")
    answer._content = bytes(body)


def _refuse_long(answer: requests.Response, limit_bytes: int) -> None:
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limit_bytes:
        raise TooLarge(f"The file is larger than {limit_bytes >> 20} MB.")


def _copy(chunks: Iterable[bytes], stream: BinaryIO, limit_bytes: int) -> int:
    size, end = 0, time.monotonic() + DOWNLOAD_SECONDS
    for chunk in chunks:
        size += len(chunk)
        if size > limit_bytes:
            raise TooLarge(f"The file is larger than {limit_bytes >> 20} MB.")
        if time.monotonic() > end:
            raise requests.Timeout("The file comes too slowly.")
        stream.write(chunk)
    return size


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1])
