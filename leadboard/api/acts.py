"""The endpoints of acts on appeals, each by the appeal's id and by its key; all may be repeated."""

import inspect
from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse

from leadboard.allocation.lifecycle import NothingToDo
from leadboard.api import schemas as shapes
from leadboard.api.callers import By
from leadboard.api.door import Door, still_there
from leadboard.api.errors import told
from leadboard.api.parameters import AppealId, ChosenId, KeyText, LeadText
from leadboard.common.errors import Missing
from leadboard.common.language import _
from leadboard.desk import Done, aims
from leadboard.queries import appeal_records
from leadboard.queries.appeal_history import was_with
from leadboard.queries.appeal_records import fields_of, id_by_key, named_by
from leadboard.queries.appeals import AppealRow
from leadboard.queries.tokens import Caller

GONE = {"description": "Done, as an operator's token asked; the appeal is no longer theirs."}

Aim = Callable[[list[int]], Done[Any]]
Endpoint = Callable[..., Coroutine[Any, Any, Response]]


def install_acts(app: FastAPI, door: Door) -> None:
    """Add the endpoints of acts on appeals."""

    async def reached(appeal_id: int, by: Caller, aim: Aim) -> Response:
        found = await door.writer.do(lambda: _reached(appeal_id, by, aim))
        # What it has become is not theirs to see.
        return (
            JSONResponse(fields_of(found)) if _is_theirs(found, by) else Response(status_code=204)
        )

    async def close(appeal_id: AppealId, by: By, held: shapes.HolderIn | None = None) -> Response:
        """Close an appeal; the place that it took goes to the appeals that wait.

        Say who has it, and one that went to somebody else meanwhile stays open.
        """
        aim = partial(aims.closed, holder_id=_holder(by, held), actor=by.name)
        return await reached(appeal_id, by, aim)

    async def give_back(
        appeal_id: AppealId, by: By, held: shapes.HolderIn | None = None
    ) -> Response:
        """Take an appeal from its operator; anybody eligible may get it at once, by lottery.

        Say from whom, so that the request sent again does not take it from the next one.
        """
        aim = partial(aims.returned, holder_id=_holder(by, held), actor=by.name)
        return await reached(appeal_id, by, aim)

    async def reopen(appeal_id: AppealId, by: By) -> Response:
        """Open a closed appeal again: back to its operator where there is room, else it waits."""
        aim = partial(aims.reopened, holder_id=by.operator_id, actor=by.name)
        return await reached(appeal_id, by, aim)

    async def assign(appeal_id: AppealId, to: shapes.AssignIn, by: By) -> Response:
        """Give an appeal to an operator, no matter who had it."""

        def aim(ids: list[int]) -> Done[Any]:
            try:
                return aims.assigned(ids, to.operator_id, force=to.force, actor=by.name)
            except Missing as missing:
                if missing.field != "operator":
                    raise
                # 404 would say that there is no such appeal.
                raise NothingToDo(str(missing), _("not assigned"), "operator") from missing

        return await reached(appeal_id, by, aim)

    named = _name_of_key(door)
    acts: dict[str, Endpoint] = {
        "close": close,
        "return": give_back,
        "reopen": reopen,
        "assign": assign,
    }
    for word, act in acts.items():
        options: dict[str, Any] = {
            "response_model": shapes.AppealOut,
            "responses": {**told(400, 404, 409, 422), 204: GONE},
        }
        # First, since `by-key` would be taken for an id that is none.
        app.post(f"/appeals/by-key/{word}", **options)(_with(act, named))
        app.post(f"/appeals/{{appeal_id}}/{word}", **options)(act)


def _reached(appeal_id: int, by: Caller, aim: Aim) -> AppealRow:
    """Do an act on an appeal and return it; raises Refused."""
    _refuse_others(appeal_id, by)
    try:
        aim([appeal_id])
    except NothingToDo as refusal:
        if _is_theirs(still_there(appeal_records.appeal(appeal_id)), by):
            raise
        # The sentence says who has it.
        sentence = _("Appeal #{id} is no longer yours.", id=appeal_id)
        raise NothingToDo(sentence, refusal.why) from refusal
    return still_there(appeal_records.appeal(appeal_id))


def _is_theirs(appeal: AppealRow, by: Caller) -> bool:
    return by.operator_id in (None, appeal.operator_id)


def _holder(by: Caller, held: shapes.HolderIn | None) -> int | None:
    """Return who must have an appeal: the operator who calls, or whom the caller names."""
    return by.operator_id or (held.operator_id if held else None)


def _refuse_others(appeal_id: int, by: Caller) -> None:
    """Raise Missing for an appeal that an operator, who sees their own only, never had."""
    if by.operator_id is not None and not was_with(appeal_id, by.operator_id):
        raise Missing(_("There is no appeal #{id}.", id=appeal_id), "appeal_id")


def _name_of_key(door: Door) -> Any:
    """Return the parameters that name an appeal by its key, as a dependency that finds its id."""

    async def find(
        by: By, source_id: ChosenId, key: KeyText, external_id: LeadText | None = None
    ) -> int:
        named = named_by(source_id, key, external_id)
        return await door.read(lambda: id_by_key(named, by.operator_id))

    return Depends(find)


def _with(act: Endpoint, found: Any) -> Endpoint:
    """Return an endpoint whose appeal is not in its path, but found by a dependency."""
    signature = inspect.signature(act)
    parameters = [
        each.replace(annotation=Annotated[int, found]) if name == "appeal_id" else each
        for name, each in signature.parameters.items()
    ]

    @wraps(act)
    async def twin(**given: Any) -> Response:
        return await act(**given)

    twin.__name__ = f"{act.__name__}_by_key"
    twin.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return twin
