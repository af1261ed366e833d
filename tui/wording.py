"""Acts in words, as a sentence names those that could not be stored."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadboard.queries.board import Board

Words = Callable[..., str]

WORDS: Mapping[str, Words] = {
    "toggle_active": "{operator} on or off".format,
    "send_home": "{operator} sent home".format,
    "step_limit": "{operator}'s limit {number:+}".format,
    "step_weight": "{operator}'s weight for {source} {number:+}".format,
    "set_weight": "{operator}'s weight for {source} {number}".format,
    "unlink": "{operator} taken off {source}".format,
    "spread": "even weights for {source}".format,
    "set_weights": "{count} weights".format,
    "close": "closing {appeals}".format,
    "reopen": "reopening {appeals}".format,
    "give_back": "returning {appeals}".format,
    "undo": "undo".format,
    "redo": "redo".format,
}
"""The words of each act that panes ask for without a dialog."""


def words_of(function: Callable[..., Any], arguments: Sequence[Any], board: Board) -> str:
    """Return what an act was to do, with the names that the board has for its ids."""
    name: str = getattr(function, "__name__", "act")
    words = WORDS.get(name)
    return words(**_parts(name, arguments, board)) if words else name.replace("_", " ")


def _parts(name: str, arguments: Sequence[Any], board: Board) -> dict[str, Any]:
    ids = [argument for argument in arguments if isinstance(argument, int)]
    many = next((argument for argument in arguments if isinstance(argument, Sequence)), ())
    operator_id, source_id = (None, ids[0]) if name == "spread" else (*ids, None, None)[:2]
    appeals = f"appeal #{many[0]}" if len(many) == 1 else f"{len(many)} appeals"
    return {
        "operator": _name(board.operators, operator_id),
        "source": _name(board.sources, source_id),
        "number": ids[-1] if ids else 0,
        "count": len(many),
        "appeals": appeals,
    }


def _name(rows: Sequence[Any], wanted: int | None) -> str:
    return next((row.name for row in rows if row.id == wanted), f"#{wanted}")
