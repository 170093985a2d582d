"""Which hosts and addresses may be reached: a table of tricks, with a resolver that answers as told."""

from __future__ import annotations

import asyncio

import pytest

from engine.base.errors import ErrorClass, Failure
from engine.connect.addresses import HostRules
from engine.connect.http_message import split_url
from engine.connect.transport import NOT_SENT, Http

REFUSED_URLS = [
    ("https://evil.example/", ("api.example.com",), "not among the hosts"),
    ("https://api.example.com.evil.example/", ("api.example.com",), "not among the hosts"),
    ("https://evil-example.com/", ("*.example.com",), "not among the hosts"),
    ("https://example.com/", ("*.example.com",), "not among the hosts"),
    ("http://api.example.com/", ("api.example.com",), "https only"),
    ("http://10.0.0.5/", ("10.0.0.5",), "https only"),
    ("https://api.example.com:22/", ("api.example.com",), "port 22"),
    ("https://api.example.com:443/", ("api.example.com:8443",), "port 443"),
    ("https://user:pass@api.example.com/", ("api.example.com",), "plain http"),
    ("https://api.example.com@evil.example/", ("api.example.com",), "plain http"),
    ("https://api.example.com\\@evil.example/", ("api.example.com",), "characters"),
    ("https://api.example.com/\r\nX: y", ("api.example.com",), "characters"),
    ("ftp://api.example.com/", ("api.example.com",), "plain http"),
    ("file:///etc/passwd", ("api.example.com",), "plain http"),
    ("https://127.0.0.1/", ("api.example.com",), "not among the hosts"),
    ("https://2130706433/", ("127.0.0.2",), "not among the hosts"),
    ("https://[::1]:99999/", ("localhost",), "cannot be read"),
    ("https://api.example.com/", (), "not among the hosts"),
]

REFUSED_ADDRESSES = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize(("url", "hosts", "reason"), REFUSED_URLS)
def test_refused_before_anything_is_sent(url: str, hosts: tuple[str, ...], reason: str) -> None:
    with pytest.raises(Failure) as caught:
        Http(hosts).origin(url)
    assert caught.value.error_class is ErrorClass.CONFIG
    assert caught.value.detail == NOT_SENT
    assert reason in caught.value.message
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_a_listed_name_that_leads_inside_is_refused(address: str) -> None:
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.215.14", address]

    async def attempt() -> None:
        http = Http(("api.example.com",), resolver=resolver)
        with pytest.raises(Failure) as caught:
            await http.request("GET", "https://api.example.com/")
        assert caught.value.error_class is ErrorClass.CONFIG
        assert "not a public address" in caught.value.message

    asyncio.run(attempt())
    assert asked == ["api.example.com"]


@pytest.mark.parametrize(
    ("hosts", "host", "addresses"),
    [
        (("api.example.com",), "api.example.com", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]),
        (("erp.internal", "10.1.0.0/16"), "erp.internal", ["10.1.2.3"]),
        (("localhost",), "localhost", ["127.0.0.1", "::1"]),
        (("10.0.0.5",), "10.0.0.5", ["10.0.0.5"]),
    ],
)
def test_declared_addresses_are_reached(hosts: tuple[str, ...], host: str, addresses: list[str]) -> None:
    rules = HostRules(hosts)
    rules.check_origin("https", host, 443)
    rules.check_addresses(host, addresses)


def test_localhost_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(Failure):
        HostRules(("localhost",)).check_addresses("localhost", ["93.184.215.14"])


@pytest.mark.parametrize("entry", ["", "a/b", "*", "user@host", "host:0", "host:99999", "a*b.example"])
def test_senseless_entries_are_refused(entry: str) -> None:
    with pytest.raises(Failure) as caught:
        HostRules((entry,))
    assert caught.value.error_class is ErrorClass.CONFIG


def test_urls_are_spelled_in_one_way() -> None:
    origin, target = split_url("HTTPS://API.Example.com:443/a?b=c")
    assert (origin.scheme, origin.host, origin.port, target) == ("https", "api.example.com", 443, "/a?b=c")
    assert origin.authority == "api.example.com"
    origin, target = split_url("http://[::1]:8080")
    assert (origin.authority, target) == ("[::1]:8080", "/")
