"""The only door out: what it refuses, where it connects, how much it reads."""

import datetime
import io
import ipaddress
import socket
import ssl
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests.adapters import BaseAdapter
from urllib3.util import connection as sockets

from b24app import __version__, http
from b24app.errors import TooLarge

PUBLIC = "93.184.216.34"
NAMES = {
    "localhost": ["127.0.0.1"],
    "localhost.localdomain": ["127.0.0.1"],
    "loop.example": ["127.0.0.1"],
    "ten.example": ["10.1.2.3"],
    "six.example": ["fd00::1"],
    "mixed.example": [PUBLIC, "192.168.0.1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "public.example": [PUBLIC],
}
SPELLINGS = """
127.0.0.1 127.0.0.2 127.1 127.0.1 127.255.255.254 0.0.0.0 0 0x7f000001 0x7f.0.0.1 0x7f.1 0x7F000001
2130706433 2130706434 017700000001 0177.0.0.1 0177.1 0177.0.0.01 00000177.0.0.1 127.0x0.0.1
localhost LOCALHOST localhost.localdomain loop.example ten.example six.example mixed.example
mapped.example metadata.google.internal 10.0.0.1 10.255.255.255 0xa000001 167772161 012.0.0.1
10.1 172.16.0.1 172.31.255.255 0xac100001 2886729729 192.168.0.1 192.168.255.255 0xc0a80001
3232235521 0300.0250.0.1 192.168.1 169.254.169.254 0xa9fea9fe 2852039166 0251.0376.0251.0376
169.254.43518 169.254.1.1 100.64.0.1 100.100.100.200 100.127.255.255 192.0.0.1 192.0.0.192
192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255 0.1.2.3 168.63.129.16 0xa83f8110
[::1] [::] [0:0:0:0:0:0:0:1] [::0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:10.0.0.1]
[::ffff:a00:1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [::ffff:192.168.1.1] [::127.0.0.1]
[::10.0.0.1] [::7f00:1] [fe80::1] [febf::1] [fec0::1] [fc00::1] [fd00::1] [fd00:ec2::254] [ff02::1]
[ff05::2] [2001:db8::1] [2002:7f00:1::] [2002:a00:1::1] [2002:c0a8:101::] [2002:a9fe:a9fe::]
[64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b::10.0.0.1] [2001:0:4136:e378:8000:63bf:f5ff:fffe]
[100::1] [2001:10::1] [::ffff:0:127.0.0.1] [0:0:0:0:0:ffff:127.0.0.1] [::ffff:0.0.0.0]
[fe80::1%25eth0] user@127.0.0.1 user:pass@10.0.0.1 public.example@127.0.0.1
127.0.0.1:443 [::1]:443 127。0。0。1 ①②⑦.⓪.⓪.① ｌｏｃａｌｈｏｓｔ 127.0.0.1. localhost.
"""
PRIVATE_HOSTS = SPELLINGS.split()
OTHER_URLS = [
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1:11211/stat",
    "data:text/plain,hello",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "javascript:alert(1)",
    "//127.0.0.1/",
    "https://",
    "https:///etc/passwd",
    "https://%31%32%37.0.0.1/",
    "https://127.0.0.1%00.example/",
    "https://127.0.0.1\t/",
    "https://[::1/",
    "https://public.example:99999/",
    "http://public.example/",
    "http://93.184.216.34/",
]


def named(host: str, port: int) -> Sequence[str]:
    """Names by the table above; numbers of any spelling as the system reads them."""
    known = NAMES.get(host.lower().rstrip("."))
    if known is not None:
        return known
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def guarded(resolve: http.Resolve = named, allow_private: bool = False) -> http.Session:
    return http.Session(http.GuardedAdapter(allow_private, resolve))


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every connection tried, none made."""
    tried: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(sockets, "create_connection", refuse)
    return tried


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_private_host_is_refused(host: str, connects: list[tuple[str, int]]) -> None:
    with pytest.raises(requests.RequestException):
        guarded().get(f"https://{host}/")
    assert connects == []


@pytest.mark.parametrize("url", OTHER_URLS)
def test_odd_address_is_refused(url: str, connects: list[tuple[str, int]]) -> None:
    with pytest.raises((requests.RequestException, UnicodeError)):
        guarded().get(url)
    assert connects == []


def test_corpus_has_100_addresses() -> None:
    assert len(set(PRIVATE_HOSTS)) + len(OTHER_URLS) >= 100


@pytest.mark.parametrize(
    "host", ["public.example", PUBLIC, "[2606:2800:220:1:248:1893:25c8:1946]", "1.1.1.1"]
)
def test_public_host_is_called(host: str, connects: list[tuple[str, int]]) -> None:
    with pytest.raises(requests.ConnectionError):
        guarded().get(f"https://{host}/")
    assert len(connects) == 1


def test_host_is_resolved_once(connects: list[tuple[str, int]]) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    with pytest.raises(requests.ConnectionError):
        guarded(lambda host, port: next(answers)).get("https://rebinding.example/")
    assert connects == [(PUBLIC, 443)]


def test_unknown_host_is_a_connection_error(connects: list[tuple[str, int]]) -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(requests.ConnectionError, match="has no address"):
        guarded(nowhere).get("https://nowhere.example/")


def test_refused_connection_was_never_sent(connects: list[tuple[str, int]]) -> None:
    with pytest.raises(requests.ConnectionError) as caught:
        guarded().get("https://public.example/")
    assert http.never_sent(caught.value)
    assert http.never_sent(requests.ConnectTimeout())
    assert http.never_sent(http.RefusedHost())


def test_lost_answer_may_have_been_sent(page: str, visitor: http.Session) -> None:
    with pytest.raises(requests.ConnectionError) as caught:
        visitor.get(f"{page}/silent")
    assert not http.never_sent(caught.value)
    assert not http.never_sent(requests.ReadTimeout())


def test_next_address_is_tried(connects: list[tuple[str, int]]) -> None:
    with pytest.raises(requests.ConnectionError):
        guarded(lambda host, port: [PUBLIC, "1.1.1.1"]).get("https://two.example/")
    assert [address for address, _ in connects] == [PUBLIC, "1.1.1.1"]


class Page(BaseHTTPRequestHandler):
    """Answers with what it was asked, or redirects, or is long, or says nothing."""

    def do_GET(self) -> None:
        kind, _, target = self.path[1:].partition("?")
        if kind == "silent":
            return
        if kind == "redirect":
            self.send_response(302)
            self.send_header("Location", target)
            self.end_headers()
            return
        body = b"x" * int(target) if kind in ("long", "lying") else self._told()
        self.send_response(200)
        self.send_header("Content-Type", "Image/PNG; charset=x")
        self.send_header("Set-Cookie", "spy=1")
        if kind != "lying":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _told(self) -> bytes:
        names = ("Host", "User-Agent", "Cookie")
        return "\n".join(f"{name}: {self.headers.get(name)}" for name in names).encode()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


class Quiet(HTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    server = Quiet(("127.0.0.1", 0), Page)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    with serving() as port:
        yield f"http://portal.example:{port}"


def local(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.fixture
def visitor() -> Iterator[http.Session]:
    with guarded(local, allow_private=True) as session:
        yield session


def test_host_header_keeps_the_name(page: str, visitor: http.Session) -> None:
    told = visitor.get(f"{page}/").text
    assert f"Host: {page[7:]}" in told
    assert f"User-Agent: CallGearChats/{__version__}" in told


def test_no_cookie_is_kept(page: str, visitor: http.Session) -> None:
    visitor.get(f"{page}/")
    assert "Cookie: None" in visitor.get(f"{page}/").text


def test_redirect_is_judged_again(page: str) -> None:
    class Half(http.GuardedAdapter):
        """Lets the first page through and guards what it leads to."""

        def addresses(self, host: str, port: int) -> Sequence[str]:
            return local(host, port) if host == "portal.example" else super().addresses(host, port)

        def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
            self.allow_private = "portal.example" in str(request.url)
            return super().send(request, **kwargs)

    with http.Session(Half(False)) as session:
        with pytest.raises(http.RefusedHost, match="private"):
            session.get(f"{page}/redirect?https://127.0.0.2/")
        with pytest.raises(http.RefusedHost, match="https"):
            session.get(f"{page}/redirect?http://public.example/")
        with pytest.raises(requests.exceptions.InvalidSchema):
            session.get(f"{page}/redirect?file:///etc/passwd")


def test_redirects_end(page: str, visitor: http.Session) -> None:
    with pytest.raises(requests.TooManyRedirects):
        visitor.get(f"{page}/redirect?/redirect?" + "/redirect?" * 9)


def test_answer_read_whole_is_capped(
    page: str, visitor: http.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_LIMIT_BYTES", 100_000)
    assert len(visitor.get(f"{page}/long?99999").content) == 99_999
    with pytest.raises(requests.RequestException, match="too long"):
        visitor.get(f"{page}/lying?200000")


def test_download_gives_stream_and_type(page: str, visitor: http.Session) -> None:
    got = http.download(f"{page}/long?70000", 70_000, visitor)
    with got.stream as stream:
        assert len(stream.read()) == 70_000
    assert (got.size, got.mime, got.name) == (70_000, "image/png", "long")


@pytest.mark.parametrize("kind", ["long", "lying"])
def test_long_download_is_refused(kind: str, page: str, visitor: http.Session) -> None:
    with pytest.raises(TooLarge):
        http.download(f"{page}/{kind}?70001", 70_000, visitor)


def test_missing_download_is_an_error() -> None:
    with responses.RequestsMock() as mocked:
        mocked.get("https://files.example/a.png", status=404)
        with pytest.raises(requests.HTTPError):
            http.download("https://files.example/a.png", 10)


def test_certificate_is_checked_for_the_name(tmp_path: Path, visitor: http.Session) -> None:
    certificate = self_signed(tmp_path, "portal.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    asked: list[str | None] = []
    tls.sni_callback = lambda sock, name, context: asked.append(name)
    with serving(tls) as port:
        told = visitor.get(f"https://portal.example:{port}/", verify=str(certificate)).text
        with pytest.raises(requests.exceptions.SSLError):
            visitor.get(f"https://stranger.example:{port}/", verify=str(certificate))
    assert f"Host: portal.example:{port}" in told
    assert asked == ["portal.example", "stranger.example"]


def self_signed(folder: Path, host: str) -> Path:
    """A certificate and its key in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


class Fixed(BaseAdapter):
    """Answers every request with one text; remembers the timeouts."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text
        self.timeouts: list[Any] = []

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        self.timeouts.append(kwargs["timeout"])
        answer = requests.Response()
        answer.status_code, answer.url = 200, str(request.url)
        answer.raw = urllib3.HTTPResponse(io.BytesIO(self.text.encode()), preload_content=False)
        return answer

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def mounted(prefix: str, adapter: BaseAdapter) -> Iterator[None]:
    http.mount(prefix, adapter)
    try:
        yield
    finally:
        http.unmount(prefix)


def test_mount_serves_every_session() -> None:
    earlier = http.session()
    with mounted("http://localhost:7200", Fixed("portal")):
        assert earlier.get("http://localhost:7200/rest").text == "portal"
        assert in_another_thread(lambda: http.session().get("http://localhost:7200").text) == (
            "portal"
        )
    with pytest.raises(http.RefusedHost):
        earlier.get("http://localhost:7200/rest")


def test_mount_ends_with_the_port() -> None:
    with mounted("http://localhost:72", Fixed("wrong")):
        with mounted("http://localhost:7200", Fixed("right")):
            assert http.session().get("http://localhost:7200/").text == "right"
        with pytest.raises(http.RefusedHost):
            http.session().get("http://localhost:7200/")


def test_timeout_is_set_unless_given() -> None:
    page = Fixed()
    with mounted("http://localhost:7200", page):
        http.session().get("http://localhost:7200/")
        http.session().get("http://localhost:7200/", timeout=65)
    assert page.timeouts == [http.TIMEOUT_SECONDS, 65]


def test_each_thread_has_its_session() -> None:
    assert http.session() is http.session()
    assert in_another_thread(http.session) is not http.session()


def test_configured_private_hosts_are_called(connects: list[tuple[str, int]]) -> None:
    http.configure(allow_private=True)
    try:
        with pytest.raises(requests.ConnectionError):
            http.session().get("http://127.0.0.1:9/")
    finally:
        http.configure(allow_private=False)
    assert connects == [("127.0.0.1", 9)]


def test_urllib3_is_the_one_we_override() -> None:
    assert metadata.version("urllib3").startswith("2.")


def test_version_is_the_projects() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_public_address_is_allowed(address: str) -> None:
    assert not http.forbidden(address)


def test_every_private_network_is_forbidden() -> None:
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"):
        whole = ipaddress.ip_network(network)
        assert http.forbidden(str(whole[0]))
        assert http.forbidden(str(whole[-1]))


def in_another_thread(ask: Callable[[], Any]) -> Any:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    thread.join()
    return answers[0]
