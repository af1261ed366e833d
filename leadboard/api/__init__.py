"""HTTP: what bots and other programs may ask for, and the server that answers them."""

__all__ = [
    "access",
    "app",
    "connections",
    "errors",
    "schemas",
    "server",
    "writer",
]
