"""Readings for the panes and other programs: frozen dataclasses, never a Peewee row."""

__all__ = [
    "appeals",
    "board",
    "explanation",
    "filters",
    "history",
    "leads",
    "matching",
    "moments",
    "odds",
    "records",
    "team",
    "word_index",
]
