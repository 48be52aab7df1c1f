"""Wheels for a wagon."""

__version__ = "0.1.0"
