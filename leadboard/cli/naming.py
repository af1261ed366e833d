"""How appeals are named on the command line."""

import re
from collections.abc import Sequence

from leadboard.allocation.names import id_of
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.database.connection import BEYOND
from leadboard.queries.appeal_records import id_by_key, named_by
from models import Source

_NUMBER = re.compile(r"#?([0-9]{1,100})", re.ASCII)


def appeal_id_of(given: str) -> int:
    """Return the id that `12` or `#12` names; raises Refused for anything else."""
    found = _NUMBER.fullmatch(given)
    if found is None:
        raise Refused(
            _("An appeal is named by its number, such as 12, not by {given}.", given=clean(given))
        )
    # No row has a larger one.
    return min(int(found[1]), BEYOND)


def appeal_ids_of(
    given: Sequence[str], source: str | None, key: str | None, lead: str | None
) -> list[int]:
    """Return the ids of appeals named by numbers, or of one by its source and key.

    Raises Refused where neither is complete, and Missing.
    """
    if given and (source or key or lead):
        raise Refused(_("Name appeals by their numbers, or one by --source and --key: not both."))
    if given:
        return [appeal_id_of(each) for each in given]
    if source is None or key is None:
        raise Refused(_("Name an appeal: by its number, or by --source and --key."))
    return [id_by_key(named_by(id_of(Source, source), key, lead))]
