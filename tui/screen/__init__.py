"""The desk's own screen: it surrounds the panes, follows changes and runs acts."""

__all__ = [
    "acting",
    "applying",
    "attention",
    "background",
    "desk",
    "drafting",
    "filtering",
    "following",
    "footer",
    "greeting",
    "header",
    "leaving",
    "navigating",
    "opening",
    "pane_strip",
    "saving",
    "tour",
    "tour_steps",
    "touring",
]
