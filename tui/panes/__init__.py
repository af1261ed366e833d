"""The four panes of the desk and the lists and fields in them."""

__all__ = [
    "answers",
    "appeal_columns",
    "appeal_window",
    "appeals",
    "appeals_pane",
    "form_odds",
    "known_lead",
    "leads",
    "new_appeal",
    "operators",
    "preview",
    "registry",
    "source_field",
    "team",
    "waiting",
    "waiting_sources",
    "weight_columns",
    "weight_grid",
    "weights",
]
