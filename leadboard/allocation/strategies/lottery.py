"""The lottery: everybody who is eligible, by weight."""

from leadboard.allocation.strategies.strategy import Strategy, no_credits

STRATEGY = Strategy(
    "Each appeal is drawn among all who are free, by weight.",
    lambda _: (),
    lambda _: {},
    no_credits,
    lambda _: "",
)
