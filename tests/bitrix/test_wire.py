"""Addresses as they are compared and kept."""

import pytest

from b24app.bitrix.wire import endpoint, host


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
