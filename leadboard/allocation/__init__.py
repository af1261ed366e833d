"""What the allocator is built on: the lottery, loads, rosters, locks, the journal, the backlog."""

__all__ = [
    "appeal_state",
    "appeals",
    "audit",
    "backlog",
    "draws",
    "fairness",
    "handouts",
    "intake",
    "journal",
    "ledger",
    "ledger_reading",
    "lifecycle",
    "limits",
    "locks",
    "lottery",
    "names",
    "pruning",
    "rosters",
    "verification",
]
