"""What some tests need of the machine, and not every system has."""

from pathlib import Path

import pytest

NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc of Linux")
NEEDS_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full of Linux")
"""A device that takes nothing, as a full disk does."""
