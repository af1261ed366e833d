"""What acts are called, by the codes that the record has for them."""

from collections.abc import Mapping

from leadboard.allocation.handouts import HAND_OUT
from leadboard.allocation.journal import HOOK, PRUNE, REDO, REPAIR, SEAL, TOKEN, UNDO
from leadboard.common.language import pgettext
from leadboard.desk.drafting import APPLY_DRAFT

ACTS: Mapping[str, str] = {
    "submit": pgettext("act", "submit"),
    "assign": pgettext("act", "assign"),
    "return": pgettext("act", "return"),
    "close": pgettext("act", "close"),
    "reopen": pgettext("act", "reopen"),
    HAND_OUT: pgettext("act", "hand out"),
    "weight": pgettext("act", "weight"),
    "weights": pgettext("act", "weights"),
    "spread": pgettext("act", "spread"),
    "spread row": pgettext("act", "spread row"),
    "scale": pgettext("act", "scale"),
    "scale row": pgettext("act", "scale row"),
    APPLY_DRAFT: pgettext("act", "apply draft"),
    "add operator": pgettext("act", "add operator"),
    "change operator": pgettext("act", "change operator"),
    "delete operator": pgettext("act", "delete operator"),
    "send home": pgettext("act", "send home"),
    "add source": pgettext("act", "add source"),
    "change source": pgettext("act", "change source"),
    "delete source": pgettext("act", "delete source"),
    "import operators": pgettext("act", "import operators"),
    "import sources": pgettext("act", "import sources"),
    UNDO: pgettext("act", "undo"),
    REDO: pgettext("act", "redo"),
    REPAIR: pgettext("act", "repair"),
    PRUNE: pgettext("act", "prune"),
    TOKEN: pgettext("act", "token"),
    HOOK: pgettext("act", "hook"),
    SEAL: pgettext("act", "seal"),
}
"""The name of each act; one that a later Leadboard has recorded is called by its code."""
