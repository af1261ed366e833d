"""The tables about other programs: the tokens that they show, and the hooks that tell them."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    Check,
    ForeignKeyField,
    TextField,
)

from leadboard.common.validation import MAX_ADDRESS, MAX_NAME
from leadboard.database.fields import UtcField
from leadboard.database.table import Table


class Token(Table):
    """What a program shows to the HTTP door: only its digest is kept, so nobody can read it here.

    A withdrawn one stays, so that a door that had tokens never opens to everybody again.
    """

    id = BigAutoField()
    name = TextField(unique=True, constraints=[Check(f"length(name) BETWEEN 1 AND {MAX_NAME}")])
    digest = BlobField(unique=True)
    scope = TextField(constraints=[Check("scope IN ('intake', 'operator', 'desk')")])
    # Without a foreign key, as in the ledger: it may outlive an operator, and then opens nothing.
    operator_id = BigIntegerField(null=True)
    added_at = UtcField()
    withdrawn_at = UtcField(null=True)

    class Meta:
        """Rules between columns."""

        constraints = [
            Check("(scope = 'operator') = (operator_id IS NOT NULL)", "token_names_its_operator")
        ]


class Hook(Table):
    """An address that is told of the ledger's lines from `seq` on, and who is sending to it now."""

    id = BigAutoField()
    address = TextField(constraints=[Check(f"length(address) BETWEEN 1 AND {MAX_ADDRESS}")])
    # Kinds of lines with commas between them; none stands for all.
    kinds = TextField()
    source_id = BigIntegerField(null=True)
    has_messages = BooleanField(constraints=[Check("has_messages IN (TRUE, FALSE)")])
    may_be_private = BooleanField(constraints=[Check("may_be_private IN (TRUE, FALSE)")])
    secret = TextField()
    # Signed with as well until then, so that a receiver has time to take the new one.
    old_secret = TextField(null=True)
    old_until = UtcField(null=True)
    seq = BigIntegerField()
    added_at = UtcField()
    rests_until = UtcField(null=True)
    off_because = TextField(null=True)
    sender = TextField(null=True)
    leased_until = UtcField(null=True)


class HeldEvent(Table):
    """A line of the ledger that a hook has not got yet: it failed, or waits behind one that did.

    `body` is what is sent, so that each attempt sends the same. It is due at `due_at`, and given up
    at `dead_at`.
    """

    id = BigAutoField()
    hook = ForeignKeyField(Hook, backref="+", on_delete="CASCADE", index=False)
    seq = BigIntegerField()
    appeal_id = BigIntegerField()
    body = TextField()
    attempts = BigIntegerField(constraints=[Check("attempts >= 0")])
    first_at = UtcField()
    due_at = UtcField()
    failure = TextField()
    is_unreachable = BooleanField(constraints=[Check("is_unreachable IN (TRUE, FALSE)")])
    dead_at = UtcField(null=True)


HeldEvent.add_index(
    HeldEvent.index(HeldEvent.hook, HeldEvent.seq, name="held_event_by_seq", unique=True)
)
HeldEvent.add_index(
    HeldEvent.index(
        HeldEvent.hook,
        HeldEvent.appeal_id,
        HeldEvent.seq,
        name="held_event_by_appeal",
        where=HeldEvent.dead_at.is_null(),
    )
)
