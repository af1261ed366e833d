"""Export and import of tables, and copies of whole databases."""

__all__ = [
    "appeal_rows",
    "appeals",
    "cells",
    "copying",
    "leads",
    "paste",
    "plan",
    "reading",
    "showing",
    "tables",
    "team",
    "writing",
]
