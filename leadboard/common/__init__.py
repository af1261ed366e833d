"""What every layer may use: errors with their sentences, checks of input, text for terminals."""

__all__ = [
    "case_folding",
    "console",
    "crashlog",
    "errors",
    "keyboard_layouts",
    "progress",
    "text",
    "validation",
]
