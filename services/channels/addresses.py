"""Which network addresses a call may go to: global unicast only, looked up once, and then that very address.

A receiver's name is under somebody else's control. Were it resolved a second time for the connection, it could point to
a machine of ours by then; so what was checked is what is connected to (RELIABILITY.md §3.7).
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Final

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a name, as text, in the order of preference. Raises OSError."""

_UNICAST_V6: Final = IPv6Network("2000::/3")
_NOT_GLOBAL: Final = (
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2001::/23"),  # special purposes, Teredo among them
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),  # 6to4: holds any IPv4 address, private ones too
    IPv6Network("3fff::/20"),
)
_OWN_NETWORKS: Final = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)


def may_be_called(address: Address, *, allow_private: bool) -> bool:
    """Whether an address is global unicast. ``allow_private`` lets loopback and private networks pass too, and nothing
    else: never link-local (the metadata services of clouds), multicast, or an IPv4 address inside an IPv6 one.
    """
    if allow_private and _within(address, _OWN_NETWORKS):
        return True
    if isinstance(address, IPv6Address) and (address not in _UNICAST_V6 or address.scope_id is not None):
        return False
    return address.is_global and not address.is_multicast and not _within(address, _NOT_GLOBAL)


def _within(address: Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of ``host`` as this machine resolves them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def look_up(resolver: Resolver, host: str, port: int) -> tuple[Address, ...]:
    """The addresses of ``host``, without holding up the event loop. Raises OSError.

    The look-up runs in a thread of its own, which nobody waits for once the caller has given up: resolvers have
    deadlines of their own, far longer than ours.
    """
    answer: Future[Sequence[str]] = Future()
    answer.set_running_or_notify_cancel()

    def work() -> None:
        try:
            answer.set_result(resolver(host, port))
        except OSError as error:
            answer.set_exception(error)
        except UnicodeError as error:  # what Python says of a name that cannot be one
            answer.set_exception(OSError(str(error)))

    Thread(target=work, name="look-up", daemon=True).start()
    return tuple(ip_address(found) for found in await asyncio.wrap_future(answer))
