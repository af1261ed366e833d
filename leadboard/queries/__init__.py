"""What the panes and other programs read: frozen dataclasses, in pages, never a Peewee row."""

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
