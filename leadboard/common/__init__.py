"""What every layer may use: errors with their sentences, checks of input, text for terminals."""

__all__ = [
    "console",
    "crashlog",
    "errors",
    "folding",
    "layouts",
    "progress",
    "text",
    "validation",
]
