"""The words for stored codes that people read: the names of acts, the kinds of ledger lines."""

from collections.abc import Mapping

from leadboard.allocation.ledger import (
    ASSIGNED,
    CLOSED,
    IMPORTED,
    MOVED,
    RECEIVED,
    REOPENED,
    RETURNED,
    WITHDRAWN,
)
from leadboard.common.language import pgettext

ACTS: Mapping[str, str] = {
    "submit": pgettext("act", "submit"),
    "assign": pgettext("act", "assign"),
    "return": pgettext("act", "return"),
    "close": pgettext("act", "close"),
    "reopen": pgettext("act", "reopen"),
    "hand out": pgettext("act", "hand out"),
    "undo": pgettext("act", "undo"),
    "redo": pgettext("act", "redo"),
    "add operator": pgettext("act", "add operator"),
    "change operator": pgettext("act", "change operator"),
    "delete operator": pgettext("act", "delete operator"),
    "send home": pgettext("act", "send home"),
    "add source": pgettext("act", "add source"),
    "change source": pgettext("act", "change source"),
    "delete source": pgettext("act", "delete source"),
    "weight": pgettext("act", "weight"),
    "weights": pgettext("act", "weights"),
    "spread": pgettext("act", "spread"),
    "spread row": pgettext("act", "spread row"),
    "scale": pgettext("act", "scale"),
    "scale row": pgettext("act", "scale row"),
    "apply draft": pgettext("act", "apply draft"),
    "import operators": pgettext("act", "import operators"),
    "import sources": pgettext("act", "import sources"),
    "repair": pgettext("act", "repair"),
    "prune": pgettext("act", "prune"),
    "token": pgettext("act", "token"),
    "hook": pgettext("act", "hook"),
    "seal": pgettext("act", "seal"),
}
"""The words for the names of acts, by the names as the record has them."""
_KINDS: Mapping[str, str] = {
    RECEIVED: pgettext("appeal", "received"),
    IMPORTED: pgettext("appeal", "imported"),
    ASSIGNED: pgettext("appeal", "assigned"),
    MOVED: pgettext("appeal", "moved"),
    RETURNED: pgettext("appeal", "returned"),
    CLOSED: pgettext("appeal", "closed"),
    REOPENED: pgettext("appeal", "reopened"),
    WITHDRAWN: pgettext("appeal", "withdrawn"),
}


def act_words(act: str) -> str:
    """Return what people read for the name of an act; one of another Leadboard is left as it is."""
    return ACTS.get(act, act)


def kind_words(kind: str) -> str:
    """Return what people read for the kind of a line of the ledger."""
    return _KINDS.get(kind, kind)
