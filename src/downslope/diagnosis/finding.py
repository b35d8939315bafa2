"""Finding: something that is wrong with a descent, and the numbers that show it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["warning", "fault"]


@dataclass(frozen=True)
class Finding:
    """One symptom, seen in one run.

    Attributes:
        symptom     its name in the closed list of symptoms: "diverging"
        severity    "fault" if the answer cannot be trusted because of it, else "warning"
        first_step  the step at which it began
        evidence    the numbers a sceptic would ask for
        message     what was seen, one sentence without a full stop
        remedy      the change of Plan that cures it, as `plan.changed(**remedy)` takes it; empty if none is known
    """

    symptom: str
    severity: Severity
    first_step: int
    evidence: Mapping[str, float]
    message: str
    remedy: Mapping[str, Any] = field(default_factory=dict)


def rough(number: float | int) -> str:
    """A number with at most three digits, as it is said in a sentence.

    >>> rough(1763.88), rough(3.1e34), rough(57.8279), rough(3.3995e-4), rough(float("nan"))
    ('1.76e3', '3.1e34', '57.8', '3.4e-4', 'no number')
    >>> rough(0.01), rough(-250.0), rough(0.0), rough(float("inf"))
    ('0.01', '-250', '0', 'infinite')
    """
    if math.isnan(number):
        return "no number"
    if math.isinf(number):
        return "infinite" if number > 0 else "minus infinite"
    if number == 0 or 1e-3 <= abs(number) < 999.5:
        return f"{number:.3g}"
    digits, power = f"{number:.2e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def not_above(rate: float) -> float:
    """A rate with two digits, rounded down: up to it something holds.

    >>> not_above(0.01999), not_above(1.38), not_above(3.3995e-4)
    (0.019, 1.3, 0.00033)
    """
    if not 0 < rate < math.inf:
        return rate
    power = math.floor(math.log10(rate)) - 1
    # the last digit is counted in whole numbers: what 0.29 lacks to 29 hundredths is rounding
    return float(f"{math.floor(rate / 10.0**power + 1e-9)}e{power}")
