"""What is wrong with a value that was sent: in English the words are those of pydantic."""

from typing import Any

import pytest
from pydantic_core import PydanticKnownError

from leadboard.api.fault_words import FAULTS, fault_words

CONTEXTS: dict[str, dict[str, Any]] = {
    "greater_than_equal": {"ge": 1},
    "less_than_equal": {"le": 1_000_000},
    "string_too_long": {"max_length": 10_000},
    "string_pattern_mismatch": {"pattern": "^[0-9]{1,18}$"},
    "too_long": {"field_type": "List", "max_length": 20, "actual_length": 21},
}


@pytest.mark.parametrize("kind", FAULTS)
def test_english_says_what_pydantic_says(kind: Any) -> None:
    context = CONTEXTS.get(kind)
    said = PydanticKnownError(kind, context).message()
    fault = {"type": kind, "msg": "", **({"ctx": context} if context else {})}
    assert fault_words(fault) == said[:1].lower() + said[1:]


def test_what_has_no_words_of_ours_is_told_in_those_of_pydantic() -> None:
    assert fault_words({"type": "of tomorrow", "msg": "Input is odd"}) == "input is odd"
