"""What several panes share: lists painted line by line, bars and figures."""

__all__ = [
    "border_remarks",
    "cells",
    "choice",
    "figures",
    "filter",
    "free_text",
    "hit_count",
    "line_view",
    "lines",
    "list_reader",
    "marks",
    "moments",
    "operator_list",
    "outlooks",
    "paged_view",
    "paging",
    "pane",
    "pause",
    "pen_view",
    "urgency",
]
