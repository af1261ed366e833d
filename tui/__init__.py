"""The screen: a Textual application of panes and dialogs with one style sheet."""

__all__ = [
    "app",
    "base",
    "compositor",
    "dialogs",
    "driver",
    "ending",
    "export",
    "keys",
    "keytable",
    "line_filter",
    "messages",
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
