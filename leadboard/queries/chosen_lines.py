"""Which lines of the ledger a program wants: those of a source, of an operator, of some kinds."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadboard.allocation.names import id_of
from leadboard.common.errors import Missing
from leadboard.common.language import _
from leadboard.queries.ledger_lines import KINDS, LedgerLine
from models import Operator, Source


@dataclass(frozen=True, slots=True)
class ChosenLines:
    """Which lines are wanted; None, or no kind at all, stands for all."""

    source_id: int | None = None
    operator_id: int | None = None
    kinds: frozenset[str] = frozenset()

    def __contains__(self, line: LedgerLine) -> bool:
        people = {each.id for each in (line.operator, line.was_operator) if each}
        return (
            self.source_id in (None, line.source_id)
            and (self.operator_id is None or self.operator_id in people)
            and (not self.kinds or line.kind in self.kinds)
        )


def chosen(source: str | None, operator: str | None, kinds: tuple[str, ...]) -> ChosenLines:
    """Return what names, or numbers, and kinds ask for; raises Missing for what there is not."""
    return ChosenLines(
        None if source is None else id_of(Source, source),
        None if operator is None else id_of(Operator, operator),
        chosen_kinds(kinds),
    )


def chosen_kinds(kinds: Sequence[str]) -> frozenset[str]:
    """Return kinds without their `appeal.`; raises Missing for one that no line is of."""
    plain_kinds = frozenset(kind.removeprefix("appeal.") for kind in kinds)
    if unknown := sorted(plain_kinds - set(KINDS)):
        there_are = {"kind": unknown[0], "kinds": ", ".join(KINDS)}
        raise Missing(_("No line is {kind}: there are {kinds}.", **there_are), "kind")
    return plain_kinds
