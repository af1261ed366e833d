"""What opens over the desk and closes again: forms, details, history, help."""

__all__ = [
    "act",
    "act_list",
    "alarms",
    "base",
    "details",
    "details_text",
    "factor",
    "forms",
    "help",
    "history",
    "move",
    "statistics",
    "statistics_charts",
    "statistics_shares",
    "statistics_text",
    "triage",
]
