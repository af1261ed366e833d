"""What the allocator is built on: the lottery, loads, rosters, locks, the journal, the backlog."""

__all__ = [
    "appeals",
    "audit",
    "backlog",
    "draws",
    "fairness",
    "handouts",
    "intake",
    "journal",
    "lifecycle",
    "limits",
    "locks",
    "lottery",
    "names",
    "rosters",
]
