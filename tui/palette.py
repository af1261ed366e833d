"""The command palette: every act of every pane, by name, those of the focused pane first."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from rich.align import Align
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.fuzzy import Matcher
from textual.widgets.option_list import Option

from leadboard.common.crashlog import surprise_once
from leadboard.common.errors import Refused, Trouble
from leadboard.common.keyboard_layouts import on_either_layout
from leadboard.common.language import _, originals
from tui.base import app_of
from tui.keys import key_label, keys_of
from tui.messages import Failed
from tui.panes.appeals_pane import AppealsPane
from tui.panes.registry import PANES
from tui.screen.desk import DeskScreen
from tui.widgets.paged_view import Window

PLACES = {"desk": _("Desk")} | {
    str(binding.id).partition(".")[0]: place
    for pane in PANES
    for place, owner in pane.keys
    for binding in owner.BINDINGS
    if isinstance(binding, Binding) and binding.id
}
"""The palette's name for the first part of a binding's id."""


Act = tuple[str, Binding, DOMNode]
"""The words of an act, its binding, and the widget that it is done in."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the palette: its words, a remark in dim such as its key, and what it runs."""

    words: str
    remark: str
    run: Callable[[], Any]
    english: Sequence[str] = ()
    """The words in English, where they are not: people may know them from the manual."""

    def line(self, words: Content) -> Content:
        """Return the line with its words as given."""
        return Content.assemble(words, (f"  {self.remark}", "dim not bold"))


class Palette(CommandPalette):
    """The palette, which names the keys to choose and to leave."""

    def on_mount(self) -> None:
        """Write the keys below what is typed."""
        self.query_one("#--input").border_subtitle = _("enter chooses · esc closes")

    # Private methods and attributes: Textual has no other way to say this in another language.
    def _start_no_matches_countdown(self, search_value: str) -> None:
        self._stop_no_matches_countdown()
        say = partial(self._say_no_matches, search_value)
        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, say)

    def _say_no_matches(self, typed: str) -> None:
        if typed:
            said = Align.center(Text(_("No matches found"), style="not bold"))
            option = Option(said, id=self._NO_MATCHES, disabled=True)
            self.query_one(CommandList).add_option(option)
        self._list_visible = bool(typed)


class ActProvider(Provider):
    """Offers all bindings of the desk and its panes, wherever the focus is."""

    def acts(self) -> Iterator[Act]:
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
            sentence = _("{act}: nothing is selected.", act=binding.description)
            self.screen.post_message(Failed(sentence))

    def entries(self) -> Iterator[Entry]:
        """Yield the acts of the focused list, of its pane, all others, and those of the app."""
        acts = sorted(self.acts(), key=lambda act: (act[2] is not self.focused, self._is_far(act)))
        for words, binding, node in acts:
            run = partial(self.run, binding, node)
            yield Entry(words, self._key(binding), run, _english(binding))
        for title, what, callback, _is_shown in self.app.get_system_commands(self.screen):
            yield Entry(title, what, callback, originals(title))

    def _is_far(self, act: Act) -> bool:
        """Tell whether an act belongs to another pane than the focused one, or to none."""
        home = self.screen
        pane = home.pane if isinstance(home, DeskScreen) else None
        return pane is None or pane.id not in {each.id for each in act[2].ancestors_with_self}

    async def discover(self) -> Hits:
        """Offer every act before anything is typed."""
        for hit in await safely(self.screen, self._all):
            yield hit

    async def _all(self) -> list[DiscoveryHit]:
        # Content, because Textual parses a plain string as markup.
        return [
            DiscoveryHit(entry.line(Content(entry.words)), entry.run, entry.words)
            for entry in self.entries()
        ]

    async def search(self, query: str) -> Hits:
        """Offer the acts whose words match, typed on either layout."""
        for hit in await safely(self.screen, partial(self._matching, query)):
            yield hit

    async def _matching(self, query: str) -> list[Hit]:
        matchers = [self.matcher(each) for each in on_either_layout(query)]
        hits = []
        for entry in self.entries():
            score, words = _best(matchers, entry)
            if score > 0:
                hits.append(Hit(score, entry.line(words), entry.run, entry.words))
        return hits

    def _key(self, binding: Binding) -> str:
        assert binding.id is not None, "acts are offered by the place in their id"
        return key_label(keys_of(binding.id, app_of(self.screen).keymap)[0])


HitList = list[Hit] | list[DiscoveryHit]


async def safely(
    node: DOMNode, find: Callable[[], Awaitable[HitList]]
) -> Iterable[Hit | DiscoveryHit]:
    """Return the hits that are found; none, and a notice, if that fails.

    An error in a provider would close the app.
    """
    try:
        return await find()
    except Exception as error:
        why = str(error) if isinstance(error, (Refused, Trouble)) else surprise_once(error)
        app_of(node).home.say(why, is_bad=True)
        return []


def _best(matchers: Sequence[Matcher], entry: Entry) -> tuple[float, Content]:
    """Return the highest score of an entry, also in English, and its words with what matches."""
    score, matcher = max(((each.match(entry.words), each) for each in matchers), key=itemgetter(0))
    english = max((each.match(words) for each in matchers for words in entry.english), default=0.0)
    found = matcher.highlight(entry.words) if score >= english else Content(entry.words)
    return max(score, english), found


def _bindings_of(node: DOMNode) -> Iterator[BindingType]:
    """Yield the bindings of a widget's class and of those above it that have places here."""
    for owner in type(node).__mro__:
        yield from owner.__dict__.get("BINDINGS", ())


def _words(binding: BindingType) -> str | None:
    if not isinstance(binding, Binding) or not binding.id:
        return None
    place = _place(binding)
    return f"{place}: {binding.description}" if place else None


def _english(binding: Binding) -> Sequence[str]:
    """Return the words of an act in English, none if it has them already."""
    places = originals(_place(binding) or "")
    return [f"{place}: {does}" for place in places for does in originals(binding.description)]


def _place(binding: Binding) -> str | None:
    return PLACES.get(str(binding.id).partition(".")[0])
