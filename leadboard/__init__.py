"""Leadboard below its screen: the lottery, the acts, what is read, and the ways in and out."""

__all__ = [
    "allocation",
    "api",
    "cli",
    "common",
    "database",
    "desk",
    "entities",
    "foresight",
    "hooks",
    "queries",
    "transfer",
]
