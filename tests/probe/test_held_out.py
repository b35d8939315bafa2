"""The loss over rows held out, along the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.arrays import double_precision
from downslope.model import as_model
from downslope.objective import as_loss
from downslope.probe.held_out import MOST_POINTS, held_out, sampled

MODEL = as_model("y = w*x + b", ["x", "y"])
GENERATOR = np.random.default_rng(0)
X = np.linspace(-1, 1, 30)
Y = 2 * X + 1 + GENERATOR.normal(size=30)
PATH = np.column_stack([np.linspace(0, 4, 9), np.full(9, 1.0)])
LOSSES = {"mse": lambda f, y: (f - y) ** 2, "mae": lambda f, y: abs(f - y)}


def seen(loss="mse", path=PATH, **more):
    with double_precision():
        return held_out(MODEL.predict, 10 * np.arange(len(path)), path, {"x": X}, Y, as_loss(loss), **more)


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("spread", [1.0, GENERATOR.uniform(0.5, 2, 30)], ids=["one", "many"])
def test_it_is_the_weighted_mean_over_the_rows(loss, weighted, spread):
    weight = GENERATOR.uniform(0.1, 3, 30) if weighted else None
    found = seen(loss, weight=weight, spread=spread)
    by_row = [LOSSES[loss]((w * X + b) / spread, Y / spread) for w, b in PATH]
    assert found.losses == pytest.approx([np.average(each, weights=weight) for each in by_row])
    assert found.steps.tolist() == list(range(0, 90, 10)) and found.rows == 30


def test_the_spread_is_the_error_of_the_paired_difference():
    found = seen()
    best = int(np.argmin(found.losses))
    last, low = (LOSSES["mse"](w * X + b, Y) for w, b in PATH[[-1, best]])
    assert 0 < best < 8
    assert found.spread == pytest.approx(np.std(last - low, ddof=1) / np.sqrt(30))
    unpaired = np.hypot(np.std(last, ddof=1), np.std(low, ddof=1)) / np.sqrt(30)
    assert found.spread < unpaired


def test_equal_weights_are_no_weights():
    assert seen(weight=np.full(30, 7.0)).spread == pytest.approx(seen().spread)


def test_numbers_that_ended_are_left_out():
    path = np.vstack([PATH, [[np.nan, 1.0]], [[np.inf, 0.0]]])
    assert seen(path=path).steps.tolist() == seen().steps.tolist()
    assert seen(path=np.full((3, 2), np.nan)) is None


@given(count=st.integers(1, 20_000))
def test_few_steps_are_looked_at_with_the_first_and_the_last(count):
    chosen = sampled(np.arange(count))
    assert chosen.size <= MOST_POINTS and chosen[0] == 0 and chosen[-1] == count - 1
    assert (np.diff(chosen) > 0).all()
