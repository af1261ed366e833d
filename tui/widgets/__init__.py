"""What several panes share: lists painted line by line, bars and figures."""

__all__ = [
    "cells",
    "figures",
    "filter",
    "free_text",
    "hits",
    "line_view",
    "list_reader",
    "marks",
    "moments",
    "operator_list",
    "paged_view",
    "paging",
    "pane",
    "pen_view",
    "remarks",
]
