"""What opens over the desk and closes again: forms, details, history, help."""

__all__ = [
    "base",
    "details",
    "forms",
    "help",
    "history",
    "move",
]
