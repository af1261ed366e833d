"""A trial: one event that tells nothing, sent to a hook's receiver at once."""

import asyncio
import json
from secrets import token_hex

from leadboard.database.fields import now, stamp
from leadboard.hooks.registry import known
from leadboard.hooks.sending import Letter, Outcome, Poster

TYPE = "leadboard.test"


def try_hook(hook_id: int) -> Outcome:
    """Send a test event, also to a hook that is off, and return what came of it; raises Missing."""
    hook, moment = known(hook_id), now()
    event = {"type": TYPE, "timestamp": stamp(moment), "data": {"hook": hook_id}}
    letter = Letter(
        *(hook.address, hook.may_be_private, hook.secrets_at(moment)),
        f"test_{token_hex(8)}",
        json.dumps(event),
    )
    return asyncio.run(_send(letter))


async def _send(letter: Letter) -> Outcome:
    poster = Poster()
    try:
        return await poster.send(letter, now())
    finally:
        await poster.close()
