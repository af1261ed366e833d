"""What several panes share: lists painted line by line, bars and figures."""

__all__ = [
    "cells",
    "figures",
    "filter",
    "free_text",
    "hits",
    "line_view",
    "marks",
    "moments",
    "operator_list",
    "paged_view",
    "paging",
    "reader",
    "remarks",
]
