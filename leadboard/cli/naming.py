"""How operators, sources and appeals are named on the command line."""

import re
from collections.abc import Sequence

from leadboard.allocation.names import ids_by_name
from leadboard.common.errors import Missing, Refused
from leadboard.common.text import clean
from leadboard.common.validation import checked_external_id, checked_key, plain
from leadboard.queries.appeal_records import id_by_key
from models import Operator, Source

_NUMBER = re.compile(r"#?([0-9]{1,18})", re.ASCII)


def id_of(table: type[Operator] | type[Source], given: str) -> int:
    """Return the id of a row by its name, else by its number; raises Missing."""
    known = ids_by_name(table)
    row_id = known.get(plain(given))
    if row_id is None and given.isascii() and given.isdigit() and int(given[:18]) in known.values():
        row_id = int(given)
    if row_id is None:
        word = table.__name__.lower()
        raise Missing(f"There is no {word} {clean(given)}.", word)
    return row_id


def appeal_id_of(given: str) -> int:
    """Return the id that `12` or `#12` names; raises Refused for anything else."""
    found = _NUMBER.fullmatch(given)
    if found is None:
        raise Refused(f"An appeal is named by its number, such as 12, not by {clean(given)}.")
    return int(found[1])


def appeal_ids_of(
    given: Sequence[str], source: str | None, key: str | None, lead: str | None
) -> list[int]:
    """Return the ids of appeals named by numbers, or of one by its source and key.

    Raises Refused where neither is complete, and Missing.
    """
    if given and (source or key or lead):
        raise Refused("Name appeals by their numbers, or one by --source and --key: not both.")
    if given:
        return [appeal_id_of(each) for each in given]
    if source is None or key is None:
        raise Refused("Name an appeal: by its number, or by --source and --key.")
    return [
        id_by_key(
            id_of(Source, source),
            checked_key(key) or "",
            None if lead is None else checked_external_id(lead),
        )
    ]
