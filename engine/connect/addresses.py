"""Which hosts a connection may reach, and which of the addresses behind them.

Nothing is reachable that the connection does not list. A listed name must lead to public addresses only: the
name is resolved once, every address is checked, and the socket is opened to the checked address, so that a
name cannot point somewhere else between check and use. An entry of the list is one of

- a host name, ``api.example.com``, or all names below one, ``*.example.com``;
- an address, ``10.0.0.5``, or a network, ``10.1.0.0/16``: these also declare that the address is meant, so it
  may be private, and a listed name may lead there;
- ``localhost``: the machine itself.

Name and address entries may end in ``:port``. Without one, the port is 443, or any port on the machine itself.
Plain ``http`` is for the machine itself only.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NoReturn, Protocol, TypeAlias

from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")


class Resolver(Protocol):
    """Finds the addresses of a host name."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses as text, in order of preference. Raises OSError if there are none."""
        ...


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The machine's own resolver."""
    import asyncio  # slow to import, and checks of hosts alone do without

    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@frozen
class _Listed:
    """One entry of the list: a name (perhaps with all names below it) or a network, and a port."""

    name: str
    below: bool
    network: Network | None
    port: int | None

    def covers_host(self, host: str, address: Address | None) -> bool:
        if self.network is not None:
            return address is not None and address in self.network
        return host.endswith("." + self.name) if self.below else host == self.name


def as_address(host: str) -> Address | None:
    """The address that a host text spells in the usual way, or None for a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that carries it: mapped, 6to4 or NAT64."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return inner
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _parse_entry(text: str) -> _Listed:
    entry = text.strip().lower()
    port: int | None = None
    if entry.startswith("["):
        entry, _, rest = entry[1:].partition("]")
        port_text = rest.removeprefix(":")
    elif entry.count(":") == 1:
        entry, _, port_text = entry.partition(":")
    else:
        port_text = ""
    if port_text:
        if not port_text.isdecimal() or not 0 < int(port_text) < 65536:
            raise Failure(ErrorClass.CONFIG, f"the host list has an entry with an impossible port: {text!r}")
        port = int(port_text)
    try:
        return _Listed("", False, ip_network(entry, strict=False), port)
    except ValueError:
        pass
    below = entry.startswith("*.")
    name = entry[2:] if below else entry
    if not name or "/" in name or "*" in name or "@" in name:
        raise Failure(ErrorClass.CONFIG, f"the host list has an entry that is no host, address or network: {text!r}")
    return _Listed(name.rstrip("."), below, None, port)


def _refuse(message: str) -> NoReturn:
    raise Failure(ErrorClass.CONFIG, message, detail="not sent")


class Unlisted(Enum):
    """The part of an origin that a connection may not reach."""

    HOST = "host"
    SCHEME = "scheme"
    PORT = "port"


class HostRules:
    """The parsed list of one connection. Every refusal is Failure(config), before a byte is sent."""

    __slots__ = ("_listed",)

    def __init__(self, hosts: Sequence[str]) -> None:
        self._listed = tuple(_parse_entry(host) for host in hosts)

    def check_origin(self, scheme: str, host: str, port: int) -> None:
        """Refuse a host, port or scheme that is not listed. Addresses behind a name are checked later."""
        match self.unlisted(scheme, host, port):
            case Unlisted.HOST:
                _refuse(f"{host} is not among the hosts of this connection")
            case Unlisted.SCHEME:
                _refuse(f"{host} may be reached by https only")
            case Unlisted.PORT:
                _refuse(f"port {port} of {host} is not among the hosts of this connection")

    def unlisted(self, scheme: str, host: str, port: int) -> Unlisted | None:
        """What of an origin is not allowed; None if all of it is."""
        address = as_address(host)
        listed = [entry for entry in self._listed if entry.covers_host(host, address)]
        if not listed:
            return Unlisted.HOST
        on_machine = host == "localhost" or (address is not None and _unwrapped(address).is_loopback)
        if scheme != "https" and not on_machine:
            return Unlisted.SCHEME
        if any(entry.port == port or (entry.port is None and (on_machine or port == 443)) for entry in listed):
            return None
        return Unlisted.PORT

    def check_addresses(self, host: str, addresses: Sequence[str]) -> None:
        """Refuse the host if any of its addresses is one that it must not lead to."""
        for text in addresses:
            address = as_address(text)
            if address is None or not self._permits(host, address):
                _refuse(f"{host} leads to {text}, which is not a public address; list that address to allow it")

    def _permits(self, host: str, address: Address) -> bool:
        inner = _unwrapped(address)
        if any(entry.network is not None and inner in entry.network for entry in self._listed):
            return True
        if host == "localhost":
            return inner.is_loopback
        return inner.is_global and not inner.is_multicast
