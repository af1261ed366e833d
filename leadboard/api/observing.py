"""What every request passes first, and every answer last: it is counted, timed and logged."""

from time import perf_counter

from leadboard.api.access import App, Message, Receive, Send
from leadboard.api.metrics import Metrics
from leadboard.api.request_log import Request, RequestLog


class Observed:
    """Passes requests on to an application, and tells what came of each."""

    def __init__(self, app: App, metrics: Metrics, log: RequestLog | None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, size = perf_counter(), None, 0

        async def observed(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                # Now, as a stream may go on for hours.
                self._metrics.answered(status, perf_counter() - begun)
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            if self._log is not None:
                self._log.write(_request(scope, status, perf_counter() - begun, size))


def _request(scope: Message, status: int | None, seconds: float, size: int) -> Request:
    client = scope.get("client") or ("",)
    # The server leaves out the body of an answer to HEAD.
    size = 0 if scope["method"] == "HEAD" else size
    # Set by who lets the caller in; their copy of the scope shares this one's state.
    caller = scope.get("state", {}).get("caller")
    return Request(
        client[0], caller and caller.name, scope["method"], scope["path"], status, seconds, size
    )
