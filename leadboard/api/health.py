"""The endpoints for who runs the door: whether all is well, and the figures for Prometheus."""

from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from leadboard.api import schemas as shapes
from leadboard.api.door import Door
from leadboard.api.errors import told
from leadboard.api.metrics import Figures
from leadboard.common.errors import Trouble
from leadboard.hooks.hook_states import hook_states
from leadboard.queries import board, records


def _figures() -> Figures:
    return Figures(board.figures(), hook_states())


METRICS: dict[str, Any] = {
    "description": "The figures in Prometheus' text format; counters begin with the process.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


def install_health(app: FastAPI, door: Door) -> None:
    """Add the endpoint of the door's health."""

    @app.get("/healthz", responses=told())
    async def health() -> shapes.Health:
        """Report that the database answers."""
        await door.read(lambda: records.sources(1))
        return shapes.Health()


def install_metrics(app: FastAPI, door: Door) -> None:
    """Add the endpoint of the figures."""

    @app.get("/metrics", response_class=PlainTextResponse, responses={**told(), 200: METRICS})
    async def metrics() -> Response:
        """Return what waits, the operators' loads, and what the door has done, for Prometheus."""
        try:
            text = await door.read(lambda: door.metrics.text(_figures()))
        except Trouble:
            text = door.metrics.text(None)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)
