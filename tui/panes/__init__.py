"""The four panes of the desk and the lists and fields in them."""

__all__ = [
    "appeal_columns",
    "appeal_window",
    "appeals",
    "appeals_pane",
    "leads",
    "new_appeal",
    "operators",
    "registry",
    "source_field",
    "team",
    "waiting",
    "waiting_sources",
    "weight_columns",
    "weight_grid",
    "weights",
]
