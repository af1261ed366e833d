"""The words for stored codes: each code that is written has them, and English reads as stored."""

import re
from pathlib import Path

import leadboard.desk
from leadboard.allocation.handouts import HAND_OUT
from leadboard.allocation.journal import FOR_GOOD, REDO, UNDO
from leadboard.desk.drafting import APPLY_DRAFT
from leadboard.entities import OPERATOR, SOURCE
from leadboard.queries.code_words import ACTS, act_words, kind_words
from leadboard.queries.ledger_lines import KINDS

NAMED = (HAND_OUT, UNDO, REDO, APPLY_DRAFT, *FOR_GOOD)


def test_every_act_has_words() -> None:
    desk = Path(leadboard.desk.__file__).parent
    written = (
        re.findall(r'record\(actor, "(.+?)"', each.read_text()) for each in desk.glob("*.py")
    )
    imports = (f"import {entity.word}s" for entity in (OPERATOR, SOURCE))
    assert {*NAMED, *imports, *(act for acts in written for act in acts)} == set(ACTS)


def test_english_reads_as_what_is_stored_and_so_does_what_nobody_knows() -> None:
    assert all(act_words(act) == act for act in (*ACTS, "of tomorrow"))
    assert all(kind_words(kind) == kind for kind in (*KINDS, "of tomorrow"))
