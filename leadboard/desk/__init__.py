"""What a dispatcher can do: one function an act, each one recorded transaction."""

from leadboard.desk.appeals import assign, close, give_back, reopen, submit
from leadboard.desk.importing import change_operator, import_operators
from leadboard.desk.operators import (
    add_operator,
    delete_operator,
    edit_operator,
    rename_operator,
    send_home,
    set_active,
    set_limit,
    step_limit,
    toggle_active,
)
from leadboard.desk.recording import Done
from leadboard.desk.sources import add_source, delete_source, import_sources, rename_source
from leadboard.desk.undo import redo, undo
from leadboard.desk.weights import (
    replace_weight,
    set_weight,
    set_weights,
    spread,
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
    "edit_operator",
    "give_back",
    "import_operators",
    "import_sources",
    "redo",
    "rename_operator",
    "rename_source",
    "reopen",
    "replace_weight",
    "send_home",
    "set_active",
    "set_limit",
    "set_weight",
    "set_weights",
    "spread",
    "step_limit",
    "step_weight",
    "submit",
    "toggle_active",
    "undo",
    "unlink",
]
