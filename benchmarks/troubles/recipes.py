"""Recipes: how troubles are made, and healthy runs, written down as data.

What a run that is made so really suffers from is judged apart (`truth`), from a replay: a recipe only says what to try.
"""

from dataclasses import dataclass

ALL: tuple[str, ...] = ()
CURVED = (
    "exponential",
    "logistic-curve",
    "gaussian",
    "two-peaks",
    "sine",
    "cosine",
    "relu-sum",
    "relu-net",
    "tanh-net",
)
CURVED += ("tanh-unit", "log-law", "root-law")
STRAIGHT = ("line", "thermometer", "parabola", "cubic", "plane-batches", "line-batches", "correlated", "tilted")
STRAIGHT += ("diabetes", "wine", "huber-line", "many-columns", "harmonics")
ROUND = ("line", "huber-line", "plane-batches", "line-batches", "mae-line", "many-columns", "harmonics")
TABLES = ("thermometer", "parabola", "cubic", "diabetes", "wine", "breast-cancer")


@dataclass(frozen=True)
class Recipe:
    """Every rate × steps × start × seed of it is one run.

    meant   the fault that it is meant to make, or "healthy"
    on      names of programs; none for all
    rule    optimizer; "auto" says nothing at all: no rate and no steps
    rates   in units of `unit`: "edge", one over the largest curvature at the minimum; "span", the distance of the
            start from the minimum; "limit", the lowest rate that leaves for infinity from the usual start
    steps   ("fixed", n), or ("arrival", f): f times the steps that this very descent needs to arrive
    start   "usual", "steep" (from the minimum along the steepest direction) or a name in Program.wrong
    variant a name in Program.variants, or "" for the formula itself
    scaled  columns brought to -1..1 before anything else
    outlying (rows, sigmas) that are moved, or none
    validation share of the rows to hold out, or 0
    """

    meant: str
    on: tuple[str, ...] = ALL
    rule: str = "gd"
    unit: str = "edge"
    rates: tuple[float, ...] = (0.9,)
    steps: tuple[tuple[str, float], ...] = (("arrival", 1.5),)
    start: str = "usual"
    variant: str = ""
    scaled: bool = False
    outlying: tuple[tuple[int, float], ...] = ()
    validation: float = 0.0
    seeds: int = 2


ARRIVING = (("arrival", 1.3), ("arrival", 3.0))
SHORT = (("arrival", 0.4), ("arrival", 0.75))

RECIPES = (
    # healthy runs
    Recipe("healthy", rates=(0.3, 0.9), steps=ARRIVING, seeds=4),
    Recipe("healthy", on=TABLES, rates=(0.3, 0.9), steps=ARRIVING, scaled=True),
    Recipe("healthy", rule="momentum", rates=(0.05, 0.3), steps=ARRIVING),
    Recipe("healthy", rule="nesterov", rates=(0.05, 0.3), steps=ARRIVING),
    Recipe("healthy", rule="adam", unit="span", rates=(0.01, 0.03), steps=ARRIVING, seeds=3),
    Recipe(
        "healthy",
        on=("plane-batches", "line-batches", "mae-line"),
        rates=(0.003, 0.01, 0.03, 0.1),
        steps=ARRIVING,
        seeds=3,
    ),
    Recipe("healthy", on=TABLES, rule="momentum", rates=(0.1, 0.5), steps=ARRIVING, scaled=True),
    Recipe("healthy", rates=(0.95,), steps=(("arrival", 2.0),), start="steep", seeds=1),
    Recipe("healthy", rule="auto", rates=(1.0,), seeds=8),
    Recipe("healthy", on=(*ROUND, *CURVED), rates=(0.8,), validation=0.3, seeds=3),
    # rate too large
    Recipe("diverging", rates=(2.04, 2.2), steps=(("fixed", 400),)),
    Recipe("diverging", rates=(4.0, 200.0), steps=(("fixed", 300),), seeds=1),
    Recipe("diverging", on=CURVED, unit="limit", rates=(1.02, 1.1, 2.0, 100.0), steps=(("fixed", 400),)),
    Recipe("diverging", on=STRAIGHT, rule="momentum", rates=(3.9, 8.0), steps=(("fixed", 500),), seeds=1),
    Recipe("diverging", on=STRAIGHT, rule="nesterov", rates=(1.4, 3.0), steps=(("fixed", 500),), seeds=1),
    Recipe("overshooting", rates=(1.05, 1.3, 1.6, 1.95), steps=(("fixed", 300),), start="steep", seeds=1),
    Recipe("overshooting", on=("line", "thermometer", "huber-line"), rates=(1.8, 1.95), steps=(("fixed", 300),)),
    Recipe("bouncing", rates=(1.9985,), steps=(("fixed", 300),), start="steep"),
    Recipe(
        "bouncing", on=("plane-batches", "line-batches"), rates=(0.9, 1.2, 1.4, 1.6), steps=(("fixed", 800),), seeds=4
    ),
    Recipe("bouncing", on=("mae-line",), rates=(1.0, 3.0, 10.0), steps=(("fixed", 400),)),
    Recipe(
        "bouncing",
        on=("logistic-regression", "huber-line", "breast-cancer"),
        rates=(3.0, 10.0),
        steps=(("fixed", 300),),
    ),
    Recipe("bouncing", rule="adam", unit="span", rates=(0.6, 2.0), steps=(("fixed", 800),), seeds=1),
    # rate too small, valleys
    Recipe("crawling", rates=(0.1, 0.01), steps=SHORT),
    Recipe("crawling", rates=(0.5, 0.001), steps=(("fixed", 400),), seeds=1),
    Recipe("crawling", rule="momentum", rates=(0.003, 0.03), steps=SHORT, seeds=1),
    Recipe(
        "crawling", rule="adam", unit="span", rates=(0.0003, 0.001), steps=(("arrival", 0.75), ("fixed", 400)), seeds=1
    ),
    Recipe("unscaled-inputs", on=TABLES, rates=(0.9, 0.3), steps=(("fixed", 500), ("fixed", 1500))),
    Recipe("ravine", on=("correlated", "tilted"), rates=(0.3, 0.9), steps=(("fixed", 300), ("fixed", 1000)), seeds=3),
    Recipe("ravine", on=("cubic", "diabetes"), rates=(0.9,), steps=(("fixed", 30),), scaled=True),
    # the wrong place
    Recipe("plateau", rates=(0.3, 0.9), steps=(("fixed", 400),), start="plateau"),
    Recipe("plateau", rule="momentum", rates=(0.1,), steps=(("fixed", 400),), start="plateau", seeds=1),
    Recipe("local-minimum", rates=(0.3, 0.9), steps=(("fixed", 600),), start="local-minimum", seeds=4),
    Recipe(
        "local-minimum",
        rule="adam",
        unit="span",
        rates=(0.01,),
        steps=(("fixed", 800),),
        start="local-minimum",
        seeds=1,
    ),
    Recipe("dead-units", rates=(0.3, 0.9), steps=(("fixed", 800),), start="dead-units", seeds=3),
    Recipe("nonfinite", rates=(0.7, 1.5, 2.5), steps=(("fixed", 300),), start="nonfinite"),
    # the model and the data
    Recipe("undetermined", rates=(0.5,), steps=(("arrival", 2.0),), variant="undetermined"),
    Recipe("undetermined", rule="auto", rates=(1.0,), variant="undetermined"),
    Recipe("ignored-parameter", rates=(0.5,), steps=(("arrival", 2.0),), variant="ignored-parameter"),
    Recipe("ignored-parameter", rule="auto", rates=(1.0,), variant="ignored-parameter"),
    Recipe(
        "outliers",
        rates=(0.6,),
        steps=(("arrival", 2.0),),
        outlying=((1, 8.0), (1, 20.0), (2, 12.0), (3, 50.0)),
        seeds=1,
    ),
    Recipe("outliers", rule="auto", rates=(1.0,), outlying=((1, 8.0), (2, 15.0), (3, 30.0)), seeds=1),
    Recipe("overfitting", on=("many-columns", "harmonics"), rates=(0.3, 0.9), steps=ARRIVING, validation=0.7, seeds=10),
    Recipe("overfitting", on=("many-columns", "harmonics"), rule="momentum", rates=(0.1,), validation=0.7, seeds=10),
)
