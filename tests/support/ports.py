"""Ports of this machine that nobody listens on."""

import socket
from contextlib import closing


def free_port() -> int:
    """Return a port of the loopback that is free now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])
