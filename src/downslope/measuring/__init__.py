"""Measuring: what is taken of a run when somebody asks what went wrong. Part of the conductor."""

from downslope.measuring.taking import take

__all__ = ["take"]
