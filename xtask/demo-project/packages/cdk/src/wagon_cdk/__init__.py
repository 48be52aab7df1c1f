"""Builds whole wagons."""

from wagon_core.wheels import spokes

__version__ = "0.1.0"


def wagon() -> str:
    """Return a wagon in words."""
    return f"a wagon with {spokes(4)} spokes"
