"""The command palette: every act of every pane, in words."""

from collections.abc import Iterator
from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode

from tui.keys import key_label

PLACES = {
    "desk": "Desk",
    "operators": "Operators",
    "grid": "Weights",
    "appeals": "Appeals",
    "leads": "Leads",
    "form": "New appeal",
}
"""How the palette names the first part of a binding's id."""


class Acts(Provider):
    """Offers what the desk and its panes are bound to, wherever the focus is."""

    def acts(self) -> Iterator[tuple[str, Binding, DOMNode]]:
        """Yield the words, the binding and its owner of each act."""
        for node in (self.screen, *self.screen.query("#body *")):
            for binding in type(node).BINDINGS:
                if isinstance(binding, Binding) and binding.id:
                    place = PLACES.get(binding.id.partition(".")[0])
                    if place is not None:
                        yield f"{place}: {binding.description}", binding, node

    async def discover(self) -> Hits:
        """Offer every act before anything is typed."""
        for words, binding, node in self.acts():
            run = partial(self.app.run_action, binding.action, node)
            yield DiscoveryHit(Content(words), run, words, _keys(binding))

    async def search(self, query: str) -> Hits:
        """Offer the acts whose words match."""
        matcher = self.matcher(query)
        for words, binding, node in self.acts():
            if (score := matcher.match(words)) > 0:
                run = partial(self.app.run_action, binding.action, node)
                yield Hit(score, matcher.highlight(words), run, words, _keys(binding))


def _keys(binding: Binding) -> str:
    return key_label(binding.key.partition(",")[0])
