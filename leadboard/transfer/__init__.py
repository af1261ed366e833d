"""Export and import of tables, and copies of whole databases."""

__all__ = [
    "appeal_rows",
    "appeals",
    "cells",
    "copying",
    "decisions",
    "leads",
    "list_export",
    "paste",
    "plan",
    "reading",
    "report",
    "report_pictures",
    "tables",
    "team",
    "writing",
]
