"""Acts in words, for sentences that list those that could not be stored."""

from collections.abc import Callable, Mapping, Sequence
from inspect import unwrap
from typing import Any

from leadboard import desk
from leadboard.queries.board import Board
from tui.widgets.figures import grouped

Words = Callable[..., str]

WORDS: Mapping[Callable[..., Any], Words] = {
    desk.toggle_active: "{operators} on or off".format,
    desk.send_home: "{operators} sent home".format,
    desk.step_limit: "{operator}'s limit {number:+}".format,
    desk.step_weight: "{operator}'s weight for {source} {number:+}".format,
    desk.set_weight: "{operator}'s weight for {source} {weight}".format,
    desk.unlink: "{operator} taken off {source}".format,
    desk.spread: "even weights for {source}".format,
    desk.spread_row: "even weights for {operator}".format,
    desk.scale: "weights of {source} scaled".format,
    desk.scale_row: "weights of {operator} scaled".format,
    desk.set_weights: "{count} weights".format,
    desk.close: "closing {appeals}".format,
    desk.reopen: "reopening {appeals}".format,
    desk.give_back: "returning {appeals}".format,
    desk.apply_draft: "the draft applied".format,
    desk.undo: "undo".format,
    desk.redo: "redo".format,
}
"""The words for each act that panes ask for without a dialog."""


def words_of(function: Callable[..., Any], arguments: Sequence[Any], board: Board) -> str:
    """Return what an act would have done, with the names that the board has for its ids."""
    # Acts on marked appeals come wrapped by Chosen.telling.
    act = unwrap(function)
    words = WORDS.get(act)
    if words is None:
        return str(getattr(act, "__name__", "act")).replace("_", " ")
    return words(**_parts(act, arguments, board))


def _parts(act: Callable[..., Any], arguments: Sequence[Any], board: Board) -> dict[str, Any]:
    ids = [argument for argument in arguments if isinstance(argument, int)]
    many = next((argument for argument in arguments if isinstance(argument, Sequence)), ())
    # The only id of `spread` is that of a source; elsewhere the operator comes first.
    is_of_source = act in (desk.spread, desk.scale)
    operator_id, source_id = (None, ids[0]) if is_of_source else (*ids, None, None)[:2]
    appeals = f"appeal #{many[0]}" if len(many) == 1 else f"{grouped(len(many))} appeals"
    one = _name(board.operators, many[0]) if len(many) == 1 else ""
    return {
        "operators": one or f"{len(many)} operators",
        "operator": _name(board.operators, operator_id),
        "source": _name(board.sources, source_id),
        "number": ids[-1] if ids else 0,
        "weight": grouped(ids[-1]) if ids else "",
        "count": grouped(len(many)),
        "appeals": appeals,
    }


def _name(rows: Sequence[Any], wanted: int | None) -> str:
    return next((row.name for row in rows if row.id == wanted), f"#{wanted}")
