"""What would happen: replays of the past under other weights, and forecasts; in numbers alone."""

__all__ = ["floor", "forecast", "lookout", "paths", "staffing"]
