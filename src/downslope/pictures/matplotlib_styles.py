"""What marks look like in Matplotlib, by what they stand for.

Colours of Okabe and Ito (2008), told apart by people who see fewer colours; lines differ in dashes and points in shape
as well.
"""

from typing import Any

LINES: dict[str, dict[str, Any]] = {
    "fit": {"color": "#D55E00", "lw": 2},
    "truth": {"color": "#009E73", "lw": 1.5, "ls": "--"},
    "guess": {"color": "#888888", "lw": 1.5, "ls": ":"},
    "valley": {"color": "#999999", "lw": 1.5},
    "path": {"color": "#0072B2", "lw": 1.2},
    "finding": {"color": "#CC79A7", "lw": 1.5, "ls": "-."},
    "start": {"color": "#E69F00", "lw": 2, "ls": (0, (6, 2, 1, 2))},
    "end": {"color": "#D55E00", "lw": 2.5},
    "minimum": {"color": "#000000", "lw": 1.6, "ls": (0, (2, 1))},
    "stalls": {"color": "#888888", "lw": 1.8, "ls": ":"},
    "learns": {"color": "#009E73", "lw": 2},
    "overshoots": {"color": "#0072B2", "lw": 1.8, "ls": "--"},
    "bounces": {"color": "#CC79A7", "lw": 1.8, "ls": "-."},
    "diverges": {"color": "#D55E00", "lw": 1.8, "ls": (0, (5, 1))},
}
PLAIN: dict[str, Any] = {"color": "#444444", "lw": 1.2}
POINTS: dict[str, dict[str, Any]] = {
    "data": {"color": "#444444", "marker": "o", "ms": 4, "alpha": 0.6, "mew": 0},
    "path": {"color": "#0072B2", "marker": "o", "ms": 3.5},
    "start": {"color": "#E69F00", "marker": "s", "ms": 8, "mec": "black", "clip_on": False},
    "end": {"color": "#D55E00", "marker": "*", "ms": 14, "mec": "black", "clip_on": False},
    "minimum": {"color": "black", "marker": "+", "ms": 11, "mew": 2, "clip_on": False},
    "finding": {"color": "#CC79A7", "marker": "D", "ms": 6, "mec": "black", "mew": 0.5},
    "fit": {"color": "#D55E00", "marker": "o", "ms": 5},
    "guess": {"color": "#888888", "marker": "v", "ms": 5},
    "truth": {"color": "#009E73", "marker": "^", "ms": 5},
}
DOT: dict[str, Any] = {"color": "#444444", "marker": "o", "ms": 4}
AREAS: dict[str, dict[str, Any]] = {
    "band": {"color": "#D55E00", "alpha": 0.15},
    "stalls": {"color": "#888888", "alpha": 0.14},
    "learns": {"color": "#56B4E9", "alpha": 0.16},
    "overshoots": {"color": "#0072B2", "alpha": 0.16},
    "bounces": {"color": "#CC79A7", "alpha": 0.2},
    "diverges": {"color": "#D55E00", "alpha": 0.2},
    "good": {"color": "#009E73", "alpha": 0.3},
    "dead": {"color": "#444444", "alpha": 0.75, "hatch": "//", "ec": "white"},
}
AREA: dict[str, Any] = {"color": "#888888", "alpha": 0.2}
OLDEST = 0.4
"""How much is left of the colour of the oldest segment of a path."""
