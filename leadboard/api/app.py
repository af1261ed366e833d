"""The door's application: endpoints of a few lines, each around one act or query."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute

from leadboard.api import errors as answers
from leadboard.api.access import LARGEST_BODY, AccessMiddleware, App
from leadboard.api.acts import install_acts
from leadboard.api.appeals import install_appeals, install_leads
from leadboard.api.door import Door
from leadboard.api.events import install_events
from leadboard.api.health import install_health, install_metrics
from leadboard.api.team import install_operators, install_sources, install_weights
from leadboard.common.language import _
from leadboard.common.validation import storable

ABOUT = (
    "Appeals come in here, and each goes to an operator by the same lottery as everywhere else. "
    "Lists are read in pages: `limit` rows `after` an id. An answer comes only after the change is "
    "durably stored. Send a `key` of your own with an appeal: after a 503, or when no answer came, "
    "the same key sent again returns the same appeal and never stores a second one. A key belongs "
    "to its source and lead."
)


def application(door: Door, rate: float) -> App:
    """Return the application on the open database, behind its gate."""
    app = FastAPI(
        title="Leadboard",
        description=ABOUT,
        lifespan=door.open,
        redoc_url=None,
        version="1",
        max_body_size=LARGEST_BODY,
    )
    answers.install(app)
    # The middleware has settled the slash already; a redirect would cost a client a request.
    app.router.redirect_slashes = False
    app.router.route_class = _Route
    for install in (
        install_operators,
        install_sources,
        install_weights,
        install_appeals,
        install_acts,
        install_leads,
        install_events,
        install_health,
        install_metrics,
    ):
        install(app, door)
    # Around it, not a part of it: the limit on bodies would answer for the gate in plain text.
    return AccessMiddleware(app, door.callers, rate)


class _Body(Request):
    """A request with a JSON body, whose message may hold characters that no database stores."""

    async def json(self) -> Any:
        try:
            # Decoded here: from bytes `json` would also accept UTF-16 and lone surrogates.
            found = json.loads((await self.body()).decode("utf-8-sig"))
        # FastAPI answers this one itself. It must not fall through: it is a ValueError as well.
        except json.JSONDecodeError:
            raise
        except UnicodeDecodeError as error:
            sentence = _("The body is not UTF-8: send JSON in UTF-8.")
            raise HTTPException(400, sentence) from error
        except (ValueError, RecursionError) as error:
            sentence = _("The body holds a number too long, or is nested too deeply.")
            raise HTTPException(400, sentence) from error
        # Before the model checks it: pydantic refuses a string with a lone surrogate.
        if isinstance(found, dict) and isinstance(found.get("message"), str):
            found["message"] = storable(found["message"])
        return found


class _Route(APIRoute):
    """A route that reads its body as `_Body`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(_Body(request.scope, request.receive))

        return handler
