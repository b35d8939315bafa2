import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.model.formula import evaluate, read_formula
from downslope.probe.starts import MOST_ROWS, MOST_WAVE_ROWS, pick, propose

X = np.linspace(0.0, 12.0, 60)


def candidates(text, parameters, columns, target, count=512, seed=0, lower=-np.inf, upper=np.inf):
    far = np.ones(len(parameters))
    formula = read_formula(text) if text else None
    return propose(formula, parameters, columns, np.asarray(target), lower * far, upper * far, count, seed)


def closest(found, wanted, scale):
    """How far the closest candidate is from what is wanted, in given units, largest over the parameters."""
    return np.abs((found - np.asarray(wanted)) / np.asarray(scale)).max(axis=1).min()


def test_the_first_is_one_for_all():
    found = candidates("y = a*exp(-b*x) + c*exp(-d*x)", ["b", "d"], {"x": 1e6 * X}, X)
    assert found.shape == (512, 2)
    assert found[0].tolist() == [1.0, 1.0]


def test_the_seed_decides():
    ask = ("y = a*sin(w*x + p)", ["w", "p"], {"x": X}, np.sin(X))
    assert np.array_equal(candidates(*ask, seed=3), candidates(*ask, seed=3))
    assert not np.array_equal(candidates(*ask, seed=3)[1:], candidates(*ask, seed=4)[1:])


COVARIANT = [
    ("y = a*exp(-b*x)", {"b": (-1, 0)}),
    ("y = a*exp(-((x - m)/s)**2) + c", {"m": (1, 0), "s": (1, 0)}),
    ("y = a/(1 + exp(p - k*x))", {"p": (0, 0), "k": (-1, 0)}),
    ("y = a*sin(w*x + p)", {"w": (-1, 0), "p": (0, 0)}),
    ("y = exp(-b*x)/(c + d*x)", {"b": (-1, 0), "c": (0, -1), "d": (-1, -1)}),
    ("y = (a + b*x)/(1 + c*x + d*x**2)", {"c": (-1, 0), "d": (-2, 0)}),
    ("y = a*(x + k)**(-1/p)", {"k": (1, 0), "p": (0, 0)}),
    ("y = a + b*relu(x - k)", {"k": (1, 0)}),
    ("y = a*b**(x/c)", {"b": (0, 0), "c": (1, 0)}),
]


@pytest.mark.parametrize(("text", "powers"), COVARIANT)
@settings(max_examples=8, deadline=None)
@given(by_x=st.integers(-40, 40), by_y=st.integers(-40, 40))
def test_candidates_follow_the_units(text, powers, by_x, by_y):
    """By powers of two: those are multiplied without rounding, so that no choice between equals can turn."""
    x, y = 1.0 + X, 3.0 * np.exp(-0.3 * X) + np.sin(4 * X) + 2.0
    before = candidates(text, list(powers), {"x": x}, y, 64)
    after = candidates(text, list(powers), {"x": x * 2.0**by_x}, y * 2.0**by_y, 64)
    turn = [2.0 ** (by_x * px + by_y * py) for px, py in powers.values()]
    np.testing.assert_allclose(after[1:], before[1:] * turn, rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    lower=st.lists(st.sampled_from([-np.inf, -3.0, 0.0, 0.5, 40.0]), min_size=3, max_size=3),
    width=st.lists(st.sampled_from([0.0, 1e-3, 1.0, 50.0, np.inf]), min_size=3, max_size=3),
    formula=st.sampled_from(["y = a/(1 + exp(-k*(x - m)))**v", None]),
)
def test_candidates_lie_within_the_bounds(lower, width, formula):
    lower = np.array(lower)
    upper = np.where(np.isfinite(lower), lower, 0.0) + np.array(width)
    parsed = read_formula(formula) if formula else None
    found = propose(parsed, ["k", "m", "v"], {"x": X}, np.tanh(X - 4), lower, upper, 100, 1)
    assert np.isfinite(found).all()
    assert (found >= lower).all() and (found <= upper).all()


def test_inside_wide_bounds_candidates_do_not_pile_up_on_a_bound():
    found = candidates("y = a*exp(-b*x)", ["b"], {"x": X}, X, lower=0.0)
    assert np.mean(found == 0.0) == 0
    found = candidates("y = a*exp(-b*x)", ["b"], {"x": X}, X, lower=5.0, upper=6.0)
    assert np.unique(found).size > 400


def test_a_location_lies_in_the_data():
    years = np.arange(1990.0, 2021.0)
    found = candidates("y = L/(1 + exp(-k*(t - m)))", ["k", "m"], {"t": years}, np.tanh(years - 2004))
    assert np.mean((found[:, 1] >= 1990) & (found[:, 1] <= 2020)) > 0.6
    assert closest(found, [0.4, 2004.0], [0.2, 2.0]) < 1


def test_an_offset_inside_exp_is_found_where_its_argument_vanishes():
    """p - k*t with t in years: p is several hundred, though its unit is that of a pure number."""
    years = np.arange(1990.0, 2021.0)
    found = candidates("y = L/(1 + exp(p - k*t))", ["p", "k"], {"t": years}, np.tanh(years - 2004))
    middle = found[:, 0] / found[:, 1]
    assert np.mean((middle >= 1990) & (middle <= 2020)) > 0.5


def test_a_number_with_a_hidden_unit_is_seen_through():
    kelvin = np.linspace(280.0, 360.0, 40)
    for constant, energy in [("8.314", 5e4), ("8.617e-5", 0.5), ("1.380649e-23", 7e-20)]:
        found = candidates(f"k = a*exp(-E/({constant}*T))", ["E"], {"T": kelvin}, kelvin)
        assert closest(found, [energy], [energy]) < 0.05


def test_a_narrow_peak_is_noticed():
    x = np.linspace(0.0, 1000.0, 1000)
    y = np.exp(-(((x - 612.0) / 2.0) ** 2)) + 0.001 * x
    found = candidates("y = a*exp(-((x - m)/s)**2) + b*x", ["m", "s"], {"x": x}, y)
    assert np.mean(np.abs(found[:, 0] - 612.0) < 4.0) > 0.15


@pytest.mark.parametrize("even", [True, False])
def test_frequencies_come_from_the_spectrum(even):
    generator = np.random.default_rng(1)
    t = np.linspace(0.0, 1.0, 800) if even else np.sort(generator.random(800))
    y = (
        np.sin(2 * np.pi * 213.4 * t)
        + 0.5 * np.sin(2 * np.pi * 71.2 * t)
        + 0.3 * generator.standard_normal(800)
        + 9 * t
    )
    found = candidates("y = a*sin(2*pi*f*t) + b*sin(2*pi*g*t) + c*t", ["f", "g"], {"t": t}, y, 256)
    assert closest(found, [213.4, 71.2], 0.5) < 1
    periods = candidates("y = a*sin(2*pi*t/p)", ["p"], {"t": t}, y, 256)
    assert np.mean(np.abs(1 / periods - 213.4) < 0.5) > 0.1


def test_a_denominator_does_not_vanish_in_the_data():
    found = candidates("y = a*x/(k + x)", ["k"], {"x": X[1:]}, X[1:])
    assert np.mean((-found > X[1]) & (-found < X[-1])) < 0.25


def test_many_decades_of_a_column_are_covered():
    dose = np.geomspace(1e-9, 1e-3, 30)
    found = candidates("y = a*x/(k + x)", ["k"], {"x": dose}, dose)
    for wanted in (1e-8, 1e-6, 1e-4):
        assert closest(found, [wanted], [wanted]) < 0.3


def test_without_a_formula_the_columns_give_sizes_and_places():
    x = np.linspace(2000e-9, 2030e-9, 50)
    found = candidates(None, ["m", "s"], {"x": x}, np.exp(-(((x - 2012e-9) / 3e-9) ** 2)), 4096)
    assert closest(found, [2012e-9, 3e-9], [3e-9, 2e-9]) < 1


@pytest.mark.parametrize("formula", ["y = a*exp(-b*x) + sin(w*x + p)/(k + x)", None])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros(5), X[:5]),
        (np.full(5, 3.0), X[:5]),
        (X[:5], np.zeros(5)),
        (np.ones(1), np.ones(1)),
        (1e-200 * X, X),
        (1e200 * X, 1e300 * X),
    ],
)
def test_odd_data_give_numbers(formula, x, y):
    found = candidates(formula, ["b", "w", "p", "k"], {"x": x}, y, 64)
    assert found.shape == (64, 4)
    assert np.isfinite(found).all()


def test_only_the_parameters_asked_for_are_given():
    """The others are linear, fixed or tied: their values are not known here."""
    found = candidates("y = a*exp(-b*(x - m))", ["m"], {"x": X, "fixed b": np.ones(1)}, X)
    assert found.shape == (512, 1)
    assert candidates("y = a*x", [], {"x": X}, X, 5).shape == (5, 0)


def test_columns_with_odd_names():
    found = candidates('y = a*exp(-b*col("decay time"))', ["b"], {"decay time": 1e6 * X}, X)
    assert 1e-8 < np.median(np.abs(found)) < 1e-5


def test_many_rows_are_sampled():
    x = np.linspace(0.0, 1e-3, 50 * MOST_ROWS)
    found = candidates("y = a*exp(-b*x)", ["b"], {"x": x}, np.exp(-3e3 * x))
    assert closest(found, [3e3], [3e3]) < 0.05


def test_a_fast_wave_is_found_in_many_rows():
    t = np.linspace(0.0, 1.0, 3 * MOST_WAVE_ROWS)
    found = candidates("y = a*sin(w*t + p)", ["w", "p"], {"t": t}, np.sin(2e4 * t))
    assert closest(found[:, :1], [2e4], [2.0]) < 1


def test_pick_takes_the_lowest_losses_and_no_others():
    losses = np.array([3.0, np.nan, 1.0, np.inf, 2.0])
    assert pick(np.zeros((5, 2)), losses, 2).tolist() == [2, 4]
    assert pick(np.zeros((5, 2)), losses, 9).tolist() == [2, 4, 0]
    assert pick(np.zeros((2, 2)), np.full(2, np.nan), 2).size == 0


def test_the_best_candidate_of_a_sum_of_exponentials_is_close():
    """With the linear parameters solved for, a few hundred candidates leave little of the variance."""
    y = 5 * np.exp(-2.0 * X) + 3 * np.exp(-0.2 * X)
    decay = read_formula("y = exp(-b*x)").right
    losses = []
    for rates in candidates("y = a*exp(-b*x) + c*exp(-d*x)", ["b", "d"], {"x": X}, y):
        matrix = np.column_stack([evaluate(decay, {"b": rate, "x": X}) for rate in rates])
        matrix = matrix / np.abs(matrix).max(axis=0)
        losses.append(np.sum((y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]) ** 2))
    assert min(losses) < 5e-3 * np.sum((y - y.mean()) ** 2)
