"""What the door's addresses take: ids, and where a page begins and how long it is."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator

from leadboard.api.patterns import WHITE, line
from leadboard.common.validation import MAX_IDENTIFIER
from leadboard.database.connection import BEYOND

Limit = Annotated[int, Query(ge=1, le=1000, description="The largest number of rows to return.")]


def known(number: int) -> int:
    """Return an id that a database can hold; no row has a larger one."""
    return min(number, BEYOND)


OperatorId = Annotated[
    int, Path(ge=1, description="The id of the operator."), AfterValidator(known)
]
AppealId = Annotated[int, Path(ge=1, description="The id of the appeal."), AfterValidator(known)]
After = Annotated[
    int, Query(ge=0, description="Return what comes after this id."), AfterValidator(known)
]
ChosenId = Annotated[int, Query(ge=1), AfterValidator(known)]
# Checked by the endpoint, as they are where an appeal comes in: what looks alike is alike.
KeyText = Annotated[str, Query(json_schema_extra=line(MAX_IDENTIFIER, WHITE))]
LeadText = Annotated[str, Query(json_schema_extra=line(MAX_IDENTIFIER))]

# 18 digits always fit the 64 bits of an id.
_PAIR = r"^[0-9]{1,18}:[0-9]{1,18}$"
Pair = Annotated[
    str,
    Query(pattern=_PAIR, description="Return what comes after this `operator_id:source_id`."),
]
