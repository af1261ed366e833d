"""The screen: a Textual application of panes and dialogs with one style sheet."""

__all__ = [
    "app",
    "base",
    "dialogs",
    "driver",
    "ending",
    "export",
    "keys",
    "keytable",
    "line_filter",
    "messages",
    "painter",
    "palette",
    "panes",
    "reader",
    "screen",
    "settings",
    "typeahead",
    "widgets",
    "wording",
    "worker",
]
