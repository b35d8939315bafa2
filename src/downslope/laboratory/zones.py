"""Zones: what stands under the slider of the learning rate, from a scan of hundreds of rates on the data at hand."""

import math
from typing import Any

import downslope as ds
from downslope.laboratory.settings import Asked

NOT_OF_THE_RULE = ("learning_rate", "steps", "tolerance", "validation")
"""What is asked of one descent and not of the rule: a scan tries rates and steps of its own."""


def key(asked: Asked) -> tuple:
    """What a scan depends on; starts are left out, or moving one by hand would scan anew at each place."""
    rule = {name: str(value) for name, value in asked.plan.items() if name not in (*NOT_OF_THE_RULE, "start")}
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
    rates = [float(rate) for rate in scan.rates]
    found: list[dict[str, Any]] = []
    for place, (rate, outcome) in enumerate(zip(rates, scan.outcomes, strict=True)):
        if found and found[-1]["outcome"] == outcome:
            found[-1]["to"] = rate
            continue
        edge = rate if not place else _edge(rates[place - 1], rate, scan.limit)
        if found:
            found[-1]["to"] = edge
        found.append({"from": edge, "to": rate, "outcome": outcome})
    return {
        "low": rates[0],
        "high": rates[-1],
        "limit": _known(scan.limit),
        "fastest": _known(scan.fastest),
        "zones": found,
        "words": _words(scan),
    }


def _edge(below: float, above: float, limit: float) -> float:
    """Where one zone ends and the next begins: at the limit, if it lies there, else half way on a log scale."""
    return limit if below <= limit <= above else math.sqrt(below * above)


def _known(rate: float) -> float | None:
    return rate if math.isfinite(rate) else None


def _words(scan: "ds.Scan") -> str:
    said = []
    if math.isfinite(scan.limit) and scan.limit > 0 and "diverges" in scan.outcomes:
        said.append(f"above {scan.limit:.3g} it diverges")
    if math.isfinite(scan.best):
        said.append(f"of the rates tried, {scan.best:.3g} was the best")
    return f"{scan.rule}: {'; '.join(said) or 'see the zones'}"
