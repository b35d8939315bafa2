"""The command line: the same words as in Python, the same states as exit codes."""

from downslope.cli.main import main, run

__all__ = ["main", "run"]
