"""Which lines of the ledger a program wants: those of a source, of an operator, of some kinds."""

from dataclasses import dataclass

from leadboard.allocation.names import ids_by_name
from leadboard.common.errors import Missing
from leadboard.common.validation import plain
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
    plain_kinds = frozenset(kind.removeprefix("appeal.") for kind in kinds)
    if unknown := sorted(plain_kinds - set(KINDS)):
        raise Missing(f"No line is {unknown[0]}: there are {', '.join(KINDS)}.", "kind")
    return ChosenLines(_id_of(Source, source), _id_of(Operator, operator), plain_kinds)


def _id_of(table: type[Operator] | type[Source], given: str | None) -> int | None:
    """Return the id of a row by its name, else by its number."""
    if given is None:
        return None
    known = ids_by_name(table)
    row_id = known.get(plain(given))
    if row_id is None and given.isascii() and given.isdigit() and int(given) in known.values():
        row_id = int(given)
    if row_id is None:
        word = table.__name__.lower()
        raise Missing(f"There is no {word} {given}.", word)
    return row_id
