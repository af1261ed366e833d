"""Acts on the weights that operators have for sources."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from leadboard.allocation.journal import Journal
from leadboard.common.errors import Refused
from leadboard.common.language import _, figure, ngettext
from leadboard.common.validation import checked_factor, checked_weight
from leadboard.common.weighing import even, scaled, stepped
from leadboard.database.connection import rows
from leadboard.desk.recording import Done, record
from leadboard.desk.rows import (
    operator_name,
    source_name,
    weight_of,
    weights_of,
    write_weight,
    write_weights,
)
from leadboard.queries import team
from models import OperatorSource


def set_weight(operator_id: int, source_id: int, weight: object, *, actor: str) -> Done[int | None]:
    """Set the weight of an operator for a source, linking the two if they are not.

    The result is the weight before, None for no link.
    """
    after = checked_weight(weight)
    return _weigh(operator_id, source_id, lambda _unused: after, actor)


def replace_weight(
    operator_id: int, source_id: int, was: int | None, weight: object, *, actor: str
) -> Done[int | None]:
    """Set a weight that was `was`, None for no link, when the dispatcher began to type.

    Raises Refused, with the field `force`, when somebody else has set another one since.
    """
    after = checked_weight(weight)

    def change(before: int | None) -> int:
        # The same weight by somebody else is no conflict.
        if before not in (was, after):
            names = f"{operator_name(operator_id)} · {source_name(source_id)}"
            raise Refused(
                _(
                    "{names} was {become} by somebody else meanwhile.",
                    names=names,
                    become=become(before),
                ),
                "force",
            )
        return after

    return _weigh(operator_id, source_id, change, actor)


def step_weight(operator_id: int, source_id: int, step: int, *, actor: str) -> Done[int | None]:
    """Move a weight by `step` from what it is when the act runs; no link counts as 0."""
    return _weigh(operator_id, source_id, lambda weight: stepped(weight, step), actor)


def unlink(operator_id: int, source_id: int, *, actor: str) -> Done[int | None]:
    """Take an operator off a source."""
    return _weigh(operator_id, source_id, lambda _unused: None, actor)


def _weigh(
    operator_id: int, source_id: int, change: Callable[[int | None], int | None], actor: str
) -> Done[int | None]:
    def work(journal: Journal) -> tuple[str, int | None]:
        names = f"{operator_name(operator_id)} · {source_name(source_id)}"
        before = weight_of(operator_id, source_id)
        after = change(before)
        write_weight(operator_id, source_id, after, journal)
        return _changed(names, before, after), before

    return record(actor, "weight", work)


def _changed(names: str, before: int | None, after: int | None) -> str:
    return _(
        "{names}: weight {before} → {after}",
        names=names,
        before=weight_words(before),
        after=weight_words(after),
    )


def become(weight: int | None) -> str:
    """Return what became of a weight, as the end of a sentence about it."""
    return _("unlinked") if weight is None else _("set to {weight}", weight=weight)


def set_weights(changes: Sequence[tuple[int, int, int | None]], *, actor: str) -> Done[int]:
    """Set many weights in one act, each (operator id, source id, weight), None for no link.

    All of them or none; the result is how many changed. Raises Refused for a weight, an operator or
    a source that cannot be.
    """
    wanted = {
        (operator_id, source_id): None if weight is None else checked_weight(weight)
        for operator_id, source_id, weight in changes
    }

    def work(journal: Journal) -> tuple[str, int]:
        # Before the first write: an unknown id raises Missing, not the error of a foreign key.
        people = {each: operator_name(each) for each in {each for each, _unused in wanted}}
        sources = {each: source_name(each) for each in {each for _unused, each in wanted}}
        moved = write_weights(wanted, journal)
        if len(moved) != 1:
            return ngettext("{n} weights set", "{n} weights set", len(moved)), len(moved)
        (operator_id, source_id), before = next(iter(moved.items()))
        after = wanted[operator_id, source_id]
        names = f"{people[operator_id]} · {sources[source_id]}"
        return _changed(names, before, after), 1

    return record(actor, "weights", work)


def spread(source_id: int, *, actor: str) -> Done[int]:
    """Give every operator of a source the same weight, keeping their sum as close as possible.

    The result is how many operators that are.
    """

    def work(journal: Journal) -> tuple[str, int]:
        name = source_name(source_id)
        weights = _column_of(source_id, name)
        return f"{name}: {_spread(weights, _operators(len(weights)), journal)}", len(weights)

    return record(actor, "spread", work)


def spread_row(operator_id: int, *, actor: str) -> Done[int]:
    """Give an operator the same weight for every source that they serve, keeping the sum.

    The result is how many sources that are.
    """

    def work(journal: Journal) -> tuple[str, int]:
        name = operator_name(operator_id)
        weights = _row_of(operator_id, name)
        return f"{name}: {_spread(weights, _sources(len(weights)), journal)}", len(weights)

    return record(actor, "spread row", work)


def scale(source_id: int, factor: object, *, actor: str) -> Done[int]:
    """Multiply the weights of a source by a factor; the result is how many there are.

    Each is rounded to a whole number, but nobody who has a weight falls to 0. Raises Refused for a
    factor that is none, or if a weight would become too large.
    """
    by = checked_factor(factor)

    def work(journal: Journal) -> tuple[str, int]:
        name = source_name(source_id)
        weights = _column_of(source_id, name)
        return f"{name}: {_scale(weights, by, _operators(len(weights)), journal)}", len(weights)

    return record(actor, "scale", work)


def scale_row(operator_id: int, factor: object, *, actor: str) -> Done[int]:
    """Multiply all weights of an operator by a factor, as `scale` does those of a source."""
    by = checked_factor(factor)

    def work(journal: Journal) -> tuple[str, int]:
        name = operator_name(operator_id)
        weights = _row_of(operator_id, name)
        return f"{name}: {_scale(weights, by, _sources(len(weights)), journal)}", len(weights)

    return record(actor, "scale row", work)


def _scale(
    weights: Mapping[tuple[int, int], int], by: Fraction, what: str, journal: Journal
) -> str:
    wanted = {pair: scaled(weight, by) for pair, weight in weights.items()}
    write_weights(wanted, journal)
    return _("weights of {what} times {factor}", what=what, factor=_factor_words(by))


def _factor_words(by: Fraction) -> str:
    return figure(float(by), ".4g")


def _spread(weights: Mapping[tuple[int, int], int], what: str, journal: Journal) -> str:
    alike = even(weights.values())
    write_weights(dict.fromkeys(weights, alike), journal)
    return _("{what} at weight {weight} each", what=what, weight=alike)


def _column_of(source_id: int, name: str) -> dict[tuple[int, int], int]:
    """Return the weights of a source; raises Refused when nobody serves it."""
    weights = {(each, source_id): weight for each, weight in weights_of(source_id).items()}
    if not weights:
        raise Refused(_("Nobody serves {name} yet: type a weight first.", name=name))
    return weights


def _row_of(operator_id: int, name: str) -> dict[tuple[int, int], int]:
    """Return the weights of an operator; raises Refused when they serve no source."""
    found = rows(team.weights().where(OperatorSource.operator == operator_id))
    if not found:
        raise Refused(_("{name} serves no source yet: type a weight first.", name=name))
    return {(operator, source): weight for operator, source, weight in found}


def _operators(count: int) -> str:
    return ngettext("{n} operator", "{n} operators", count)


def _sources(count: int) -> str:
    return ngettext("{n} source", "{n} sources", count)


def weight_words(weight: int | None) -> str:
    """Return a weight as sentences name it, None being no link."""
    return _("none") if weight is None else str(weight)
