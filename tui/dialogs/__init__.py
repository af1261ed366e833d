"""What opens over the desk and closes again: forms, details, history, help."""

__all__ = [
    "act",
    "act_list",
    "alarms",
    "base",
    "details",
    "details_text",
    "factor",
    "forecast",
    "forms",
    "help",
    "history",
    "move",
    "triage",
]
