"""What a dispatcher can do: one function an act, each one recorded transaction."""

from desk.appeals import close, submit
from desk.recording import Done
from desk.sources import (
    add_source,
    delete_source,
    rename_source,
    set_weight,
    spread,
    step_weight,
    unlink,
)
from desk.team import (
    add_operator,
    delete_operator,
    edit_operator,
    rename_operator,
    set_active,
    set_limit,
    step_limit,
    toggle_active,
)

__all__ = [
    "Done",
    "add_operator",
    "add_source",
    "close",
    "delete_operator",
    "delete_source",
    "edit_operator",
    "rename_operator",
    "rename_source",
    "set_active",
    "set_limit",
    "set_weight",
    "spread",
    "step_limit",
    "step_weight",
    "submit",
    "toggle_active",
    "unlink",
]
