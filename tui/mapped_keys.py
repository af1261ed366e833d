"""Screens whose keys are as the settings have them."""

from typing import TYPE_CHECKING

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

from tui.key_names import sign_of
from tui.keys import Keymap

if TYPE_CHECKING:
    # A Screen only for mypy, for the reason given in tui.widgets.filter.
    from typing import Any

    from textual.screen import Screen

    Base = Screen[Any]
else:
    Base = object


class MappedKeys(Base):
    """A screen that maps keys first, and then lets text fields claim theirs.

    Textual does it the other way round: a key taken off a letter would not work in a text field,
    because the field has claimed that letter. It also forgets bindings that share a key.
    """

    # A private property of Screen: what Textual looks up keys in, and shows as active.
    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        """Return the nodes from the focus upwards, each with its bindings as mapped."""
        keymap = self.app._keymap
        if not keymap:
            return super()._binding_chain
        focused = self.focused
        nodes: list[DOMNode] = [self, self.app]
        if focused is not None and not focused.loading:
            nodes = list(focused.ancestors_with_self)
        return [
            (node, mapped(node._bindings, keymap, claiming=nodes[:place]))
            for place, node in enumerate(nodes)
        ]


def mapped(bindings: BindingsMap, keymap: Keymap, *, claiming: list[DOMNode]) -> BindingsMap:
    """Return bindings with other keys, without those that a node nearer the focus claims."""
    found: dict[str, list[Binding]] = {}
    seen = set()
    for key, binding in bindings:
        if binding.id is None or binding.id not in keymap:
            found.setdefault(key, []).append(binding)
        # A binding is listed once for each of its keys, but mapped once.
        elif binding.id not in seen:
            seen.add(binding.id)
            for each in keymap[binding.id].split(","):
                found.setdefault(each, []).append(binding.with_key(each))
    return BindingsMap.from_keys(
        {key: each for key, each in found.items() if not _is_claimed(key, claiming)}
    )


def _is_claimed(key: str, claiming: list[DOMNode]) -> bool:
    character = sign_of(key)
    return any(node.check_consume_key(key, character) for node in claiming)
