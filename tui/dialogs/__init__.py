"""What opens over the desk and closes again: forms, details, history, help."""

__all__ = [
    "base",
    "details",
    "details_text",
    "forms",
    "help",
    "history",
    "move",
]
