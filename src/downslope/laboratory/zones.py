"""Zones: what stands under the slider of the learning rate, from a scan of hundreds of rates on the data at hand."""

import math
from typing import Any

import downslope as ds
from downslope.laboratory.settings import Asked

NOT_OF_THE_RULE = ("learning_rate", "steps", "tolerance", "validation")
"""What is asked of one descent and not of the rule: a scan tries rates and steps of its own."""
FREE = (*NOT_OF_THE_RULE, "start")
"""Settings under which a ruler stays; starts are among them, or moving one by hand would scan anew at each place."""


def key(asked: Asked) -> tuple:
    """What a scan depends on."""
    rule = {name: str(value) for name, value in asked.plan.items() if name not in FREE}
    return asked.source, asked.formula, asked.target, tuple(sorted(rule.items()))


def zones(asked: Asked, table: "ds.Table") -> dict[str, Any]:
    """The ruler as plain values: where it begins and ends, the largest stable and the fastest rate, and the zones.

    Raises: RequestError, for a rule without a rate.

    >>> found = zones(Asked("thermometer", "celsius = w*unknown + b"), ds.sample("thermometer"))
    >>> [zone["outcome"] for zone in found["zones"]][-1], f"{found['limit']:.4g}"
    ('diverges', '0.0003399')
    """
    plan = {name: value for name, value in asked.plan.items() if name not in NOT_OF_THE_RULE}
    scan = ds.scan(asked.formula, table, asked.target, **plan)
    return {
        "low": float(scan.rates[0]),
        "high": float(scan.rates[-1]),
        "limit": _known(scan.limit),
        "fastest": _known(scan.fastest),
        "zones": [{"from": low, "to": high, "outcome": outcome} for low, high, outcome in scan.zones],
        "words": _words(scan),
    }


def _known(rate: float) -> float | None:
    return rate if math.isfinite(rate) else None


def _words(scan: "ds.Scan") -> str:
    said = []
    if math.isfinite(scan.limit) and scan.limit > 0 and "diverges" in scan.outcomes:
        said.append(f"above {scan.limit:.3g} it diverges")
    if math.isfinite(scan.best):
        said.append(f"of the rates tried, {scan.best:.3g} was the best")
    return f"{scan.rule}: {'; '.join(said) or 'see the zones'}"
