"""What the numbers say: who would get the next appeal of a source, and with what chance."""

from dataclasses import dataclass

from lottery import left_out
from views import Board, OperatorRow


@dataclass(frozen=True, slots=True)
class Standing:
    """One operator of a source as the next draw would see him; `reason`: why he is left out."""

    operator: OperatorRow
    weight: int
    reason: str | None
    total: int

    @property
    def share(self) -> float:
        """Return his chance of the next appeal, 0..1."""
        return 0.0 if self.reason or not self.total else self.weight / self.total


def standings(board: Board, source_id: int) -> dict[int, Standing]:
    """Return how every operator of a source stands, by operator id, in order of the board."""
    weights = board.weights.get(source_id, {})
    linked = [
        (operator, weights[operator.id], _reason(operator, weights[operator.id]))
        for operator in board.operators
        if operator.id in weights
    ]
    total = sum(weight for _, weight, reason in linked if reason is None)
    return {
        operator.id: Standing(operator, weight, reason, total)
        for operator, weight, reason in linked
    }


def _reason(operator: OperatorRow, weight: int) -> str | None:
    return left_out(operator.is_active, operator.load, operator.max_load, weight)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A source whose next appeal has nobody to go to, or only one."""

    source_id: int
    sentence: str
    is_grave: bool


def alarms(board: Board) -> dict[int, Alarm]:
    """Return what is wrong with sources that somebody is meant to serve, by source id."""
    operators = {operator.id: operator for operator in board.operators}
    found: dict[int, Alarm] = {}
    for source in board.sources:
        weights = board.weights.get(source.id)
        if not weights:
            continue
        eligible = sum(
            _reason(operators[operator_id], weight) is None
            for operator_id, weight in weights.items()
            if operator_id in operators
        )
        if not any(weights.values()):
            found[source.id] = Alarm(source.id, f"{source.name}: all weights are 0", True)
        elif eligible == 0:
            found[source.id] = Alarm(source.id, f"{source.name}: nobody eligible", True)
        elif eligible == 1:
            found[source.id] = Alarm(source.id, f"{source.name}: one operator left", False)
    return found
