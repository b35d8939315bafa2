"""Outlying rows: found when they are there, whatever hides them; not found in noise, whatever its tail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.probe import outlying as probe
from downslope.probe.outlying import beyond_the_tail, outlying


def line(rows, generator):
    x = generator.uniform(-1, 1, rows)
    return np.column_stack([np.ones(rows), x])


def found(design, noise, **more):
    rest = np.linalg.lstsq(design, noise)[0]
    return outlying(design, design @ rest - noise, np.arange(1, noise.size + 1), **more)


def share_found(draw, rows, trials):
    hits = 0
    for seed in range(trials):
        generator = np.random.default_rng([seed, rows])
        hits += found(line(rows, generator), draw(generator, rows)) is not None
    return hits / trials


@pytest.mark.parametrize("rows", [15, 60, 400])
def test_normal_noise_has_none_but_once_in_a_thousand(rows):
    assert share_found(lambda generator, n: generator.normal(size=n), rows, 150) <= 1 / 150


@pytest.mark.parametrize(
    ("draw", "most"),
    [
        (lambda generator, n: generator.uniform(-1, 1, n), 0.0),
        (lambda generator, n: generator.laplace(size=n), 0.05),
        (lambda generator, n: generator.standard_t(5, n), 0.1),  # 4.7 % in more tables
    ],
    ids=["uniform", "laplace", "t5"],
)
@pytest.mark.parametrize("rows", [20, 200])
def test_long_tails_do_not_cry_wolf(draw, most, rows):
    assert share_found(draw, rows, 100) <= most


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(25, 300),
    count=st.integers(1, 3),
    units=st.tuples(st.floats(-6, 6), st.floats(-6, 6), st.floats(-6, 6)),
)
def test_gross_errors_are_named_in_any_units(seed, rows, count, units):
    generator = np.random.default_rng(seed)
    design, noise = line(rows, generator), generator.normal(size=rows)
    wrong = generator.choice(rows, count, replace=False)
    noise[wrong] = 25.0 * generator.choice([-1, 1], count)
    of_target, *of_columns = 10.0 ** np.array(units)
    seen = found(design * of_columns, noise * of_target)
    assert set(seen.rows) == {int(row) + 1 for row in wrong}
    assert seen.noise == pytest.approx(of_target * np.std(noise[np.abs(noise) < 20]), rel=0.2)
    assert all(abs(residual) > seen.limit for residual in seen.residuals)


def test_two_equal_outliers_do_not_hide_one_another():
    generator = np.random.default_rng(3)
    design, noise = line(20, generator), generator.normal(size=20)
    noise[[4, 11]] = 12.0
    rest = noise - design @ np.linalg.lstsq(design, noise)[0]
    alone = np.abs(rest) / np.sqrt((rest @ rest - rest**2) / 17)
    assert np.sort(alone)[-1] < 4.5  # either of them, judged with the other in the fit, is not beyond noise
    assert found(design, noise).rows in ((5, 12), (12, 5))


@given(seed=st.integers(0, 10_000), rows=st.integers(8, 40))
def test_leaving_rows_out_one_by_one_is_what_fits_without_them_say(seed, rows):
    generator = np.random.default_rng(seed)
    design = np.column_stack([line(rows, generator), generator.normal(size=rows)])
    noise = generator.standard_t(2, rows)
    basis = np.linalg.qr(design)[0]
    rest = noise - basis @ (basis.T @ noise)
    left = probe._leave_out(basis, rest, probe._All(rows, float(rest @ rest)), min(5, rows - 5))
    kept = np.ones(rows, bool)
    for place, residual in zip(left.places, left.residuals, strict=True):
        # the row's own prediction by a fit without it, over its standard error
        kept[place] = False
        answer, *_ = np.linalg.lstsq(design[kept], noise[kept])
        rest = noise[kept] - design[kept] @ answer
        size = np.sqrt(rest @ rest / (kept.sum() - 3))
        away = design[place] @ np.linalg.solve(design[kept].T @ design[kept], design[place])
        assert residual == pytest.approx(
            abs(noise[place] - design[place] @ answer) / size / np.sqrt(1 + away), rel=1e-6
        )


def test_many_rows_are_told_as_well_as_few():
    generator = np.random.default_rng(0)
    design, noise = line(30_000, generator), generator.normal(size=30_000)
    noise[[7, 20_000]] = [300.0, -200.0]
    seen = found(design, noise)
    assert seen.rows == (8, 20_001) and seen.share > 0.7


def test_one_far_row_among_thousands_that_changes_nothing_is_let_be():
    generator = np.random.default_rng(0)
    design, noise = line(5_000, generator), generator.normal(size=5_000)
    noise[7] = 8.0
    assert found(design, noise) is None


@pytest.mark.parametrize("leverage", [0.0, 1.0])
def test_rounding_is_no_outlier(leverage):
    x = np.linspace(0, 1, 30)
    design = np.column_stack([np.ones(30), x])
    rest = np.spacing(1e3) * np.random.default_rng(0).standard_t(1, 30)
    rest[3] += leverage * 1e-10
    assert outlying(design, rest, np.arange(30), size=1e3) is None


def test_an_outlier_of_exact_data_is_found():
    x = np.linspace(0, 1, 30)
    target = 2 * x + 1
    target[12] += 1.0
    seen = found(np.column_stack([np.ones(30), x]), target)
    assert seen.rows == (13,) and seen.share == pytest.approx(1.0, abs=0.2)


def test_a_row_that_alone_fixes_a_parameter_is_not_blamed():
    generator = np.random.default_rng(1)
    design = np.column_stack([line(30, generator), np.eye(30)[5]])
    noise = generator.normal(size=30)
    noise[5] = 1e3
    assert found(design, noise) is None


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_nothing_is_said_of_too_few_rows(rows):
    generator = np.random.default_rng(0)
    assert found(line(rows, generator), 10.0 ** np.arange(rows)) is None or rows > 4


def test_columns_that_repeat_do_no_harm():
    generator = np.random.default_rng(2)
    design, noise = line(40, generator), generator.normal(size=40)
    noise[9] = 30.0
    assert found(np.column_stack([design, design]), noise).rows == found(design, noise).rows == (10,)


@settings(max_examples=20)
@given(count=st.integers(1, 5), seed=st.integers(0, 1000))
def test_the_gap_is_judged_at_its_level_whatever_the_scale(count, seed):
    sizes = np.sort(np.random.default_rng(seed).exponential(size=200))[::-1]
    assert beyond_the_tail(sizes, count) == beyond_the_tail(1e6 * sizes, count)


def test_an_exponential_tail_stands_apart_as_seldom_as_promised():
    generator = np.random.default_rng(0)
    hits = sum(
        any(beyond_the_tail(np.sort(generator.exponential(size=60))[::-1], count) for count in range(1, 7))
        for _ in range(2000)
    )
    assert hits / 2000 <= 0.05
