"""The HTTP door for bots and other programs: its endpoints and its server."""

__all__ = [
    "access",
    "acts",
    "app",
    "appeals",
    "callers",
    "connections",
    "door",
    "errors",
    "events",
    "parameters",
    "schemas",
    "server",
    "tail",
    "team",
    "writer",
]
