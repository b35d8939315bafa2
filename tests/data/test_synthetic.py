import numpy as np
import pytest

from downslope.choice import parse
from downslope.data import add_noise, draw
from downslope.errors import DataError, RequestError, UnknownName


def generator():
    return np.random.default_rng(0)


def test_the_line_of_the_lessons_to_the_bit(seeds):
    """x first, then noise, from one generator."""
    source = generator()
    x = draw("uniform(0, 1)", 100, source)
    y = add_noise(0.1 * x + 0.5, noise=0.01, generator=source)
    assert x.tolist() == seeds["line"]["example"]["x"]
    assert y.tolist() == seeds["line"]["example"]["y"]


def test_the_quadratic_of_the_lessons_to_the_bit(seeds):
    """Multiplicative draws first, then additive ones."""
    x = draw("linspace(-2, 2)", 20, generator())
    legacy = np.random.RandomState(seeds["quadratic"].get("legacy_seed", 42))
    y = add_noise(3 * x**2 + 2 * x + 1, noise=1.5, relative_noise=0.15, generator=legacy)
    assert x.tolist() == seeds["quadratic"]["x"]
    assert y.tolist() == seeds["quadratic"]["y"]


@pytest.mark.parametrize(
    "spec, low, high",
    [
        ("uniform(2, 3)", 2, 3),
        ("uniform(low=-3, high=-2)", -3, -2),
        ("linspace(5, 6)", 5, 6),
        ("integers(1, 3)", 1, 3),
        ("normal(100, 0.001)", 99, 101),
        (parse("uniform(0, 1)", what="x"), 0, 1),
    ],
)
def test_draws_are_float64_within_their_bounds(spec, low, high):
    column = draw(spec, 1000, generator())
    assert column.dtype == np.float64
    assert column.shape == (1000,)
    assert column.min() >= low
    assert column.max() <= high


def test_both_ends_of_integers_and_linspace_are_met():
    assert set(draw("integers(1, 3)", 1000, generator())) == {1.0, 2.0, 3.0}
    assert draw("linspace(5, 6)", 3, generator()).tolist() == [5.0, 5.5, 6.0]


def test_normal_has_its_mean_and_deviation():
    column = draw("normal(5, 2)", 100_000, generator())
    assert abs(column.mean() - 5) < 0.03
    assert abs(column.std() - 2) < 0.03


def test_numbers_can_be_given():
    given = np.arange(3)
    assert draw(given, 3, generator()).tolist() == [0.0, 1.0, 2.0]
    assert draw([1, 2, 3], 3, generator()).tolist() == [1.0, 2.0, 3.0]
    assert draw(7, 2, generator()).tolist() == [7.0, 7.0]
    with pytest.raises(RequestError, match="given with 3 numbers, but n is 4"):
        draw(given, 4, generator())
    with pytest.raises(DataError, match="missing"):
        draw([1.0, np.nan], 2, generator())


@pytest.mark.parametrize(
    "spec",
    [
        "uniform",
        "uniform(1)",
        "uniform(0, 1, 2)",
        "uniform(0, top=1)",
        "uniform(0, 1, high=2)",
        "uniform(2, 1)",
        "uniform(0, 'one')",
        "uniform(0, True)",
        "uniform(0, 1e999)",
        "normal(0, -1)",
        "integers(0, 1.5)",
        "integers(0, 1e300)",
        "uniform(0, 1",
    ],
)
def test_what_cannot_be_drawn_is_a_bad_request(spec):
    with pytest.raises(RequestError):
        draw(spec, 5, generator())


def test_an_unknown_distribution_names_the_near_one():
    with pytest.raises(UnknownName, match="Did you mean 'uniform'"):
        draw("unifrom(0, 1)", 5, generator())
    with pytest.raises(RequestError, match="n is 0"):
        draw("uniform(0, 1)", 0, generator())


@pytest.mark.parametrize("deviation", [-1.0, np.nan, np.inf])
def test_noise_is_no_less_than_none(deviation):
    with pytest.raises(RequestError, match="noise is"):
        add_noise(np.ones(3), noise=deviation, generator=generator())
    with pytest.raises(RequestError, match="relative_noise is"):
        add_noise(np.ones(3), relative_noise=deviation, generator=generator())


def test_relative_noise_leaves_zero_alone():
    values = np.array([0.0, 1.0])
    noisy = add_noise(values, relative_noise=0.1, generator=generator())
    assert noisy[0] == 0.0
    assert noisy[1] != 1.0
    assert values.tolist() == [0.0, 1.0]
