"""The state of one appeal: what decides who has it, and what the ledger keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

Seen = tuple[int | None, bool]
"""The operator of an appeal and whether it was closed, when somebody chose it."""


@dataclass(frozen=True, slots=True)
class AppealState:
    """What decides whether an appeal takes a place: its operator, and whether it is open."""

    id: int
    source_id: int
    operator_id: int | None
    closed_at: datetime | None
    roster_id: int | None
    draw: int | None
    withdrawn: bool

    @property
    def holder(self) -> int | None:
        """Return the operator whose place it takes; None when closed or waiting."""
        return None if self.closed_at else self.operator_id

    def columns(self) -> dict[str, object]:
        """Return the columns that acts change."""
        return {
            "operator_id": self.operator_id,
            "closed_at": self.closed_at,
            "roster_id": self.roster_id,
            "draw": self.draw,
            "withdrawn": self.withdrawn,
        }

    def changed(self, columns: Mapping[str, Any]) -> "AppealState":
        """Return the state with other values in some of its columns."""
        return replace(self, **columns)
