"""What an import would change, in numbers and words, and the act that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from leadboard.common.language import _, figure, pgettext

FEW = 10
"""Changes that are told in words; the others are only counted."""


Tick = Callable[[int], None]
"""Takes how many rows of a file have been read."""


@dataclass(slots=True)
class Plan:
    """What a file would change: how many rows of each kind, the first changes, and the act.

    `act` takes the actor's name, does it, and returns a sentence about what was done.
    """

    what: str
    act: Callable[[str], str]
    counts: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def count(self, kind: str, words: str | None = None) -> None:
        """Count a row, and keep the words of its change while there are few."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if words is not None and len(self.words) < FEW:
            self.words.append(words)

    def clear(self) -> None:
        """Forget what was counted, for a transaction that is run again."""
        self.counts.clear()
        self.words.clear()

    @property
    def changes(self) -> int:
        """Return how many rows would be added or changed."""
        return sum(number for kind, number in self.counts.items() if kind not in _NO_CHANGE)

    @property
    def untold(self) -> int:
        """Return how many rows have words that were not kept."""
        differing = self.counts.get(DIFFERS, 0)
        return max(0, self.changes + differing - len(self.words))

    def told(self) -> str:
        """Return the numbers as a sentence: `operators: 1 added, 2 changed, 40 the same`."""
        return _TOLD[self.what].format(counts=told(self.counts))


SAME = "the same"
DIFFERS = "known by their key with another text"
HANDED_OUT = "of those waiting handed out"
_NO_CHANGE = frozenset({SAME, DIFFERS})

_TOLD: Mapping[str, str] = {
    "operators": _("operators: {counts}"),
    "sources": _("sources: {counts}"),
    "weights": _("weights: {counts}"),
    "appeals": _("appeals: {counts}"),
    "leads": _("leads: {counts}"),
}
_COUNTED: Mapping[str, str] = {
    "added": pgettext("import", "{n} added"),
    "changed": pgettext("import", "{n} changed"),
    "linked": pgettext("import", "{n} linked"),
    "unlinked": pgettext("import", "{n} unlinked"),
    "open": pgettext("import", "{n} open"),
    "waiting": pgettext("import", "{n} waiting"),
    "closed": pgettext("import", "{n} closed"),
    "withdrawn": pgettext("import", "{n} withdrawn"),
    SAME: pgettext("import", "{n} the same"),
    DIFFERS: pgettext("import", "{n} known by their key with another text"),
    HANDED_OUT: pgettext("import", "{n} of those waiting handed out"),
}
"""What is said of each kind of row."""


def told(counts: Mapping[str, int]) -> str:
    """Return the numbers of each kind in words."""
    words = (_COUNTED[kind].format(n=figure(number, ",")) for kind, number in counts.items())
    return ", ".join(words) or _("no rows")
