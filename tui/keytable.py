"""The table of keys, read from the bindings, for docs/keys.md and `leadboard keys`."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from textual.binding import Binding

from leadboard.common.language import _
from tui.keys import Keymap, key_label, keys_of, without_twins
from tui.panes.registry import PANES
from tui.screen.desk import DeskScreen
from tui.widgets.free_text import FreeText
from tui.widgets.line_view import LineView

PLACES: tuple[tuple[str, type[Any]], ...] = (
    (_("anywhere"), DeskScreen),
    (_("lists and grid"), LineView),
    *(place for pane in PANES for place in pane.keys),
    # Not with its pane, which names no widget that the first frame can do without.
    (_("New appeal"), FreeText),
)


def key_table(keymap: Keymap = MappingProxyType({})) -> list[tuple[str, str, str]]:
    """Return (place, keys, what they do) for every binding of the desk, without the twins."""
    return [(place, keys, does) for place, owner in PLACES for keys, does in _rows(owner, keymap)]


def _rows(owner: type[Any], keymap: Keymap) -> Iterable[tuple[str, str]]:
    for binding in owner.BINDINGS:
        if isinstance(binding, Binding) and binding.id:
            keys = without_twins(keys_of(binding.id, keymap))
            yield " ".join(map(key_label, keys)), binding.description
