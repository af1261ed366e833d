"""What opens over the desk and closes again: forms, details, history, help."""

__all__ = [
    "act",
    "act_list",
    "alarms",
    "base",
    "details",
    "details_text",
    "draft",
    "factor",
    "forecast",
    "forms",
    "help",
    "history",
    "move",
    "rehearsal",
    "statistics",
    "statistics_charts",
    "statistics_text",
    "triage",
    "whatif",
    "whatif_text",
]
