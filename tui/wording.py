"""Acts in words, for sentences that list those that could not be stored."""

from collections.abc import Callable, Mapping, Sequence
from inspect import unwrap
from typing import Any

from leadboard import desk
from leadboard.common.language import _, ngettext, pgettext
from leadboard.queries.board import Board
from tui.widgets.figures import grouped

Words = Callable[..., str]

WORDS: Mapping[Callable[..., Any], Words] = {
    desk.toggle_active: _("{operators} on or off").format,
    desk.send_home: _("{operators} sent home").format,
    desk.step_limit: _("{operator}'s limit {number:+}").format,
    desk.step_weight: _("{operator}'s weight for {source} {number:+}").format,
    desk.set_weight: _("{operator}'s weight for {source} {weight}").format,
    desk.unlink: _("{operator} taken off {source}").format,
    desk.spread: _("even weights for {source}").format,
    desk.spread_row: _("even weights for {operator}").format,
    desk.scale: _("weights of {source} scaled").format,
    desk.scale_row: _("weights of {operator} scaled").format,
    desk.set_weights: "{weights}".format,
    desk.close: _("closing {appeals}").format,
    desk.reopen: _("reopening {appeals}").format,
    desk.give_back: _("returning {appeals}").format,
    desk.apply_draft: _("the draft applied").format,
    desk.undo: pgettext("act", "undo").format,
    desk.redo: pgettext("act", "redo").format,
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
    count = grouped(len(many))
    one = _name(board.operators, many[0]) if len(many) == 1 else ""
    return {
        "operators": one or ngettext("{n} operator", "{n} operators", len(many)),
        "operator": _name(board.operators, operator_id),
        "source": _name(board.sources, source_id),
        "number": ids[-1] if ids else 0,
        "weight": grouped(ids[-1]) if ids else "",
        "weights": ngettext("{count} weight", "{count} weights", len(many), count=count),
        "appeals": _appeals(many),
    }


def _appeals(ids: Sequence[Any]) -> str:
    if len(ids) == 1:
        return _("appeal #{id}", id=ids[0])
    return ngettext("{count} appeal", "{count} appeals", len(ids), count=grouped(len(ids)))


def _name(rows: Sequence[Any], wanted: int | None) -> str:
    return next((row.name for row in rows if row.id == wanted), f"#{wanted}")
