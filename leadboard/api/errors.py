"""Answers to errors: each a sentence with its status."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from leadboard.allocation.lifecycle import NoRoom, NothingToDo
from leadboard.api.access import TOO_LARGE
from leadboard.api.fault_words import fault_words
from leadboard.api.schemas import Problem
from leadboard.common.crashlog import surprise
from leadboard.common.errors import Missing, Refused, Taken, Trouble
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.queries.ledger_lines import Pruned, Unwritten

RETRY_AFTER = "1"
"""Seconds after which it is worth trying again."""

_SENTENCES = {
    404: _("There is nothing at this address."),
    405: _("This address does not take such a request."),
    413: TOO_LARGE,
}

_IN_JSON = {"operator": "operator_id", "source": "source_id", "appeal": "appeal_id"}
"""The names of fields in the acts, and in JSON."""

_STATUSES = ((Missing, 404), (Taken, 409), (NothingToDo, 409), (NoRoom, 409))
"""The statuses of what is refused for another reason than an invalid value."""

_TOLD = {
    400: "The body is not JSON.",
    401: "The token is missing or wrong.",
    403: "The token does not allow it; without one, only localhost may be asked for, and only by "
    "the door's own pages.",
    404: "Something that is named does not exist.",
    409: "The name is taken, or the appeal is in no state for it.",
    413: "The body is too long.",
    415: "The body is compressed, or not in UTF-8.",
    422: "A value is not valid.",
    429: "Too many requests from this client; see Retry-After.",
    503: "The database is busy, or cannot be used; see Retry-After.",
}


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of an endpoint's errors for the OpenAPI page."""
    common = (401, 403, 415, 429, 503)
    return {
        status: {"model": Problem, "description": _TOLD[status]} for status in (*statuses, *common)
    }


def problem(
    status: int, sentence: str, field: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error as a response."""
    body = {"detail": sentence, "field": field}
    return JSONResponse(body, status, headers=None if headers is None else dict(headers))


def install(app: FastAPI) -> None:
    """Make an application answer every error with a sentence."""
    app.exception_handler(Refused)(_refused)
    app.exception_handler(Pruned)(_gone)
    app.exception_handler(Trouble)(_troubled)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_plain)
    app.exception_handler(Exception)(_surprised)


def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    status = next((code for kind, code in _STATUSES if isinstance(error, kind)), 422)
    field = error.field and _IN_JSON.get(error.field, error.field)
    return problem(status, clean(str(error)), field)


def _gone(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Pruned)
    body = {"detail": clean(str(error)), "field": error.field, "oldest": error.oldest}
    return JSONResponse(body, 404 if isinstance(error, Unwritten) else 410)


def _troubled(_request: Request, error: Exception) -> JSONResponse:
    return problem(503, clean(str(error)), headers={"Retry-After": RETRY_AFTER})


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Report the first thing that is wrong, without repeating what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    # pydantic adds the function that checks a value to the path of a field.
    where = [str(each) for each in first["loc"][1:] if not str(each).startswith("function-")]
    field = clean(where[0]) if where else None
    if first["type"] == "json_invalid":
        return problem(400, _("The body is not JSON."))
    if not field:
        sentence = _("The body must be a JSON object, sent as application/json.")
        return problem(422, sentence)
    return problem(422, f"{field}: {clean(fault_words(first))}.", field)


def _plain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    sentence = _SENTENCES.get(error.status_code) or clean(str(error.detail))
    return problem(error.status_code, sentence, headers=_headers(request, error))


def _headers(request: Request, error: HTTPException) -> Mapping[str, str] | None:
    if error.status_code == 405:
        return {"Allow": _allowed(request)}
    # The unread rest of the body would be taken for the next request.
    return {"Connection": "close"} if error.status_code == 413 else error.headers


def _allowed(request: Request) -> str:
    """Return every method that an address accepts; each of its routes knows only its own."""
    path, methods = request.url.path, set[str]()
    for route in request.app.routes:
        if isinstance(route, APIRoute) and route.path_regex.match(path):
            methods |= route.methods or set()
    methods |= {"HEAD"} if "GET" in methods else set()
    return ", ".join(sorted(methods))


def _surprised(_request: Request, error: Exception) -> JSONResponse:
    surprise(error)
    return problem(500, _("An unexpected error occurred; the door's log has the details."))
