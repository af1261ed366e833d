"""A receiver in a process of its own, which verifies each event and keeps what it accepted.

`python -m tests.support.receiver PORT SECRET FILE SEED TROUBLE`: of all requests the part TROUBLE,
0 to 1, is answered in some wrong way.
"""

import json
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError


class Handler(BaseHTTPRequestHandler):
    """Accepts, refuses, hangs or hangs up."""

    protocol_version = "HTTP/1.1"
    webhook: Webhook
    file: Path
    rng: random.Random
    trouble: float

    def do_POST(self) -> None:
        """Keep an event before it is acknowledged, as a good receiver does."""
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # its sender was killed
            self.close_connection = True
            return
        try:
            self.webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.keep({"forged": body.decode()})
            self.answer(400)
            return
        trouble = self.rng.choice(("before", "after", "busy", "slow"))
        if self.rng.random() >= self.trouble:
            trouble = ""
        if trouble == "before":
            self.answer(500)
            return
        if trouble == "busy":
            self.answer(503, **{"Retry-After": "1"})
            return
        self.keep({"id": self.headers["webhook-id"], "event": json.loads(body)})
        if trouble == "slow":
            time.sleep(3)
        if trouble == "after":
            self.close_connection = True
            return
        self.answer(204)

    def keep(self, fields: dict[str, object]) -> None:
        """Add a line in one write, whole or not at all."""
        with self.file.open("ab", buffering=0) as kept:
            kept.write(json.dumps(fields).encode() + b"\n")

    def answer(self, status: int, **headers: str) -> None:
        """Answer without a body."""
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            if status != 204 or name != "Content-Length":
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Listen until killed."""
    port, Handler.webhook = int(sys.argv[1]), Webhook(sys.argv[2])
    Handler.file, Handler.rng = Path(sys.argv[3]), random.Random(sys.argv[4])
    Handler.trouble = float(sys.argv[5])
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
