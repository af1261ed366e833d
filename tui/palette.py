"""The command palette: every act of every pane, by name."""

from collections.abc import Iterator
from functools import partial

from textual.binding import Binding, BindingType
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode

from tui.base import app_of
from tui.keys import key_label, keys_of
from tui.messages import Failed
from tui.panes.appeals_pane import AppealsPane
from tui.panes.registry import PANES
from tui.widgets.paged_view import Window

PLACES = {"desk": "Desk"} | {
    str(binding.id).partition(".")[0]: place
    for pane in PANES
    for place, owner in pane.keys
    for binding in owner.BINDINGS
    if isinstance(binding, Binding) and binding.id
}
"""The palette's name for the first part of a binding's id."""


class ActProvider(Provider):
    """Offers all bindings of the desk and its panes, wherever the focus is."""

    def acts(self) -> Iterator[tuple[str, Binding, DOMNode]]:
        """Yield the words, binding and owner of each act; of the lists, only the visible one."""
        # The key n and the number of its pane both say New appeal.
        seen = set()
        shown = {pane.list for pane in self.screen.query(AppealsPane)}
        for node in (self.screen, *self.screen.query("#body *")):
            if isinstance(node, Window) and node not in shown:
                continue
            for binding in _bindings_of(node):
                words = _words(binding)
                if words and words not in seen and isinstance(binding, Binding):
                    seen.add(words)
                    yield words, binding, node

    async def run(self, binding: Binding, node: DOMNode) -> None:
        """Run the act, or say that there is nothing it applies to."""
        if not await self.app.run_action(binding.action, node):
            sentence = f"{binding.description}: nothing is selected."
            self.screen.post_message(Failed(sentence))

    async def discover(self) -> Hits:
        """Offer every act before anything is typed."""
        for words, binding, node in self.acts():
            # Content, because Textual parses a plain string as markup.
            run = partial(self.run, binding, node)
            yield DiscoveryHit(Content(words), run, words, self._key(binding))

    async def search(self, query: str) -> Hits:
        """Offer the acts whose words match."""
        matcher = self.matcher(query)
        for words, binding, node in self.acts():
            if (score := matcher.match(words)) > 0:
                run = partial(self.run, binding, node)
                yield Hit(score, matcher.highlight(words), run, words, self._key(binding))

    def _key(self, binding: Binding) -> str:
        assert binding.id is not None, "acts are offered by the place in their id"
        return key_label(keys_of(binding.id, app_of(self.screen).keymap)[0])


def _bindings_of(node: DOMNode) -> Iterator[BindingType]:
    """Yield the bindings of a widget's class and of those above it that have places here."""
    for owner in type(node).__mro__:
        yield from owner.__dict__.get("BINDINGS", ())


def _words(binding: BindingType) -> str | None:
    if not isinstance(binding, Binding) or not binding.id:
        return None
    place = PLACES.get(binding.id.partition(".")[0])
    return f"{place}: {binding.description}" if place else None
