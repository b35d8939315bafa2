"""Replay page: a run that can be played, in one file."""

from collections.abc import Mapping
from typing import Any

from downslope.report.markup import element
from downslope.report.page import page


def replay_page(view: Mapping[str, Any]) -> str:
    """The page as text; view: as `viewing.view_of` makes it."""
    without = element("p", "This page plays the run step by step; for that, its browser has to run scripts.")
    return page("replay", f"{view['title']}: replay", element("main", element("noscript", without), id="app"), view)
