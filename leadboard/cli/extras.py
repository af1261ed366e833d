"""Packages that only some commands need, and that may not be installed."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from leadboard.common.language import _


@contextmanager
def extra(what: str, name: str, packages: frozenset[str]) -> Iterator[None]:
    """Import what needs an extra inside; without its packages it is said how to install them."""
    try:
        yield
    except ImportError as error:
        # Any other missing module is a fault, which installing the extra would not mend.
        if (error.name or "").partition(".")[0] not in packages:
            raise
        raise click.ClickException(
            _("{what} needs more packages: pip install 'leadboard[{name}]'.", what=what, name=name)
        ) from error


_SENDING = frozenset({"httpx", "standardwebhooks"})
_SERVING = _SENDING | {"fastapi", "prometheus_client", "pydantic", "uvicorn"}
SENDING = (_("Sending to hooks"), "api", _SENDING)
SERVING = (_("The HTTP door"), "api", _SERVING)
REPORTING = (_("A report"), "report", frozenset({"altair", "vl_convert"}))
"""What `extra` is told about sending to hooks, about the door, and about reports."""
