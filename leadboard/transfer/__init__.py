"""Tables out to files and in again, and whole databases from one place to another."""

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
