"""The JSON that the door accepts and returns, as its OpenAPI page shows it."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from leadboard.api.parameters import known
from leadboard.api.patterns import WHITE, line, line_or_none
from leadboard.common.validation import (
    MAX_IDENTIFIER,
    MAX_MESSAGE,
    MAX_WEIGHT,
    whole,
)
from leadboard.entities import OPERATOR, SOURCE, Column, Entity, Kind, OperatorRow, SourceRow
from leadboard.queries.ledger_lines import KINDS
from leadboard.queries.team import WeightRow

Identifier = Annotated[
    str, Field(json_schema_extra=line(MAX_IDENTIFIER), examples=["tg_123456789"])
]
Key = Annotated[str, Field(json_schema_extra=line(MAX_IDENTIFIER, WHITE))]


# Some programs write every number as a float: 123.0 passes as 123.
AS_WHOLE = BeforeValidator(whole)
Whole = Annotated[int, AS_WHOLE]
Number = Annotated[int, Field(ge=1), AS_WHOLE]


Id = Annotated[int, Field(ge=1), AS_WHOLE, AfterValidator(known)]
"""An id of a row; a larger one than there can be is that of no row."""


LEFT_OUT: Any = None
"""Stands for a value that was not sent; null itself is refused."""


class Given(BaseModel):
    """A body that is sent; nothing is converted: `"5"` is no number and `1` no flag."""

    model_config = ConfigDict(strict=True)


def _type_of(column: Column) -> Any:
    """Return the type of the values that are sent for a column."""
    if column.kind is Kind.FLAG:
        return bool
    if column.kind is Kind.WHOLE:
        return Annotated[int, Field(ge=0, le=column.most), AS_WHOLE]
    if column.kind is Kind.CHOICE:
        return Annotated[str, Field(json_schema_extra={"enum": [*column.choices()]})]
    if column.kind is Kind.TEXT:
        return Annotated[str, Field(max_length=column.most)]
    if column.may_be_empty:
        return Annotated[str, Field(json_schema_extra=line_or_none(column.most))]
    return Annotated[str, Field(json_schema_extra=line(column.most))]


def _new(entity: Entity) -> type[Given]:
    """Return the body that adds a row; columns with a default may be left out."""
    required: Any = ...
    columns: dict[str, Any] = {
        each.name: (_type_of(each), required if each.default is None else each.default)
        for each in entity.columns
    }
    return create_model(f"New{entity.word}", __base__=Given, **columns)


def _change(entity: Entity) -> type[Given]:
    """Return the body that changes a row; any column may be left out."""
    columns: dict[str, Any] = {each.name: (_type_of(each), LEFT_OUT) for each in entity.columns}
    return create_model(f"Change{entity.word}", __base__=Given, **columns)


def _answer(row: type[Any], *, without: Collection[str] = ()) -> type[BaseModel]:
    """Return the answer made from a row for readers."""
    columns: dict[str, Any] = {
        each.name: (each.type, ...) for each in fields(row) if each.name not in without
    }
    return create_model(row.__name__, **columns)


def _time(says: str) -> Any:
    """Return a field of a time, which is always sent."""
    return Field(description=says)


class OperatorIn(_new(OPERATOR)):  # type: ignore[misc]
    """A new operator."""


class OperatorPatch(_change(OPERATOR)):  # type: ignore[misc]
    """Changes to an operator; columns that are left out stay as they are."""


class SourceIn(_new(SOURCE)):  # type: ignore[misc]
    """A new source."""


class LinkIn(Given):
    """The weight of an operator for a source."""

    operator_id: Number
    source_id: Number
    weight: Annotated[int, Field(ge=0, le=MAX_WEIGHT, examples=[70]), AS_WHOLE]


class AppealIn(Given):
    """A message from a lead; with a `key` it is safe to send it again.

    The key belongs to the lead at this source; others may use the same one. A message of null is
    empty, for example for a photo.
    """

    external_id: Identifier | Whole
    source_id: Number
    message: Annotated[str, Field(max_length=MAX_MESSAGE, examples=["Хочу купить курс"])] | None
    key: Key | Whole | None = None


class OperatorOut(_answer(OperatorRow)):  # type: ignore[misc]
    """An operator with their load."""


class SourceOut(_answer(SourceRow, without=("waiting", "credits"))):  # type: ignore[misc]
    """A source of appeals."""


class WeightOut(_answer(WeightRow)):  # type: ignore[misc]
    """The weight of one operator for one source."""


Status = Literal["open", "waiting", "closed", "withdrawn"]


class AssignIn(Given):
    """Who gets an appeal; with `force` also beyond their limit, or while they are off."""

    operator_id: Id
    force: bool = False


class HolderIn(Given):
    """Who is believed to have an appeal; left out, whoever has it."""

    operator_id: Id = LEFT_OUT


class AppealOut(BaseModel):
    """An appeal as it is now; `operator_id` is null where nobody has it.

    Its times come from the record of its changes, and are null where that does not tell, as for an
    appeal that was imported with its operator.
    """

    id: int
    lead_id: int
    external_id: str
    source_id: int
    operator_id: int | None
    operator: str | None
    status: Status
    timestamp: datetime
    message: str
    key: str | None
    closed_at: datetime | None
    first_assigned_at: datetime | None = _time("When somebody got it for the first time.")
    assigned_at: datetime | None = _time("When its operator got it, the last one if it is closed.")
    waited: int | None = _time("Seconds from its arrival until somebody got it.")
    held: int | None = _time("Seconds since its operator got it, up to now or its closing.")


EventKind = Annotated[str, Field(pattern=rf"^(appeal\.)?({'|'.join(KINDS)})$")]


class EventPage(BaseModel):
    """Events in their order; `next` is the place to go on from, whether or not there were any."""

    events: list[dict[str, Any]]
    next: int


class GonePlace(BaseModel):
    """Why one cannot go on from a place; `oldest` is the first from which one can."""

    detail: str
    field: str | None
    oldest: int


class LeadOut(BaseModel):
    """A lead with their appeals, the newest hundred, oldest first."""

    id: int
    external_id: str
    appeals: list[AppealOut]


class Health(BaseModel):
    """The database answers."""

    status: str = "ok"


class Problem(BaseModel):
    """Why a request failed: a sentence, and the field that it is about."""

    detail: str
    field: str | None = None
