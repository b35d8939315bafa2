import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from downslope.report import interval_table
from downslope.report.numbers import ends

LIMITS = {"rate": (-np.inf, 0.25), "fixed": (2.0, 2.0), "b\x1b": (1.0, 1.5), "one side": (0.0, 3e-7)}


def test_each_has_a_line_and_each_note_follows():
    said = interval_table(LIMITS, 0.9, "bootstrap", ("rate has no limit below", "word " * 40))
    assert said.splitlines()[:5] == [
        "90 % intervals from the bootstrap",
        "  rate       -inf    to 0.25",
        "  fixed      2, fixed",
        "  b\\x1b         1.00 to 1.50",
        "  one side      0    to 3e-7",
    ]
    assert said.splitlines()[5] == "  rate has no limit below"
    assert max(map(len, said.splitlines())) <= 80


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_ends_are_told_to_a_twentieth_of_half_the_width(one, other):
    low, high = sorted((one, other))
    half = (high - low) / 2
    for text, value in zip(ends(low, high), (low, high), strict=True):
        rounding = 5.1e-16 * abs(value) + (5.1e-6 * abs(value) if half == 0 or math.isinf(half) else 0.0)
        assert abs(float(text) - value) <= 0.0501 * half + rounding
