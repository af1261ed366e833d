"""What every layer may use: errors with their sentences, checks of input, text for terminals."""

__all__ = [
    "case_folding",
    "console",
    "crashlog",
    "durations",
    "errors",
    "json_lines",
    "keyboard_layouts",
    "progress",
    "settings",
    "text",
    "validation",
]
