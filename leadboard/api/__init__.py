"""The HTTP door for bots and other programs: its endpoints and its server."""

__all__ = [
    "accepting",
    "access",
    "app",
    "appeals",
    "connections",
    "errors",
    "httptools_protocol",
    "protocols",
    "schemas",
    "server",
    "writer",
]
