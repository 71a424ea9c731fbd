"""Hypothesis for all unit tests: the same examples every time, none kept on disk."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", deadline=None, database=None, derandomize=True)
settings.load_profile("unit")
