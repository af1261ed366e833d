"""The command line: one module per command, each loaded only when it is needed."""

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
