"""Readings for the panes and other programs: frozen dataclasses, never a Peewee row."""

__all__ = [
    "appeals",
    "board",
    "explanation",
    "filters",
    "history",
    "leads",
    "ledger_lines",
    "moments",
    "odds",
    "records",
    "team",
    "terms",
    "word_index",
]
