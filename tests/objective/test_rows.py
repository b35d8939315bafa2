import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.model import as_model
from downslope.objective import as_loss, build, pack
from downslope.objective.rows import BLOCK, capacity


@given(rows=st.integers(1, 3_000_000))
def test_capacity_holds_the_rows_and_little_more(rows):
    blocks, block = capacity(rows)
    assert rows <= blocks * block <= max(16, 2 * rows + BLOCK)
    assert block <= BLOCK


def test_few_capacities_serve_many_sizes():
    assert len({capacity(rows) for rows in range(1, 100_000)}) <= 18


@settings(max_examples=8)
@given(rows=st.sampled_from([1, 15, 16, 17, 8192, 8193, 20_000]), seed=st.integers(0, 9))
def test_blocks_give_what_one_sum_over_all_rows_gives(rows, seed):
    generator = np.random.default_rng(seed)
    x, y, weight = generator.normal(size=(2, rows)).tolist(), generator.normal(size=rows), generator.uniform(0, 1, rows)
    columns = {"u": np.array(x[0]), "v": np.array(x[1])}
    model = as_model("y = a*u + b*v + c", ["u", "v", "y"])
    params = np.array([0.3, -0.7, 0.1])
    with jax.enable_x64(True):
        sums = build(model, as_loss("mse")).sums(params, pack(columns, y, weight), "triangle")
    design = np.column_stack([columns["u"], columns["v"], np.ones(rows)])
    residual = design @ params - y
    assert float(sums.weight) == pytest.approx(weight.sum())
    assert float(sums.loss) == pytest.approx((weight * residual**2).sum())
    assert np.asarray(sums.gradient) == pytest.approx(2 * design.T @ (weight * residual), abs=1e-9)
    both = np.column_stack([design, residual])
    triangle = np.asarray(sums.triangle)
    assert triangle.shape == (4, 4) and (triangle == np.triu(triangle)).all()
    assert triangle.T @ triangle == pytest.approx(2 * both.T @ (weight[:, None] * both), abs=1e-9)


def test_a_spread_divides_the_residuals():
    x, y, spread = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 5.0]), np.array([1.0, 2.0, 0.5])
    model = as_model("y = w*x", ["x", "y"])
    with jax.enable_x64(True):
        sums = build(model, as_loss("mse")).sums(np.array([1.0]), pack({"x": x}, y, spread=spread), "triangle").mean()
    assert float(sums.loss) == pytest.approx((((x - y) / spread) ** 2).mean())
    assert float(sums.gradient[0]) == pytest.approx((2 * (x - y) * x / spread**2).mean())
    assert float(sums.triangle[0, 0]) ** 2 == pytest.approx((2 * (x / spread) ** 2).mean())


def test_rows_that_fill_up_a_block_stay_inside_the_domain():
    x = np.array([1.0, 2.0, 4.0])
    model = as_model("y = a*log(x)", ["x", "y"])
    with jax.enable_x64(True):
        sums = build(model, as_loss("mse")).sums(np.array([2.0]), pack({"x": x}, np.log(x)))
    assert np.isfinite(np.asarray(sums.gradient)).all(), "zeros would have given log(0)"
