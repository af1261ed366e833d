"""The lottery: everybody who is eligible, by weight."""

from leadboard.allocation.strategies.strategy import Strategy, no_credits
from leadboard.common.language import _

STRATEGY = Strategy(
    _("lottery"),
    _("Each appeal is drawn among all who are free, by weight."),
    lambda _unused: (),
    lambda _unused: {},
    no_credits,
    lambda _unused: "",
    {},
)
