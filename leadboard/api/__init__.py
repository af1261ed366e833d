"""The HTTP door for bots and other programs: its endpoints and its server."""

__all__ = [
    "accepting",
    "access",
    "app",
    "appeals",
    "connections",
    "errors",
    "httptools_protocol",
    "metrics",
    "observing",
    "protocols",
    "request_log",
    "schemas",
    "server",
    "writer",
]
