"""What an invented team and its clients are made of, in one language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SampleWords:
    """Names and messages; a message has blanks, each of which has its fillings."""

    people: Sequence[str]
    external_ids: Mapping[str, str]
    """The id of a client by the name of the source that they write to."""
    order: str
    messages: Sequence[str]
    fillings: Mapping[str, Sequence[str]]
