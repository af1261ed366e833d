"""Readings for the panes and other programs: frozen dataclasses, never a Peewee row."""

__all__ = [
    "act_details",
    "appeal_history",
    "appeals",
    "board",
    "explanation",
    "filters",
    "history",
    "leads",
    "ledger_lines",
    "load_history",
    "moments",
    "odds",
    "operator_names",
    "records",
    "team",
    "terms",
    "times",
    "triage",
    "word_index",
]
