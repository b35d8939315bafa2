"""Cores: how many this process may use. Every room may import it."""

import os


def cores() -> int:
    """Cores that this process may use; fewer than the machine has, where it is confined to some.

    >>> cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
