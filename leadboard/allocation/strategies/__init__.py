"""Strategies: how a source chooses between whom is drawn. Each is a file here with a STRATEGY.

A strategy leaves out some of those who are eligible, with a reason; the lottery decides between the
rest. The file's name is what `Source.strategy` holds.
"""

__all__ = ["headroom", "lottery", "quota", "registry", "strategy"]
