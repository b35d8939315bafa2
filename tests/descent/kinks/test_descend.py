"""The exact minimum of mae and quantile, against every corner there is, medians, and other searches."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from downslope.descent.kinks import Kinked, descend_kinks

DONE = "nothing left to gain"


def straight(matrix, target, level=0.5, factor=1.0, weight=None, spread=1.0, lower=None, upper=None):
    rows, params = matrix.shape
    return Kinked(
        predict=lambda values: matrix @ values,
        jacobian=lambda values: matrix,
        target=np.asarray(target, float),
        weight=np.ones(rows) if weight is None else np.asarray(weight, float),
        spread=spread,
        level=level,
        factor=factor,
        lower=np.full(params, -np.inf) if lower is None else np.asarray(lower, float),
        upper=np.full(params, np.inf) if upper is None else np.asarray(upper, float),
        linear=True,
    )


def exponential(x, y, level=0.5, lower=None, upper=None):
    """y = a exp(-b x) + c."""
    return straight(np.ones((x.size, 3)), y, level, 2.0, None, 1.0, lower, upper)._replace(
        predict=lambda p: p[0] * np.exp(-p[1] * x) + p[2],
        jacobian=lambda p: np.stack([np.exp(-p[1] * x), -p[0] * x * np.exp(-p[1] * x), np.ones_like(x)], axis=1),
        linear=False,
    )


def loss_of(problem, params):
    residual = (problem.target - problem.predict(params)) / problem.spread
    by_row = np.maximum(problem.level * residual, (problem.level - 1) * residual)
    return problem.factor * float(problem.weight @ by_row) / problem.weight.sum()


def last(problem, start=None, steps=300):
    with np.errstate(over="ignore", invalid="ignore"):
        *_, point = descend_kinks(problem, np.zeros(problem.lower.size) if start is None else np.array(start), steps)
    return point


def lowest_corner(problem, matrix):
    """By enumeration: every corner is where as many rows as parameters meet, or rows and bounds."""
    rows, params = matrix.shape
    walls = [(j, bound[j]) for bound in (problem.lower, problem.upper) for j in range(params) if np.isfinite(bound[j])]
    planes = [(matrix[i], problem.target[i]) for i in range(rows)] + [(np.eye(params)[j], value) for j, value in walls]
    best = np.inf
    for chosen in combinations(planes, params):
        left, right = np.array([plane for plane, _ in chosen]), np.array([value for _, value in chosen])
        if abs(np.linalg.det(left)) < 1e-9:
            continue
        corner = np.linalg.solve(left, right)
        if (corner >= problem.lower - 1e-9).all() and (corner <= problem.upper + 1e-9).all():
            best = min(best, loss_of(problem, corner))
    return best


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(4, 9),
    params=st.integers(1, 3),
    level=st.sampled_from([0.05, 0.3, 0.5, 0.95]),
    whole=st.booleans(),
    walls=st.booleans(),
)
def test_no_corner_is_lower(seed, rows, params, level, whole, walls):
    """Also with whole numbers, where rows tie and corners meet, and with bounds."""
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(rows, params))
    target = 3 * generator.normal(size=rows)
    weight = generator.uniform(0.1, 3, size=rows)
    if whole:
        matrix, target, weight = np.round(2 * matrix), np.round(target), np.ones(rows)
    if np.linalg.matrix_rank(matrix) < params:
        return
    bounds = {"lower": np.full(params, -0.5), "upper": np.full(params, 0.7)} if walls else {}
    problem = straight(matrix, target, level, weight=weight, **bounds)
    point = last(problem)
    best = lowest_corner(problem, matrix)
    assert point.end == DONE
    assert point.loss == pytest.approx(best, rel=1e-12, abs=1e-13)
    assert point.loss - best <= point.gap + 1e-14 * (1 + best), "the bound must hold"
    assert (problem.lower <= point.params).all() and (point.params <= problem.upper).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 40), level=st.sampled_from([0.05, 0.25, 0.5, 0.95]))
def test_a_constant_is_a_weighted_quantile(seed, rows, level):
    generator = np.random.default_rng(seed)
    target, weight = np.round(generator.normal(size=rows), 1), generator.integers(0, 4, size=rows).astype(float)
    weight[0] = 1.0
    problem = straight(np.ones((rows, 1)), target, level, weight=weight)
    point = last(problem)
    each = {value: loss_of(problem, np.array([value])) for value in target[weight > 0]}
    best = min(each.values())
    assert point.end == DONE
    assert point.loss == pytest.approx(best, rel=1e-12, abs=1e-14)
    assert point.params[0] in target[weight > 0] or point.params[0] == 0.0, "a corner, or a start that is as low"
    assert point.unique == (sum(value <= best * (1 + 1e-12) + 1e-14 for value in each.values()) == 1)


def test_an_even_median_is_not_the_only_one():
    point = last(straight(np.ones((4, 1)), [1.0, 2.0, 3.0, 9.0], factor=2.0))
    assert 2 <= point.params[0] <= 3 and point.loss == 2.25 and not point.unique
    between = last(straight(np.ones((4, 1)), [1.0, 2.0, 3.0, 9.0], factor=2.0), start=[2.5])
    assert between.params[0] == 2.5 and between.end == DONE and not between.unique


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    level=st.sampled_from([0.05, 0.5, 0.9]),
    of_target=st.sampled_from([1e-9, 1.0, 1e7]),
    of_column=st.sampled_from([1e-8, 1e6]),
    shift=st.sampled_from([0.0, 1e3]),
)
def test_units_do_not_matter(seed, level, of_target, of_column, shift):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(40, 2))
    matrix = np.column_stack([np.ones(40), x])
    target = matrix @ [1.0, -2.0, 0.5] + generator.standard_t(2, size=40)
    plain = last(straight(matrix, target, level))
    other = last(straight(matrix * [1.0, of_column, 1.0], of_target * (target + shift), level))
    assert plain.end == other.end == DONE and plain.unique and other.unique
    assert other.loss == pytest.approx(of_target * plain.loss, rel=1e-9)
    back = other.params / of_target * [1.0, of_column, 1.0] - [shift, 0.0, 0.0]
    assert back == pytest.approx(plain.params, rel=1e-9, abs=1e-9)
    assert other.kinks == plain.kinks and len(plain.kinks) == 3


@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_the_share_of_rows_below_is_the_level(level):
    generator = np.random.default_rng(5)
    matrix = np.column_stack([np.ones(400), generator.uniform(size=(400, 2))])
    target = matrix @ [1.0, 2.0, 3.0] + generator.gumbel(size=400)
    point = last(straight(matrix, target, level))
    residual = target - matrix @ point.params
    assert len(point.kinks) == 3 and np.abs(residual[list(point.kinks)]).max() < 1e-14
    assert (residual < -1e-12).sum() <= level * 400 <= (residual < 1e-12).sum()
    assert np.abs(point.gradient).max() < 1e-15 and point.gap < 1e-13 * point.loss


def test_rows_without_weight_do_not_count():
    generator = np.random.default_rng(2)
    matrix, target = generator.normal(size=(30, 2)), generator.normal(size=30)
    weight = np.where(np.arange(30) < 20, 1.0, 0.0)
    target[25] = 1e6
    some, few = last(straight(matrix, target, weight=weight)), last(straight(matrix[:20], target[:20]))
    assert some.params == pytest.approx(few.params, rel=1e-13) and some.loss == pytest.approx(few.loss, rel=1e-13)


def test_a_row_twice_is_a_row_of_double_weight_and_a_spread_divides():
    generator = np.random.default_rng(3)
    matrix, target = generator.normal(size=(21, 2)), generator.normal(size=21)
    spread = generator.uniform(0.5, 2, size=21)
    twice = last(straight(np.vstack([matrix, matrix]), np.tile(target, 2), spread=np.tile(spread, 2)))
    weighted = last(straight(matrix, target, weight=2 / spread))
    assert twice.end == weighted.end == DONE
    assert twice.params == pytest.approx(weighted.params, rel=1e-12)


@pytest.mark.parametrize("rows", [3, 20])
def test_data_without_noise_are_met(rows):
    generator = np.random.default_rng(rows)
    matrix = generator.normal(size=(rows, 3))
    point = last(straight(matrix, matrix @ [1.0, -2.0, 3.0], 0.3))
    assert point.end == DONE and point.unique and point.loss < 1e-14
    assert point.params == pytest.approx([1.0, -2.0, 3.0], rel=1e-12) and len(point.kinks) == rows


def test_the_start_at_the_minimum_is_the_answer():
    matrix = np.random.default_rng(0).normal(size=(5, 2))
    points = list(descend_kinks(straight(matrix, matrix @ [1.0, 2.0]), np.array([1.0, 2.0]), 10))
    assert [point.end for point in points] == [DONE] and points[0].params.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("extra", [2.0, 0.0])
def test_columns_that_cannot_be_told_apart_are_no_single_answer(extra):
    x = np.linspace(-1, 1, 25)
    target = 1 + x + np.random.default_rng(1).normal(size=25)
    plain = last(straight(np.column_stack([np.ones(25), x]), target))
    point = last(straight(np.column_stack([np.ones(25), x, extra * x]), target))
    assert plain.unique and not point.unique and point.end == DONE
    assert point.loss == pytest.approx(plain.loss, rel=1e-12)


def test_fewer_rows_than_parameters_are_no_single_answer():
    matrix = np.random.default_rng(4).normal(size=(3, 5))
    point = last(straight(matrix, [1.0, 2.0, 3.0]))
    assert point.end == DONE and point.loss < 1e-14 and not point.unique


def test_nearly_collinear_columns_keep_the_bound_honest():
    x = np.linspace(0, 1, 200)
    matrix = x[:, None] ** np.arange(9)
    target = np.sin(5 * x) + 0.1 * np.random.default_rng(0).normal(size=200)
    point = last(straight(matrix, target))
    whitened = np.linalg.qr(matrix)[0]
    best = last(straight(whitened, target)).loss
    assert point.end == DONE and abs(point.loss - best) <= point.gap + 1e-14 and point.gap < 1e-9


def test_a_bound_holds_and_says_its_force():
    x = np.arange(40.0)
    matrix, target = np.column_stack([np.ones(40), x]), 1 + 2 * x + np.random.default_rng(0).standard_t(2, size=40)
    problem = straight(matrix, target, lower=[2.7, -np.inf], upper=[5.0, 4.0])
    point = last(problem)
    slope_only = last(straight(matrix[:, 1:], target - 2.7))
    assert point.end == DONE and point.params[0] == 2.7
    assert point.params[1] == pytest.approx(slope_only.params[0], rel=1e-13)
    assert point.gradient[0] > 0.01 and abs(point.gradient[1]) < 1e-12


def test_held_parameters_stay():
    x = np.linspace(0, 3, 30)
    matrix, target = np.column_stack([np.ones(30), x]), 1 + x + np.sin(9 * x)
    both = np.array([1.5, 0.25])
    point = last(straight(matrix, target, lower=both, upper=both))
    assert point.params.tolist() == both.tolist() and point.end == DONE and point.gap < 1e-14


def test_many_rows_take_the_same_way_as_few():
    """30,000 rows go by a subsample and the rows near their kink; the proof is over all of them."""
    generator = np.random.default_rng(8)
    matrix = np.column_stack([np.ones(30_000), generator.normal(size=(30_000, 3))])
    target = matrix @ [1.0, 2.0, 3.0, 4.0] + generator.exponential(size=30_000) * (1 + np.abs(matrix[:, 1]))
    point = last(straight(matrix, target, 0.9))
    residual = target - matrix @ point.params
    assert point.end == DONE and point.unique and point.gap < 1e-13 * point.loss
    assert (residual < -1e-12).sum() <= 27_000 <= (residual < 1e-12).sum()


def test_few_of_many_rows_feel_a_parameter():
    """A random subsample misses the rows of a rare group, or sees only an outlier of it: once 70 s instead of 0.2."""
    generator = np.random.default_rng(1)
    rare = np.arange(30_000) % 2400 == 7  # 13 rows
    matrix = np.column_stack([np.ones(30_000), generator.lognormal(sigma=2, size=30_000), rare])
    target = matrix @ [1.0, 2.0, 3.0] + generator.standard_cauchy(size=30_000)
    point = last(straight(matrix, target))
    assert point.end == DONE and point.unique and point.gap < 1e-13 * point.loss
    assert point.params[2] == pytest.approx(np.median((target - matrix[:, :2] @ point.params[:2])[rare]), abs=1.0)


def test_each_point_is_lower_and_its_gap_reaches_to_the_last():
    generator = np.random.default_rng(9)
    matrix, target = generator.normal(size=(50, 3)), generator.normal(size=50)
    points = list(descend_kinks(straight(matrix, target), np.full(3, 9.0), 50))
    assert points[0].params.tolist() == [9.0] * 3 and [point.end for point in points[:-1]] == [""] * (len(points) - 1)
    assert (np.diff([point.loss for point in points]) < 0).all()
    assert points[0].gap == pytest.approx(points[0].loss - points[-1].loss, rel=1e-9)
    assert [point.params.tolist() for point in descend_kinks(straight(matrix, target), np.full(3, 9.0), 0)] == [
        [9.0] * 3
    ]


@pytest.mark.parametrize("bad", ["weights", "target", "matrix", "spread"])
def test_numbers_that_make_no_loss_are_said(bad):
    matrix, target, weight, spread = np.ones((4, 1)), np.arange(4.0), np.ones(4), 1.0
    match bad:
        case "weights":
            weight = np.zeros(4)
        case "target":
            target = np.array([0.0, np.nan, 1.0, 2.0])
        case "matrix":
            matrix = np.array([[1.0], [np.inf], [1.0], [1.0]])
        case "spread":
            spread = 0.0
    points = list(descend_kinks(straight(matrix, target, weight=weight, spread=spread), np.ones(1), 5))
    assert [point.end for point in points] == ["not finite"] and points[0].gap == np.inf


@dataclass
class Decay:
    seed: int
    level: float
    noise: float

    def problem(self):
        generator = np.random.default_rng(self.seed)
        x = np.sort(generator.uniform(0, 4, 40))
        y = 4 * np.exp(-1.2 * x) + 1 + self.noise * generator.standard_t(2, size=40)
        y[generator.choice(40, 4, replace=False)] += 20
        return exponential(x, y, self.level)


@pytest.mark.parametrize("decay", [Decay(s, level, n) for s in range(4) for level in (0.3, 0.5) for n in (0.01, 0.3)])
def test_an_exponential_with_outliers_ends_where_no_one_else_gets_lower(decay):
    problem = decay.problem()
    point = last(problem, start=[1.0, 1.0, 1.0])
    generator = np.random.default_rng(0)
    best = min(
        minimize(
            lambda params: loss_of(problem, params),
            point.params * (1 + 0.02 * generator.normal(size=3)),
            method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 3000, "maxfev": 3000},
        ).fun
        for _ in range(3)
    )
    assert point.end == DONE and point.unique and point.gap <= 1e-10 * point.loss
    assert point.loss <= best * (1 + 1e-11)


def test_a_minimum_that_is_no_corner_is_met_to_rounding():
    """One row costs a²/2 + 10, the other 10 - a: the loss is smooth around its minimum at 1, and no row is met."""
    problem = straight(np.ones((2, 1)), [-10.0, 10.0], factor=2.0)._replace(
        predict=lambda p: np.array([p[0] ** 2 / 2, p[0]]),
        jacobian=lambda p: np.array([[p[0]], [1.0]]),
        linear=False,
    )
    point = last(problem, start=[5.0])
    assert point.end == DONE and point.unique and point.kinks == ()
    assert point.params[0] == pytest.approx(1.0, abs=1e-12) and point.loss == pytest.approx(19.5 / 2, rel=1e-15)


def test_a_crease_without_a_corner_is_met():
    """The point of a circle that is farthest along a + b; two rows whose slopes cancel feel a - b."""
    problem = straight(np.ones((4, 2)), [4.0, 9.0, 50.0, -50.0], weight=[5.0, 1.0, 1.0, 1.0])._replace(
        predict=lambda p: np.array([p @ p, p[0] + p[1], p[0] - p[1], p[0] - p[1]]),
        jacobian=lambda p: np.array([2 * p, [1.0, 1.0], [1.0, -1.0], [1.0, -1.0]]),
        linear=False,
    )
    point = last(problem, start=[0.3, 1.0])
    assert point.end == DONE and point.unique and point.kinks == (0,)
    assert point.params == pytest.approx([np.sqrt(2), np.sqrt(2)], abs=1e-12)


def test_where_nothing_is_felt_it_is_not_called_done():
    """At the minimum all derivatives are zero, as they are on a plateau: found, but not vouched for."""
    x = np.array([1.0, 2.0, 3.0])
    problem = straight(np.ones((3, 1)), [-5.0, -6.0, -7.0])._replace(
        predict=lambda p: x + (p[0] - 2.0) ** 2 / 2 * x,
        jacobian=lambda p: ((p[0] - 2.0) * x)[:, None],
        linear=False,
    )
    point = last(problem, start=[5.0])
    assert point.params[0] == pytest.approx(2.0, abs=1e-6) and point.end == "no step lowers the loss"


def test_a_saddle_is_left():
    problem = straight(np.ones((5, 1)), [4.0] * 5)._replace(
        predict=lambda p: np.full(5, p[0] ** 2), jacobian=lambda p: np.full((5, 1), 2 * p[0]), linear=False
    )
    point = last(problem, start=[0.0])
    assert point.end == DONE and abs(point.params[0]) == pytest.approx(2.0, rel=1e-14)


def test_a_product_is_no_single_answer():
    x = np.linspace(1, 2, 15)
    target = 3 * x + np.random.default_rng(0).standard_t(2, size=15)
    problem = straight(np.ones((15, 2)), target)._replace(
        predict=lambda p: p[0] * p[1] * x, jacobian=lambda p: np.stack([p[1] * x, p[0] * x], axis=1), linear=False
    )
    point = last(problem, start=[1.0, 1.0])
    assert point.end == DONE and not point.unique
    assert point.loss == pytest.approx(last(straight(x[:, None], target)).loss, rel=1e-13)


def test_a_curved_model_stays_within_its_bounds():
    x = np.linspace(0, 4, 30)
    y = 4 * np.exp(-1.2 * x) + 1 + 0.05 * np.random.default_rng(0).standard_t(2, size=30)
    problem = exponential(x, y, lower=[0.0, 0.0, 0.0], upper=[3.0, 5.0, 9.0])
    point = last(problem, start=[1.0, 1.0, 1.0])
    held = exponential(x, y, lower=[3.0, -np.inf, -np.inf], upper=[3.0, np.inf, np.inf])
    assert point.end == DONE and point.params[0] == 3.0 and point.gradient[0] < 0
    assert point.loss == pytest.approx(last(held, start=[3.0, 1.0, 1.0]).loss, rel=1e-12)


def test_no_step_into_what_is_no_number():
    x = np.linspace(0.1, 4, 30)
    problem = straight(np.ones((30, 1)), np.log(2.5 + x))._replace(
        predict=lambda p: np.log(p[0] + x), jacobian=lambda p: (1 / (p[0] + x))[:, None], linear=False
    )
    point = last(problem, start=[60.0])
    assert point.end == DONE and point.params[0] == pytest.approx(2.5, rel=1e-12)


def test_a_model_whose_effect_has_faded_is_not_called_done():
    """Far out on the plateau nothing is felt; the way back is too weak to follow, and that is said."""
    x = np.linspace(0.5, 4, 20)
    problem = exponential(x, 4 * np.exp(-1.2 * x) + 1)
    point = last(problem, start=[4.0, 60.0, 1.0])
    assert point.loss < 1e-10 or point.end != DONE or not point.unique


@pytest.mark.parametrize("lower", [None, [-np.inf, 0.25]])
def test_an_even_number_of_rows_has_a_flat_minimum_however_many_they_are(lower):
    """A row on its kink has its slope on the edge of what it may have: rounding once put it beside, for many rows, and
    the proof was worth nothing."""
    generator = np.random.default_rng(1)
    matrix = np.column_stack([np.ones(40_000), generator.normal(size=40_000)])
    if lower is None:
        matrix = matrix[:, :1]
    target = generator.normal(size=40_000)
    point = last(straight(matrix, target, factor=2.0, lower=lower))
    assert (point.end, point.unique) == (DONE, False)
    assert point.gap < 1e-13
    middle = target if lower is None else target - 0.25 * matrix[:, 1]
    assert point.loss == pytest.approx(np.abs(middle - np.median(middle)).mean(), rel=1e-14)
