"""What the description of the HTTP door allows, the acts behind it accept."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.api.schemas import AppealIn
from leadboard.common.validation import checked_external_id, checked_key

ODD = st.text(st.sampled_from("aé \t\x0b\x1f\x7f\x85\xa0\xad\u200b\u2028\u2800\u3000"), max_size=6)


@pytest.mark.parametrize(
    ("name", "checked"), [("external_id", checked_external_id), ("key", checked_key)]
)
@given(text=ODD)
def test_whatever_fits_the_pattern_is_accepted(
    name: str, checked: Callable[[object], str | None], text: str
) -> None:
    described = AppealIn.model_json_schema()["properties"][name]["anyOf"]
    [pattern] = [each["pattern"] for each in described if "pattern" in each]
    if re.search(pattern, text):
        assert checked(text)
