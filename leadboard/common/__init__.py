"""What every layer may use: errors with their sentences, checks of input, text for terminals."""

__all__ = [
    "case_folding",
    "console",
    "crashlog",
    "durations",
    "errors",
    "json_lines",
    "keyboard_layouts",
    "log_files",
    "progress",
    "settings",
    "text",
    "validation",
    "weighing",
]
