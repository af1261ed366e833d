"""What goes through the door: the JSON that it takes and gives, as its OpenAPI page shows it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from leadboard.common.validation import (
    MAX_IDENTIFIER,
    MAX_LIMIT,
    MAX_MESSAGE,
    MAX_NAME,
    MAX_WEIGHT,
    SPACES,
    VANISHING,
    whole,
)

_SPACE = r"\t\n\x0b\x0c\r\x1c-\x1f \x85" + SPACES + VANISHING
_CONTROL = r"\x00-\x1f\x7f-\x9f"


def _line(most: int) -> dict[str, Any]:
    """Return the schema of a text of one line, which `checks` trims and judges."""
    inner, edge = f"[^{_CONTROL}]", f"[^{_CONTROL}{_SPACE}]"
    return {"pattern": f"^[{_SPACE}]*{edge}(?:{inner}{{0,{most - 2}}}{edge})?[{_SPACE}]*$"}


Name = Annotated[str, Field(json_schema_extra=_line(MAX_NAME), examples=["Anna"])]
Identifier = Annotated[
    str, Field(json_schema_extra=_line(MAX_IDENTIFIER), examples=["tg_123456789"])
]


AS_WHOLE = BeforeValidator(whole)
Whole = Annotated[int, AS_WHOLE]
Number = Annotated[int, Field(ge=1), AS_WHOLE]
Limit = Annotated[int, Field(ge=0, le=MAX_LIMIT, examples=[15]), AS_WHOLE]
Weight = Annotated[int, Field(ge=0, le=MAX_WEIGHT, examples=[70]), AS_WHOLE]


LEFT_OUT: Any = None
"""Stands for a value that was not sent; it may not be sent itself."""


class Given(BaseModel):
    """What is sent: every value of its own type, `"5"` is no number and `1` no flag."""

    model_config = ConfigDict(strict=True)


class NewOperator(Given):
    """An operator to be added."""

    name: Name
    max_load: Limit
    is_active: bool = True


class OperatorChange(Given):
    """What is to change of an operator; what is left out stays."""

    name: Name = Field(default=LEFT_OUT)
    max_load: Limit = Field(default=LEFT_OUT)
    is_active: bool = Field(default=LEFT_OUT)


class NewSource(Given):
    """A source to be added."""

    name: Name


class Link(Given):
    """The weight of an operator for a source."""

    operator_id: Number
    source_id: Number
    weight: Weight


class NewAppeal(Given):
    """A message of a lead; with a `key` it is safe to send it again.

    The key is the lead's own at this source; others may use the same. A message of null is empty,
    as that of a photo.
    """

    external_id: Identifier | Whole
    source_id: Number
    message: Annotated[str, Field(max_length=MAX_MESSAGE, examples=["Хочу купить курс"])] | None
    key: Identifier | Whole | None = None


class Operator(BaseModel):
    """An operator with his load."""

    id: int
    name: str
    is_active: bool
    max_load: int
    load: int


class Source(BaseModel):
    """A source of appeals."""

    id: int
    name: str


class Weighed(BaseModel):
    """The weight of one operator for one source."""

    operator_id: int
    source_id: int
    weight: int


class Appeal(BaseModel):
    """An appeal as it stands; `operator_id` is null where nobody has it."""

    id: int
    lead_id: int
    external_id: str
    source_id: int
    operator_id: int | None
    timestamp: datetime
    message: str
    key: str | None
    closed_at: datetime | None


class Lead(BaseModel):
    """A lead with his appeals, the newest hundred, oldest first."""

    id: int
    external_id: str
    appeals: list[Appeal]


class Health(BaseModel):
    """The database answers."""

    status: str = "ok"


class Problem(BaseModel):
    """Why something was not done: a sentence, and the field that it is about."""

    detail: str
    field: str | None = None
