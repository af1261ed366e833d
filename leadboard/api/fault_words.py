"""What is wrong with a value that was sent, in the language in force: pydantic has English only."""

from collections.abc import Mapping
from typing import Any

from leadboard.common.language import _

FAULTS: Mapping[str, str] = {
    "missing": _("Field required"),
    "int_type": _("Input should be a valid integer"),
    "int_parsing": _(
        "Input should be a valid integer, unable to parse string as an integer",
    ),
    "int_parsing_size": _(
        "Unable to parse input string as an integer, exceeded maximum size",
    ),
    "int_from_float": _("Input should be a valid integer, got a number with a fractional part"),
    "finite_number": _("Input should be a finite number"),
    "greater_than_equal": _("Input should be greater than or equal to {ge}"),
    "less_than_equal": _("Input should be less than or equal to {le}"),
    "bool_type": _("Input should be a valid boolean"),
    "bool_parsing": _("Input should be a valid boolean, unable to interpret input"),
    "string_type": _("Input should be a valid string"),
    "string_unicode": _(
        "Input should be a valid string, unable to parse raw data as a unicode string"
    ),
    "string_too_long": _("String should have at most {max_length} characters"),
    "string_pattern_mismatch": _("String should match pattern '{pattern}'"),
    "too_long": _(
        "List should have at most {max_length} items after validation, not {actual_length}"
    ),
}
"""Pydantic's own sentences about the values that the door takes, by its types of errors."""


def fault_words(fault: Mapping[str, Any]) -> str:
    """Return what is wrong with a value in words that follow the name of its field."""
    known = FAULTS.get(fault["type"])
    words: str = fault["msg"] if known is None else known.format(**fault.get("ctx", {}))
    return words[:1].lower() + words[1:]
