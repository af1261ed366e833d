"""What text of one line may hold, as patterns of JSON Schema, for the OpenAPI page."""

from typing import Any

from leadboard.common.validation import SPACES, VANISHING

WHITE = r"\t\n\x0b\x0c\r\x1c-\x1f \x85" + SPACES.replace("\u2800", "")
_SPACE = WHITE + "\u2800" + VANISHING
_CONTROL = r"\x00-\x1f\x7f-\x9f"


def line(most: int, space: str = _SPACE) -> dict[str, Any]:
    """Return the schema of a text of one line, which the act itself trims of `space` and checks."""
    # For the OpenAPI page only: the act checks the text and refuses it in a sentence of its own.
    inner, edge = f"[^{_CONTROL}]", f"[^{_CONTROL}{space}]"
    return {"pattern": f"^[{space}]*{edge}(?:{inner}{{0,{most - 2}}}{edge})?[{space}]*$"}


def line_or_none(most: int) -> dict[str, Any]:
    """Return the schema of a text of one line that may be empty."""
    return {"pattern": f"(?:^[{_SPACE}]*$)|(?:{line(most)['pattern']})"}
