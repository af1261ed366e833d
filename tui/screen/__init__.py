"""The desk's own screen: it surrounds the panes, follows changes and runs acts."""

__all__ = [
    "acting",
    "attention",
    "background",
    "desk",
    "following",
    "footer",
    "header",
    "leaving",
    "pane_strip",
    "saving",
]
