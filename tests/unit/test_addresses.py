"""Which network addresses a call may go to."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.addresses import may_be_called

NEVER = [
    "0.0.0.0",  # noqa: S104 (an address to be refused)
    "0.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
OWN = ["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fd00::1"]
PUBLIC = ["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", NEVER)
def test_what_is_not_global_unicast_is_never_called(address: str) -> None:
    assert not may_be_called(ip_address(address), allow_private=False)
    assert not may_be_called(ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", OWN)
def test_own_networks_are_called_only_where_that_is_allowed(address: str) -> None:
    assert not may_be_called(ip_address(address), allow_private=False)
    assert may_be_called(ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(address: str) -> None:
    assert may_be_called(ip_address(address), allow_private=False)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_never_called(address: object) -> None:
    for prefix in ("::ffff:", "64:ff9b::", "::"):
        inside = ip_address(f"{prefix}{address}")
        assert not may_be_called(inside, allow_private=True) or inside == ip_address("::1")
