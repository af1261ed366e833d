"""The tables beside the ledger: its bounds, lost draws, seals, and the tally.

They refer to sources, rosters and operators by id alone: what was drawn stays, whoever goes.
"""

from peewee import SQL, BigAutoField, BigIntegerField, BlobField, Check, CompositeKey, TextField

from leadboard.database.fields import UtcField
from leadboard.database.table import Table


class LedgerBounds(Table):
    """The one row about the ledger as a whole, which is locked while places are settled.

    Rows up to `pruned` may be gone; those up to `rebuilt` were made by an upgrade from what appeals
    and acts still knew; those up to `counted` are in the tally.
    """

    id = BigAutoField()
    pruned = BigIntegerField()
    rebuilt = BigIntegerField()
    counted = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])


class LostDraw(Table):
    """A draw whose operator had no place left by then, so that its appeal was drawn again.

    `outside` is the digest of what the client wrote; `number` and `head` are as in the ledger.
    """

    id = BigAutoField()
    at = UtcField()
    source_id = BigIntegerField()
    number = BigIntegerField(null=True)
    roster_id = BigIntegerField()
    draw = BigIntegerField(constraints=[Check("draw >= 0")])
    operator_id = BigIntegerField()
    outside = BlobField()
    head = BlobField(null=True)


class Seal(Table):
    """A secret seed for the draws of a source, and the commitment to it.

    The draws are those from number `first` to `last` in its chain; null for one that has not begun,
    or has not ended. It is revealed once it has ended.
    """

    id = BigAutoField()
    source_id = BigIntegerField()
    commitment = TextField()
    seed = BlobField()
    made_at = UtcField()
    first = BigIntegerField(null=True)
    began_at = UtcField(null=True)
    last = BigIntegerField(null=True)
    ended_at = UtcField(null=True)


Seal.add_index(Seal.index(Seal.source_id, Seal.id, name="seal_by_source"))


class Tally(Table):
    """How often an operator got an appeal of a source on a day of UTC, and in which way.

    `way` is `drawn`, with the roster; else `hand` or `forced`, with roster 0. It is counted from
    the ledger up to `LedgerBounds.counted`, and can be counted again.
    """

    day = TextField()
    source_id = BigIntegerField()
    roster_id = BigIntegerField()
    operator_id = BigIntegerField()
    way = TextField(constraints=[Check("way IN ('drawn', 'hand', 'forced')")])
    count = BigIntegerField()

    class Meta:
        """One row for each way on each day."""

        primary_key = CompositeKey("day", "source_id", "roster_id", "operator_id", "way")
