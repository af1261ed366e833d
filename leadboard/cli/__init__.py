"""The command line: one module a command, each loaded only when it is asked for."""

__all__ = [
    "completion",
    "context",
    "copy",
    "demo",
    "errors",
    "feed",
    "importing",
    "line_reader",
    "main",
    "output",
    "progress",
    "restore",
    "samples",
    "screen",
    "serve",
    "signals",
    "transfer",
]
