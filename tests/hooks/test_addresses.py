"""Which addresses a hook may have: nothing inside, in whatever form it is written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.common.errors import Refused
from leadboard.hooks.addresses import (
    Unresolved,
    allowed,
    is_public,
    place_of,
    refuse_at_once,
    resolved,
)

PUBLIC_NAME = {"crm.example": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]}
"""What names stand for, in this test."""


def by_table(host: str, port: int) -> list[str]:
    """Resolve without asking the network: numbers as the system does, names from a table."""
    if host in PUBLIC_NAME:
        return PUBLIC_NAME[host]
    if host == "both.example":
        return ["93.184.216.34", "10.0.0.7"]
    if host == "nowhere.example":
        raise Unresolved("nowhere.example stands for no address")
    return list(resolved(host, port))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.9.9.9", "localhost", "[::1]", "0.0.0.0", "[::]"),
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
        *("[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::]"),
        *(
            "2130706433",
            "0177.0.0.1",
            "0x7f000001",
            "0x7f.1",
            "127.1",
            "127.0.1",
            "0",
            "017700000001",
        ),
        *("both.example", "LOCALHOST", "127.0.0.1:8080", "[::1]:443"),
    ],
)
def test_what_is_not_public_needs_leave(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(Refused, match="is in no public network: --private"):
            refuse_at_once(f"{scheme}://{host}/in", may_be_private=False, resolve=by_table)
        refuse_at_once(f"{scheme}://{host}/in", may_be_private=True, resolve=by_table)


@pytest.mark.parametrize(
    "address",
    [
        *("https://crm.example/in", "http://crm.example", "https://crm.example:8443/a?b=c&d"),
        *("http://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]/"),
        *("http://[64:ff9b::5db8:d822]/", "HTTPS://CRM.EXAMPLE/", "http://nowhere.example/"),
    ],
)
def test_what_is_public_or_not_known_yet_is_taken(address: str) -> None:
    refuse_at_once(address, may_be_private=False, resolve=by_table)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://crm.example/", "is not one of http"),
        ("file:///etc/passwd", "is not one of http"),
        ("crm.example/in", "is not one of http"),
        ("http://", "is not one of http"),
        ("http:///in", "is not one of http"),
        ("https://crm.example:99999/", "is not one of http"),
        ("https://crm.example:x/", "is not one of http"),
        ("https://[::1/", "is not one of http"),
        ("https://crm.example:0/", "port 0"),
        ("https://anna:secret@crm.example/", "a user or a password"),
        ("https://crm.example@127.0.0.1/", "a user or a password"),
        ("https://127.0.0.1#@crm.example/", "a #"),
        ("https://crm.example/in#x", "a #"),
        ("https://crm.example/\n", "a space or a letter"),
        ("https://crm.example\\@127.0.0.1/", "a space or a letter"),
        ("https://crm.example/a b", "a space or a letter"),
        ("https://срм.example/", "a space or a letter"),
        ("https://ⓛocalhost/", "a space or a letter"),
        ("https://crm.example/\x00", "a space or a letter"),
        ("", "is not one of http"),
        ("https://crm.example/" + "x" * 2_000, "characters; 2,000 are allowed"),
    ],
)
def test_what_is_no_address_of_a_hook_is_a_sentence(address: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refusal:
        refuse_at_once(address, may_be_private=True, resolve=by_table)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("address", "authority", "target"),
    [
        ("https://crm.example", "crm.example", "/"),
        ("https://crm.example:443/in", "crm.example", "/in"),
        ("http://crm.example:443/in?a=b", "crm.example:443", "/in?a=b"),
        ("http://[::1]:9000/?q", "[::1]:9000", "/?q"),
        ("http://[::1]", "[::1]", "/"),
    ],
)
def test_the_parts_of_an_address(address: str, authority: str, target: str) -> None:
    place = place_of(address)
    assert (place.authority, place.target) == (authority, target)


@given(st.ip_addresses())
def test_public_is_what_is_global_in_every_form(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if ip.version == 4:
        assert is_public(str(ip)) == is_public(f"::ffff:{ip}")
    if is_public(str(ip)):
        # Newer Pythons call a tunnel private, whomever it leads to.
        end = ip if ip.version == 4 else ip.sixtofour or (ip.teredo or (ip, ip))[1]
        assert not any((end.is_private, end.is_loopback, end.is_link_local, end.is_multicast))


def test_one_private_address_among_many_is_enough() -> None:
    with pytest.raises(Refused, match=r"10\.0\.0\.1 is in no public network"):
        allowed(["93.184.216.34", "10.0.0.1"], may_be_private=False)
