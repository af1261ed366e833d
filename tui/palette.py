"""The command palette: every act that can be done now, in words."""

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode


class Acts(Provider):
    """Offers the bindings that were active when the palette was called."""

    def acts(self) -> Iterator[tuple[str, str, DOMNode]]:
        """Yield words, action and owner of each act, every act once."""
        seen = set()
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.id and binding.description and enabled and binding.action not in seen:
                seen.add(binding.action)
                yield f"{binding.description} ({binding.id})", binding.action, node

    async def discover(self) -> Hits:
        """Offer every act before anything is typed."""
        for words, action, node in self.acts():
            yield DiscoveryHit(Content(words), partial(self.app.run_action, action, node), words)

    async def search(self, query: str) -> Hits:
        """Offer the acts whose words match."""
        matcher = self.matcher(query)
        for words, action, node in self.acts():
            if (score := matcher.match(words)) > 0:
                highlighted = matcher.highlight(words)
                yield Hit(score, highlighted, partial(self.app.run_action, action, node), words)
