"""The acts of a dispatcher: one function per act, each one recorded transaction.

They are loaded when the first is asked for: the screen shows its first frame without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from leadboard.desk.sources import add_source, change_source, delete_source
    from leadboard.desk.undoing import redo, undo
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
    "change_source",
    "close",
    "delete_operator",
    "delete_source",
    "give_back",
    "import_rows",
    "redo",
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

_MODULES = ("recording", "appeals", "importing", "operators", "sources", "undoing", "weights")

if not TYPE_CHECKING:  # or any name would pass for an act

    def __getattr__(name: str) -> object:
        """Return an act, loading the modules of acts until one has it."""
        if name in __all__:
            for module in _MODULES:
                acts = vars(import_module(f"{__name__}.{module}"))
                if name in acts:
                    globals()[name] = acts[name]
                    return acts[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
