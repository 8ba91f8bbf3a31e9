"""Addresses as they are compared and kept."""

import pytest

from b24app.bitrix.wire import endpoint, host, origin


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Acme.Bitrix24.com/rest/", "acme.bitrix24.com"),
        ("acme.bitrix24.com", "acme.bitrix24.com"),
        ("https://acme.com:443/rest/", "acme.com"),
        ("http://acme.com:80", "acme.com"),
        ("box.example:8443", "box.example:8443"),
        ("https://acme.com./", "acme.com"),
        ("https://good.com@evil.com/", "evil.com"),
        ("https://a:b:c/", ""),
        ("", ""),
    ],
)
def test_hosts_compare(url: str, name: str) -> None:
    assert host(url) == name


@pytest.mark.parametrize(
    ("url", "http", "kept"),
    [
        ("https://Acme.com/rest", False, "https://acme.com/rest/"),
        ("https://acme.com:8443/rest/?x=1#y", False, "https://acme.com:8443/rest/"),
        ("http://localhost:7200/rest/", True, "http://localhost:7200/rest/"),
        ("http://localhost:7200/rest/", False, ""),
        ("ftp://acme.com/rest/", True, ""),
        ("https://user@acme.com/rest/", False, ""),
        ("https://acme.com\\@evil.com/", False, ""),
        ("https://[::1]/rest/", True, ""),
        ("https://acme.com:x/", False, ""),
        ("", True, ""),
    ],
)
def test_only_addresses_we_would_call_are_kept(url: str, http: bool, kept: str) -> None:
    assert endpoint(url, http) == kept


@pytest.mark.parametrize(
    ("text", "http", "sent_to"),
    [
        ("acme.bitrix24.com", False, "https://acme.bitrix24.com"),
        ("  https://Acme.Bitrix24.com/stream/?x=1#y ", False, "https://acme.bitrix24.com"),
        ("https://box.example:8443", False, "https://box.example:8443"),
        ("https://box.example:443/", False, "https://box.example"),
        ("портал.example", False, "https://xn--80awhdgm.example"),
        ("http://localhost:7200", True, "http://localhost:7200"),
        ("http://acme.com", False, ""),
        ("localhost", False, ""),
        ("javascript://acme.com/%0aalert(1)", True, ""),
        ("https://acme.com@evil.com", True, ""),
        ("https://acme.com\\@evil.com", True, ""),
        ("https://acme.com\t.evil.com", True, ""),
        ("https://-acme.com", True, ""),
        ("https://acme..com", True, ""),
        ("https://acme.com:x", True, ""),
        ("https://[::1]", True, ""),
        ("//evil.com", True, ""),
        ("/login", True, ""),
        (f"https://{'a' * 64}.com", True, ""),
        ("", True, ""),
    ],
)
def test_browsers_are_sent_to_portals_only(text: str, http: bool, sent_to: str) -> None:
    assert origin(text, http) == sent_to
