"""What would happen: replays of the past under other weights, and forecasts; in numbers alone."""

__all__ = [
    "couplings",
    "draft",
    "floor",
    "forecast",
    "handling",
    "happenings",
    "history",
    "lookout",
    "outcome",
    "paths",
    "replay",
    "replay_state",
    "rosters",
    "staffing",
    "strategic",
    "team_then",
    "worlds",
]
