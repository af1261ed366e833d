"""What every layer may use: errors with their sentences, checks of input, text for terminals."""

__all__ = [
    "case_folding",
    "console",
    "crashlog",
    "durations",
    "elsewhere",
    "errors",
    "json_lines",
    "keyboard_layouts",
    "language",
    "log_files",
    "os_reasons",
    "progress",
    "settings",
    "settings_file",
    "text",
    "validation",
    "weighing",
]
