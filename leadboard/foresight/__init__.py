"""What would happen: replays of the past under other weights, and forecasts; in numbers alone."""

__all__ = [
    "couplings",
    "draft",
    "handling",
    "happenings",
    "history",
    "outcome",
    "replay",
    "replay_state",
    "rosters",
    "strategic",
    "team_then",
    "worlds",
]
