"""The addresses of hooks: which may be told, and to which IP address a connection goes.

A name is resolved at each send, all that it stands for is checked, and the connection goes to what
was checked: a name that changes its meaning in between (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.validation import MAX_ADDRESS

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NO_ADDRESS = _("The address is not one of http:// or https://.")
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Unresolved(Exception):
    """A name that stands for no address now."""


class Place(NamedTuple):
    """The parts of an address: where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Return what the header Host says: the name, and the port if it is not the usual one."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


Resolve = Callable[[str, int], Sequence[str]]
"""Returns the IP addresses that a name stands for, the best first; raises Unresolved."""


def place_of(address: str) -> Place:
    """Return the parts of an address; raises Refused for what no hook may have."""
    if len(address) > MAX_ADDRESS:
        raise _refusal(
            _(
                "The address has {count:,} characters; {most:,} are allowed.",
                count=len(address),
                most=MAX_ADDRESS,
            )
        )
    # Programs disagree about what such a letter means, and so about where the address leads.
    if not all("!" <= letter <= "~" and letter != "\\" for letter in address):
        raise _refusal(
            _(
                "The address holds a space or a letter that is not plain ASCII: encode it as URLs "
                "do."
            )
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise _refusal(_NO_ADDRESS) from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise _refusal(_NO_ADDRESS)
    if "@" in parts.netloc:
        raise _refusal(
            _(
                "The address holds a user or a password, but the signature is what proves the "
                "sender."
            )
        )
    if "#" in address:
        raise _refusal(_("The address holds a #, which is never sent."))
    if port == 0:
        raise _refusal(_("The address has the port 0."))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], target)


def _refusal(sentence: str) -> Refused:
    return Refused(sentence, "address")


def resolved(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses that the system finds for a name; raises Unresolved."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A label that is too long is a UnicodeError.
    except (OSError, UnicodeError) as error:
        raise Unresolved(_("{host} stands for no address", host=host)) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def allowed(found: Sequence[str], *, may_be_private: bool) -> Sequence[str]:
    """Return the IP addresses of a name if every one may be told; raises Refused."""
    if not may_be_private:
        for each in found:
            if not is_public(each):
                raise _refusal(
                    _(
                        "{address} is in no public network: --private lets a hook go there.",
                        address=each,
                    )
                )
    return found


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet, also inside another form of it."""
    ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    is_site = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or is_site)


def _inner(ip: IpAddress) -> IpAddress:
    """Return the IPv4 address that one of IPv6 stands for, itself if it is none of those."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    tunnelled = ip.teredo[1] if ip.teredo else None
    return ip.ipv4_mapped or ip.sixtofour or tunnelled or ip


def refuse_at_once(address: str, *, may_be_private: bool, resolve: Resolve = resolved) -> Place:
    """Return the parts of an address for a new hook; raises Refused for one that may not be told.

    A name that stands for nothing yet is taken: it is looked up again at each send.
    """
    place = place_of(address)
    with suppress(Unresolved):
        allowed(resolve(place.host, place.port), may_be_private=may_be_private)
    return place
