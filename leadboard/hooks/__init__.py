"""Hooks: the addresses that are told of the ledger's lines, signed, in order, at least once."""

__all__ = [
    "addresses",
    "complaints",
    "delivering",
    "hook_states",
    "outbox",
    "registry",
    "results",
    "rounds",
    "schedule",
    "sender",
    "sending",
    "trial",
]
