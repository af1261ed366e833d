"""The acts of a dispatcher: one function per act, each one recorded transaction."""

from leadboard.desk.appeals import assign, close, give_back, reopen, submit, submit_to
from leadboard.desk.importing import import_rows
from leadboard.desk.operators import (
    add_operator,
    change_operator,
    delete_operator,
    send_home,
    step_limit,
    toggle_active,
)
from leadboard.desk.recording import Done
from leadboard.desk.sources import add_source, delete_source, rename_source
from leadboard.desk.undo import redo, undo
from leadboard.desk.weights import (
    replace_weight,
    scale,
    scale_row,
    set_weight,
    set_weights,
    spread,
    spread_row,
    step_weight,
    unlink,
)

__all__ = [
    "Done",
    "add_operator",
    "add_source",
    "assign",
    "change_operator",
    "close",
    "delete_operator",
    "delete_source",
    "give_back",
    "import_rows",
    "redo",
    "rename_source",
    "reopen",
    "replace_weight",
    "scale",
    "scale_row",
    "send_home",
    "set_weight",
    "set_weights",
    "spread",
    "spread_row",
    "step_limit",
    "step_weight",
    "submit",
    "submit_to",
    "toggle_active",
    "undo",
    "unlink",
]
