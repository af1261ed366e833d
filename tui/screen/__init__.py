"""The desk's own screen: it surrounds the panes, follows changes and runs acts."""

__all__ = [
    "acting",
    "background",
    "desk",
    "following",
    "footer",
    "header",
    "leaving",
    "saving",
]
